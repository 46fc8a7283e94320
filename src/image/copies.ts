/** Copies for golden examples: the picture without loss or metadata, and its pixels read back as they are. */
import { explainDecodeError } from "./decode-error.js";
import { decoder, toRgb } from "./library.js";

/** A PNG of the oriented picture in sRGB, no side longer than `maxSide`, with nothing but pixels in it. Throws the fault `image-unreadable`. */
export async function losslessCopy(bytes: Uint8Array, maxSide: number): Promise<Uint8Array> {
  try {
    return await decoder(bytes)
      .resize(maxSide, maxSide, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .png()
      .toBuffer();
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

/** The RGB bytes [height, width, 3] of a picture at its own size. Throws the fault `image-unreadable`. */
export async function decodePixels(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await toRgb(decoder(bytes)).toBuffer();
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}
