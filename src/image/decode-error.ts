/** The decoder's complaints in plain words. */
import { describeError, Fault, formatCount } from "../core/index.js";
import { foreignFormat, sniffFormat } from "./formats.js";
import { recognizeImpostor } from "./impostors.js";

/** Why a file could not be decoded: what the audit counts by. */
export type UnreadableKind = "empty" | "not-image" | "unsupported" | "truncated" | "corrupt" | "too-large";

interface Complaint {
  readonly kind: UnreadableKind;
  readonly says: RegExp;
  readonly text: string;
}

const truncated = "the file ends early: it is cut off";

/** libvips' messages → ours; the first that matches wins. */
const complaints: readonly Complaint[] = [
  { kind: "empty", says: /is empty/i, text: "the file is empty" },
  {
    kind: "truncated",
    says: /premature end|unexpected end|end of file|outside of file|not enough data|truncat|bad seek|read error on scanline/i,
    text: truncated,
  },
  {
    kind: "too-large",
    says: /pixel limit|dimension|too (large|big)|exceeds|memory allocation/i,
    text: "the picture is too large to decode",
  },
  { kind: "not-image", says: /unsupported image format/i, text: "the content is no image format that can be read" },
];

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

/** Turns whatever the decoder threw into an `UnreadableImage`. */
export function explainDecodeError(error: unknown, bytes: Uint8Array): UnreadableImage {
  if (error instanceof UnreadableImage) return error;
  const format = sniffFormat(bytes);
  const foreign = format && foreignFormat(format);
  if (foreign) return unsupportedFormat(foreign, error);
  const message = describeError(error);
  const known = complaints.find((complaint) => complaint.says.test(message));
  // A file that begins like an image and still is none to the decoder has lost the rest of its header.
  if (known?.kind === "not-image" && format) return new UnreadableImage("truncated", truncated, { cause: error });
  const impostor = known?.kind === "not-image" ? recognizeImpostor(bytes) : null;
  if (impostor) return new UnreadableImage("not-image", impostor.text, { remedy: impostor.remedy, cause: error });
  if (known) return new UnreadableImage(known.kind, known.text, { cause: error });
  return new UnreadableImage("corrupt", `the decoder gives up (${firstSentence(message)})`, { cause: error });
}

export function tooLarge(width: number, height: number, limit: number): UnreadableImage {
  return new UnreadableImage("too-large", `${formatCount(width)} × ${formatCount(height)} pixels`, {
    expected: `at most ${formatCount(limit)} pixels`,
    remedy: "scale it down; a classifier sees a few hundred pixels a side",
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

function firstSentence(message: string): string {
  return message.replace(/^Input buffer has corrupt header: /, "").slice(0, 120);
}
