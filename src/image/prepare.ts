/** From an encoded picture to the network's pixels: the one preprocessing function of training, predict, the service and verify. */
import type { Sharp } from "sharp";
import { Fault } from "../core/index.js";
import { explainDecodeError } from "./decode-error.js";
import { type DecodeLimits, decoder, toRgb } from "./library.js";
import type { View, ViewMode } from "./view.js";

/** Padding of a letterbox: the middle gray, which most networks' normalization maps near zero. */
const paddingGray = "#7f7f7f";

const resizers: Readonly<Record<ViewMode, (image: Sharp, view: View) => Sharp>> = {
  squash: (image, { size, kernel }) => image.resize(size, size, { fit: "fill", kernel }),
  letterbox: (image, { size, kernel }) => image.resize(size, size, { fit: "contain", kernel, background: paddingGray }),
  crop: (image, { size, kernel, cropFraction = 1 }) => {
    const side = Math.max(size, Math.round(size / cropFraction));
    const offset = Math.floor((side - size) / 2);
    return image
      .resize(side, side, { fit: "cover", position: "centre", kernel })
      .extract({ left: offset, top: offset, width: size, height: size });
  },
};

/**
 * Decodes, orients, resizes and crops to [size, size, 3] bytes of sRGB; transparency is laid on white.
 * Throws the fault `image-unreadable`.
 */
export async function prepare(source: Uint8Array, view: View, limits: DecodeLimits = {}): Promise<Uint8Array> {
  checkView(view);
  try {
    const pixels = await toRgb(resizers[view.mode](decoder(source, limits), view)).toBuffer();
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  } catch (error) {
    throw explainDecodeError(error, source);
  }
}

function checkView({ size, cropFraction = 1 }: View): void {
  if (!Number.isInteger(size) || size < 1 || !(cropFraction > 0 && cropFraction <= 1))
    throw new Fault("internal", {
      what: "a view that cannot be",
      expected: "a whole size and a crop fraction in (0, 1]",
      got: `${size} and ${cropFraction}`,
    });
}
