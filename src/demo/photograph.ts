/** From a planned picture to the bytes of its file. */
import { random } from "../core/index.js";
import { encodeRaster, type EncodeOptions, type Raster, renderSvg } from "../image/index.js";
import type { PictureFault, PlannedPicture } from "./plan.js";
import { arrangeScene, expose, paintBackdrop } from "./scene/index.js";

/** How the file of a faulty picture differs from any other. */
const encodings: Readonly<Record<PictureFault, Partial<EncodeOptions>>> = {
  mislabeled: {},
  truncated: {},
  rotated: { orientation: 6 },
  cmyk: { cmyk: true },
};

/** Draws, exposes and encodes one picture; its stream of random numbers is its own. */
export async function photograph(seed: number, picture: PlannedPicture): Promise<Uint8Array> {
  const scene = arrangeScene(random(seed, "demo", "picture", picture.index), picture.product);
  const drawing = await renderSvg(scene.svg, { blurSigma: scene.blurSigma });
  const { width, height } = drawing;
  const data = paintBackdrop(scene.backdrop, width, height);
  expose(drawing.data, data, width, height, scene.exposure);
  const photo: Raster = { data, width, height, channels: 3 };
  const file = await encodeRaster(photo, {
    format: "jpeg",
    quality: scene.quality,
    ...(picture.fault ? encodings[picture.fault] : {}),
  });
  return picture.fault === "truncated" ? file.subarray(0, Math.floor(file.length * 0.4)) : file;
}
