/** A picture's own pixels, to draw on. */
import { explainDecodeError } from "./decode-error.js";
import { type DecodeLimits, decoder, toRgb } from "./library.js";
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
