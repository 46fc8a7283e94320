/** sharp, set up once: no cache of operations, one thread a picture (several pictures are in flight instead), hostile files refused. */
import { availableParallelism } from "node:os";
import sharp, { type Sharp, type SharpOptions } from "sharp";

/** Pictures of more pixels than this are refused, not decoded: at 3 bytes a pixel one of them would take 300 MB. */
export const defaultPixelLimit = 100_000_000;

sharp.cache(false);
sharp.concurrency(1);

/** libuv runs at most this many decodes side by side. */
const poolThreads = Math.max(1, Number(process.env.UV_THREADPOOL_SIZE ?? 4) || 4);

/**
 * Shares `threads` cores between the pictures in flight: one each while libuv has as many threads, more where it has fewer.
 * Where pictures are decoded side by side, one thread a picture is the fastest division.
 */
export function setImageThreads(threads = availableParallelism()): void {
  sharp.concurrency(Math.max(1, Math.ceil(threads / poolThreads)));
}

export interface DecodeLimits {
  /** Refuse pictures with more pixels; `defaultPixelLimit` where unsaid. */
  readonly pixelLimit?: number;
}

const decodeOptions = { failOn: "error", autoOrient: true, pages: 1, unlimited: false } satisfies SharpOptions;

/** A pipeline that begins with the oriented first frame of an encoded picture. Truncated or corrupt data is an error, a mere warning of the decoder is not. */
export function decoder(bytes: Uint8Array, limits: DecodeLimits = {}, failOn: SharpOptions["failOn"] = "error"): Sharp {
  return sharp(bytes, { ...decodeOptions, failOn, limitInputPixels: limits.pixelLimit ?? defaultPixelLimit });
}

/** A pipeline that reads the header only. */
export function headerReader(bytes: Uint8Array): Sharp {
  return sharp(bytes, { ...decodeOptions, limitInputPixels: false });
}

/** A pipeline over bare pixels. */
export function pixelReader(pixels: Uint8Array, width: number, height: number, channels: 1 | 3 | 4): Sharp {
  return sharp(pixels, { raw: { width, height, channels } });
}

/** Flattens onto white and converts to 8-bit sRGB, three channels. */
export function toRgb(image: Sharp): Sharp {
  return image.flatten({ background: "#ffffff" }).toColourspace("srgb").raw();
}

/** Versions of sharp and of libvips, on which decoded pixels depend. */
export function imageLibraryVersions(): { sharp: string; libvips: string } {
  return { sharp: sharp.versions.sharp ?? "unknown", libvips: sharp.versions.vips };
}
