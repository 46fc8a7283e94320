/** One full decode of a picture: what it is, and the hash of its pixels. */
import type { Metadata, Sharp } from "sharp";
import { explainDecodeError, tooLarge, UnreadableImage } from "./decode-error.js";
import { fingerprint } from "./fingerprint.js";
import { type DecodeLimits, decoder, defaultPixelLimit, headerReader, toRgb } from "./library.js";
import { type PlainJpeg, readPlainJpeg } from "./plain-jpeg.js";
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
  /** The fingerprint of width, height and the oriented 8-bit sRGB pixels. */
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

/** A picture whose header was read and whose pixels were not yet. */
export interface OpenedPicture {
  readonly facts: ImageFacts;
  /** Decodes the first frame in full and hashes its pixels. Throws the fault `image-unreadable`. */
  inspect(): Promise<Inspection>;
}

/** Reads the header. Throws the fault `image-unreadable` (an `UnreadableImage`), also for pictures beyond the pixel limit. */
export async function openPicture(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<OpenedPicture> {
  try {
    const strict = decoder(bytes, limits, "warning");
    const facts = await readFacts(bytes, strict);
    const limit = limits.pixelLimit ?? defaultPixelLimit;
    if (facts.width * facts.height > limit) throw tooLarge(facts.width, facts.height, limit);
    return { facts, inspect: () => decodeOpened(strict, bytes, facts, limits) };
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

/** A header that the strict reader refuses, or that is beyond the limit, gets a second, lenient look. */
async function readFacts(bytes: Uint8Array, strict: Sharp): Promise<ImageFacts> {
  const plain = readPlainJpeg(bytes);
  if (plain) return plainFacts(plain);
  return toFacts(await strict.metadata().catch(() => headerReader(bytes).metadata()));
}

/** Header, full decode and hash in one. Throws the fault `image-unreadable` (an `UnreadableImage`). */
export async function inspect(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<Inspection> {
  return await (await openPicture(bytes, limits)).inspect();
}

/** What a strict decode refuses and a lenient one accepts is damaged a little: it is used, and says so. */
async function decodeOpened(
  strict: Sharp,
  bytes: Uint8Array,
  facts: ImageFacts,
  limits: DecodeLimits,
): Promise<Inspection> {
  const pixelHash = await hashPixels(strict).catch(() => null);
  if (pixelHash !== null) return { facts, pixelHash };
  try {
    const warning = "damaged in a place that could be skipped";
    return { facts: { ...facts, warning }, pixelHash: await hashPixels(decoder(bytes, limits)) };
  } catch (error) {
    throw explainDecodeError(error, bytes);
  }
}

async function hashPixels(image: Sharp): Promise<string> {
  const { data, info } = await toRgb(image).toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new UnreadableImage("corrupt", `${info.channels} channels where three were expected`);
  return await fingerprint(data, info.width, info.height);
}

function plainFacts({ width, height, components }: PlainJpeg): ImageFacts {
  return {
    format: "jpeg",
    width,
    height,
    orientation: 1,
    space: components === 1 ? "b-w" : "srgb",
    channels: components,
    bitDepth: 8,
    hasAlpha: false,
    pages: 1,
    hasProfile: false,
    profile: null,
    warning: null,
  };
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
