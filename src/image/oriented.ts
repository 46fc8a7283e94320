/** A picture's own pixels, to draw on, and pixels blurred. */
import { explainDecodeError } from "./decode-error.js";
import { type DecodeLimits, decoder, pixelReader, toRgb } from "./library.js";
import type { Raster } from "./render.js";

/** RGB of the oriented picture in sRGB, no side longer than `maxSide`; transparency is laid on white. Throws the fault `image-unreadable`. */
export async function orientedPixels(bytes: Uint8Array, maxSide: number, limits: DecodeLimits = {}): Promise<Raster> {
  try {
    const resized = decoder(bytes, limits).resize(maxSide, maxSide, { fit: "inside", withoutEnlargement: true });
    const { data, info } = await toRgb(resized).toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: 3 };
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

/** RGB bytes [height, width, 3] under a Gaussian blur of this standard deviation in pixels. */
export async function blurPixels(
  pixels: Uint8Array,
  width: number,
  height: number,
  sigma: number,
): Promise<Uint8Array> {
  return toRgb(pixelReader(pixels, width, height, 3).blur(sigma)).toBuffer();
}
