/** From an encoded picture to the network's pixels: the one preprocessing function of training, predict, the service and verify. */
import type { Sharp } from "sharp";
import { Fault } from "../core/index.js";
import { applyDrawn, drawView } from "./augment.js";
import { explainDecodeError } from "./decode-error.js";
import { type DecodeLimits, decoder, defaultPixelLimit, pixelReader, toRgb } from "./library.js";
import { readPlainJpeg } from "./plain-jpeg.js";
import type { RandomView, View, ViewMode } from "./view.js";

/** Padding of a letterbox: the middle gray, which most networks' normalization maps near zero. */
const paddingGray = "#7f7f7f";

const resizers: Readonly<Record<ViewMode, (image: Sharp, side: number, view: View) => Sharp>> = {
  squash: (image, side, { kernel }) => image.resize(side, side, { fit: "fill", kernel }),
  letterbox: (image, side, { kernel }) => image.resize(side, side, { fit: "contain", kernel, background: paddingGray }),
  crop: (image, side, { kernel }) => image.resize(side, side, { fit: "cover", position: "centre", kernel }),
};

/**
 * Decodes, orients, resizes and crops to [size, size, 3] bytes of sRGB, in memory of its own or in that of `into`; transparency is
 * laid on white. Throws the fault `image-unreadable`.
 */
export async function prepare(
  source: Uint8Array,
  view: View,
  limits: DecodeLimits = {},
  into?: Uint8Array,
): Promise<Uint8Array> {
  checkView(view);
  try {
    return await resizeTo(decoder(source, limits), view, into);
  } catch (error) {
    throw explainDecodeError(error, source, limits.pixelLimit ?? defaultPixelLimit);
  }
}

/**
 * Several views of one picture, those that are no random ones byte for byte as `prepare` makes them, from a single decode where
 * that is possible; in memory of their own or in that of `into`, by view. `name` is the picture's in the draws of random views.
 * Throws the fault `image-unreadable`.
 */
export async function prepareAll(
  source: Uint8Array,
  views: readonly (View | RandomView)[],
  name: string,
  limits: DecodeLimits = {},
  into: readonly Uint8Array[] = [],
): Promise<Uint8Array[]> {
  for (const view of views) checkView(view);
  try {
    const opened = await openPixels(source, views, limits);
    return await Promise.all(
      views.map((view, i) =>
        view.mode === "random"
          ? cropRandomly(opened.raster!, view, name, into[i])
          : resizeTo(opened.start(), view, into[i]),
      ),
    );
  } catch (error) {
    throw explainDecodeError(error, source, limits.pixelLimit ?? defaultPixelLimit);
  }
}

interface DecodedRaster {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

interface Opened {
  /** A pipeline over the whole picture. */
  readonly start: () => Sharp;
  /** What random views are cut from; only where there are any. */
  readonly raster: DecodedRaster | null;
}

/**
 * A picture is decoded once for all views where that changes no byte of theirs: plain JPEGs that no view would let the decoder
 * shrink while reading. Others are decoded for each view, and random views are cut from a copy with twice the pixels they need.
 */
async function openPixels(
  source: Uint8Array,
  views: readonly (View | RandomView)[],
  limits: DecodeLimits,
): Promise<Opened> {
  const largest = Math.max(...views.map(({ size }) => size));
  const hasRandom = views.some(({ mode }) => mode === "random");
  if (views.length > 1 && sharesDecode(source, views)) {
    const raster = await decodeRaster(decoder(source, limits));
    return { start: () => pixelReader(raster.pixels, raster.width, raster.height, 3), raster };
  }
  const side = largest * 2;
  const shrunk = (): Sharp => decoder(source, limits).resize(side, side, { fit: "outside", withoutEnlargement: true });
  return { start: () => decoder(source, limits), raster: hasRandom ? await decodeRaster(shrunk()) : null };
}

/** libjpeg halves a picture while decoding where that leaves at least the wanted size: of a letterbox the longer side's. */
function sharesDecode(source: Uint8Array, views: readonly (View | RandomView)[]): boolean {
  const plain = readPlainJpeg(source);
  if (plain?.components !== 3) return false;
  const [shorter, longer] = [Math.min(plain.width, plain.height), Math.max(plain.width, plain.height)];
  return views.every((view) => (view.mode === "letterbox" ? longer : shorter) < 2 * resizeSide(view));
}

async function decodeRaster(image: Sharp): Promise<DecodedRaster> {
  const { data, info } = await toRgb(image).toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height };
}

async function resizeTo(image: Sharp, view: View, into?: Uint8Array): Promise<Uint8Array> {
  const side = resizeSide(view);
  return cropCenter(await toRgb(resizers[view.mode](image, side, view)).toBuffer(), side, view.size, into);
}

async function cropRandomly(
  { pixels, width, height }: DecodedRaster,
  view: RandomView,
  name: string,
  into?: Uint8Array,
) {
  const drawn = drawView(view, name, width, height);
  const cropped = pixelReader(pixels, width, height, 3)
    .extract(drawn.region)
    .resize(view.size, view.size, { fit: "fill", kernel: view.kernel });
  const out = cropCenter(await toRgb(cropped).toBuffer(), view.size, view.size, into);
  applyDrawn(out, view.size, drawn);
  return out;
}

/** The side that the picture is resized to before the middle is cut out. */
function resizeSide(view: View | RandomView): number {
  return view.mode === "crop" ? Math.max(view.size, Math.round(view.size / (view.cropFraction ?? 1))) : view.size;
}

/**
 * The middle [size, size, 3] of [side, side, 3]. sharp's own `extract` would turn a picture with an EXIF orientation before it
 * resizes, at full size: four times as slow for a photograph from a phone.
 */
function cropCenter(pixels: Uint8Array, side: number, size: number, into?: Uint8Array): Uint8Array {
  if (side === size && !into) return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const offset = Math.floor((side - size) / 2);
  const cropped = into ?? new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    const start = ((row + offset) * side + offset) * 3;
    cropped.set(pixels.subarray(start, start + size * 3), row * size * 3);
  }
  return cropped;
}

function checkView(view: View | RandomView): void {
  const share = view.mode === "random" ? view.area[0] : (view.cropFraction ?? 1);
  if (!Number.isInteger(view.size) || view.size < 1 || !(share > 0 && share <= 1))
    throw new Fault("internal", {
      what: "a view that cannot be",
      expected: "a whole size and a share of the picture in (0, 1]",
      got: `${view.size} and ${share}`,
    });
}
