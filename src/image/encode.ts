/** Pixels and pictures → files for bundles and reports, without any metadata of the original. */
import { explainDecodeError } from "./decode-error.js";
import { type DecodeLimits, decoder, pixelReader } from "./library.js";

/** Encodes RGB bytes [height, width, 3] as a PNG, without loss. */
export async function encodePng(pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return await pixelReader(pixels, width, height, 3).png({ compressionLevel: 9 }).toBuffer();
}

/** Encodes RGB bytes [height, width, 3] as a JPEG. */
export async function encodeJpeg(pixels: Uint8Array, width: number, height: number, quality = 85): Promise<Uint8Array> {
  return await pixelReader(pixels, width, height, 3).jpeg({ quality }).toBuffer();
}

/** A small JPEG of a picture, oriented, in sRGB, no side longer than `maxSide`, no metadata. Throws the fault `image-unreadable`. */
export async function thumbnail(bytes: Uint8Array, maxSide: number, limits: DecodeLimits = {}): Promise<Uint8Array> {
  try {
    return await decoder(bytes, limits)
      .resize(maxSide, maxSide, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .jpeg({ quality: 80 })
      .toBuffer();
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}
