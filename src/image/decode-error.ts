/** Why a file does not decode, in plain words. */
import { Fault, formatCount } from "../core/index.js";
import { foreignFormat, sniffFormat } from "./formats.js";
import { recognizeImpostor } from "./impostors.js";
import { isTruncated } from "./truncation.js";

/** Why a file could not be decoded: what the audit counts by. */
export type UnreadableKind = "empty" | "not-image" | "unsupported" | "truncated" | "corrupt" | "too-large";

/** An `image-unreadable` fault that says of what kind it is, so that the scan can count it. */
export class UnreadableImage extends Fault {
  readonly kind: UnreadableKind;

  constructor(
    kind: UnreadableKind,
    got: string,
    details: { expected?: string; remedy?: string; cause?: unknown } = {},
  ) {
    super("image-unreadable", { what: "the image cannot be decoded", got, ...details });
    this.kind = kind;
  }
}

/** Turns whatever the decoder threw into an `UnreadableImage`, going by the bytes, and by the decoder's word on the pixel limit. */
export function explainDecodeError(error: unknown, bytes: Uint8Array, pixelLimit?: number): UnreadableImage {
  if (error instanceof UnreadableImage) return error;
  if (pixelLimit !== undefined && error instanceof Error && error.message.includes("exceeds pixel limit"))
    return new UnreadableImage("too-large", "more", {
      expected: `at most ${formatCount(pixelLimit)} pixels`,
      remedy: scaleDown,
      cause: error,
    });
  if (bytes.length === 0) return new UnreadableImage("empty", "the file is empty", { cause: error });
  const format = sniffFormat(bytes);
  if (format === null) return explainStranger(error, bytes);
  const foreign = foreignFormat(format);
  if (foreign) return unsupportedFormat(foreign, error);
  if (isTruncated(format, bytes))
    return new UnreadableImage("truncated", "the file ends early: it is cut off", { remedy: copyAgain, cause: error });
  const got = `the ${format.toUpperCase()} data is damaged, or of a variant that the decoder does not know`;
  return new UnreadableImage("corrupt", got, { cause: error });
}

const scaleDown = "scale it down; a classifier sees a few hundred pixels a side";
const copyAgain = "copy it again from where it came from";

function explainStranger(cause: unknown, bytes: Uint8Array): UnreadableImage {
  const { text, remedy } = recognizeImpostor(bytes) ?? { text: "no image format that is known", remedy: copyAgain };
  return new UnreadableImage("not-image", text, { remedy, cause });
}

export function tooLarge(width: number, height: number, limit: number): UnreadableImage {
  return new UnreadableImage("too-large", `${formatCount(width)} × ${formatCount(height)} pixels`, {
    expected: `at most ${formatCount(limit)} pixels`,
    remedy: scaleDown,
  });
}

/** A picture in a format that is known and not decoded. */
export function unsupportedFormat(
  format: { readonly title: string; readonly advice: string },
  cause?: unknown,
): UnreadableImage {
  return new UnreadableImage("unsupported", `${format.title}, which the image library cannot decode`, {
    remedy: format.advice,
    cause,
  });
}
