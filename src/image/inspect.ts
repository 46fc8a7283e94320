/** One full decode of a picture: what it is, and the hash of its pixels. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Metadata } from "sharp";
import { explainDecodeError, tooLarge, UnreadableImage } from "./decode-error.js";
import { type DecodeLimits, decoder, defaultPixelLimit, headerReader, toRgb } from "./library.js";
import { describeProfile } from "./profile.js";

/** What a file's header says of the picture in it. */
export interface ImageFacts {
  /** The content's format, such as "jpeg" or "avif", whatever the file's name says. */
  readonly format: string;
  /** After EXIF orientation. */
  readonly width: number;
  /** After EXIF orientation. */
  readonly height: number;
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number;
  /** Color space as stored, such as "srgb", "b-w", "cmyk", "rgb16". */
  readonly space: string;
  readonly channels: number;
  readonly bitDepth: number;
  readonly hasAlpha: boolean;
  /** Frames or pages; the first is taken. */
  readonly pages: number;
  readonly hasProfile: boolean;
  /** The embedded color profile's own name, or null. */
  readonly profile: string | null;
  /** The decoder's warning where the file was read in spite of one, else null. */
  readonly warning: string | null;
}

export interface Inspection {
  readonly facts: ImageFacts;
  /** SHA-256 of "width×height" and the oriented 8-bit sRGB pixels. */
  readonly pixelHash: string;
}

const bitDepths: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
  double: 64,
};

/** Reads the header only. Throws the fault `image-unreadable` where it is none, or the picture is beyond the pixel limit. */
export async function readFacts(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<ImageFacts> {
  try {
    const facts = toFacts(await headerReader(bytes).metadata());
    const limit = limits.pixelLimit ?? defaultPixelLimit;
    if (facts.width * facts.height > limit) throw tooLarge(facts.width, facts.height, limit);
    return facts;
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

/** Decodes the first frame in full and hashes its pixels. Throws the fault `image-unreadable` (an `UnreadableImage`). */
export async function inspect(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<Inspection> {
  return await inspectPixels(bytes, await readFacts(bytes, limits), limits);
}

/** The second half of `inspect`, for callers that looked at the size first. */
export async function inspectPixels(bytes: Uint8Array, facts: ImageFacts, limits: DecodeLimits = {}): Promise<Inspection> {
  const strict = await decodeRgb(bytes, limits, "warning").catch(() => null);
  if (strict) return { facts, pixelHash: await hashPixels(strict) };
  const lenient = await decodeRgb(bytes, limits, "error");
  return { facts: { ...facts, warning: "damaged in a place that could be skipped" }, pixelHash: await hashPixels(lenient) };
}

interface Decoded {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

async function decodeRgb(bytes: Uint8Array, limits: DecodeLimits, failOn: "warning" | "error"): Promise<Decoded> {
  try {
    const { data, info } = await toRgb(decoder(bytes, limits, failOn)).toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new UnreadableImage("corrupt", `${info.channels} channels where three were expected`);
    return { data, width: info.width, height: info.height };
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

const sliceBytes = 4 << 20;

/** Large pictures are hashed in slices, so that the main loop never stands still. */
async function hashPixels({ data, width, height }: Decoded): Promise<string> {
  const hash = createHash("sha256").update(`${width}x${height}\n`);
  for (let start = 0; start < data.length; start += sliceBytes) {
    if (start > 0) await setImmediate();
    hash.update(data.subarray(start, start + sliceBytes));
  }
  return hash.digest("hex");
}

function toFacts(header: Metadata): ImageFacts {
  return {
    format: header.compression === "av1" ? "avif" : header.format,
    width: header.autoOrient.width,
    height: header.autoOrient.height,
    orientation: header.orientation ?? 1,
    space: header.space,
    channels: header.channels,
    bitDepth: header.bitsPerSample ?? bitDepths[header.depth] ?? 8,
    hasAlpha: header.hasAlpha,
    pages: header.pages ?? 1,
    hasProfile: header.hasProfile,
    profile: header.icc ? describeProfile(header.icc) : null,
    warning: null,
  };
}
