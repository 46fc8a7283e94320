/** Reads one file of the user's folder: a picture with its hashes, a broken file with the reason, or no image at all. */
import { closeSync, fstatSync, open, read } from "node:fs";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { describeError, formatBytes, sha256 } from "../core/index.js";
import {
  claimedFormat,
  foreignByName,
  type ImageFacts,
  openPicture,
  sniffBytes,
  sniffFormat,
  UnreadableImage,
  unsupportedFormat,
} from "../image/index.js";
import { errorCode } from "../store/index.js";
import type { Allowance } from "./allowance.js";
import type { BrokenKind } from "./picture.js";

// Opening and reading wait for the disk and go to a thread; asking an open file for its size or closing it does not wait,
// and a thread for it would cost more than the work.
const openFile = promisify(open);
const readFile = promisify(read);

/** What tells whether a file is still the one that was read. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Nanoseconds, as text. */
  readonly modified: string;
  /** Nanoseconds, as text; also moves when content is replaced and the time of modification set back. */
  readonly changed: string;
  readonly inode: string;
}

/** What reading a file gave. */
export type Reading =
  | {
      readonly kind: "picture";
      readonly sizeBytes: number;
      readonly fileHash: string;
      readonly pixelHash: string;
      readonly facts: ImageFacts;
    }
  | { readonly kind: "broken"; readonly why: BrokenKind; readonly reason: string; readonly remedy: string }
  | { readonly kind: "not-image" };

/** Larger files are not read: no photograph within the pixel limit needs as much. */
export const fileLimitBytes = 500_000_000;

/** What may be held in memory at once: files as they are, and their pixels. */
export interface ReadingMemory {
  readonly files: Allowance;
  readonly pixels: Allowance;
}

/** A reading with the stamp of the very file that was read; null where it could not be opened. */
export interface StampedReading {
  readonly reading: Reading;
  readonly stamp: FileStamp | null;
}

/** The file's size, times and inode. Throws the file system's error. */
export async function stampFile(path: string): Promise<FileStamp> {
  return toStamp(await stat(path, { bigint: true }));
}

/** Reads, hashes and decodes a file. Never throws for what the file system or the file holds. */
export async function readPicture(path: string, memory: ReadingMemory): Promise<StampedReading> {
  let stamp: FileStamp | null = null;
  try {
    const file = await openFile(path, "r");
    try {
      stamp = stampOpened(file);
      return { stamp, reading: await readOpened(file, path, stamp, memory) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { stamp, reading: explainReadError(error) };
  }
}

async function readOpened(file: number, path: string, stamp: FileStamp, memory: ReadingMemory): Promise<Reading> {
  if (claimedFormat(path) === null && !(await looksLikeImage(file))) return { kind: "not-image" };
  if (stamp.sizeBytes > fileLimitBytes)
    return broken("too-large", `a file of ${formatBytes(stamp.sizeBytes)}`, "scale the picture down");
  return await memory.files.use(stamp.sizeBytes, async () => {
    const bytes = await readWhole(file, stamp);
    if (!bytes) return broken("changing", "the file changed while it was read", "run again when the folder is at rest");
    const foreign = foreignByName(path, bytes);
    if (foreign) throw unsupportedFormat(foreign);
    const picture = await openPicture(bytes);
    const { pixelHash, facts } = await memory.pixels.use(decodedBytes(picture.facts), () => picture.inspect());
    return { kind: "picture", sizeBytes: bytes.length, fileHash: sha256(bytes), pixelHash, facts };
  });
}

/** Turning a picture takes a copy of it, and more than 8 bits twice the room. */
function decodedBytes({ width, height, orientation, bitDepth }: ImageFacts): number {
  return width * height * 3 * (orientation > 1 ? 2 : 1) * (bitDepth > 8 ? 2 : 1);
}

/** The file's bytes, or null where it is no longer the one that was stamped. */
async function readWhole(file: number, stamp: FileStamp): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafeSlow(stamp.sizeBytes);
  const length = await readUpTo(file, bytes);
  const now = stampOpened(file);
  return length === now.sizeBytes && now.modified === stamp.modified ? bytes : null;
}

async function readUpTo(file: number, into: Buffer): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await readFile(file, into, filled, into.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0) break;
  }
  return filled;
}

async function looksLikeImage(file: number): Promise<boolean> {
  const head = Buffer.alloc(sniffBytes);
  const format = sniffFormat(head.subarray(0, await readUpTo(file, head)));
  // Web pages and project files hold drawings too: an SVG counts only under its own extension.
  return format !== null && format !== "svg";
}

function stampOpened(file: number): FileStamp {
  return toStamp(fstatSync(file, { bigint: true }));
}

function toStamp(of: { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint }): FileStamp {
  return {
    sizeBytes: Number(of.size),
    modified: String(of.mtimeNs),
    changed: String(of.ctimeNs),
    inode: String(of.ino),
  };
}

function broken(why: BrokenKind, reason: string, remedy: string): Reading {
  return { kind: "broken", why, reason, remedy };
}

const systemReasons: Readonly<Record<string, readonly [BrokenKind, string, string]>> = {
  ENOENT: ["vanished", "the file vanished during the scan", "run again when the folder is at rest"],
  EACCES: ["no-permission", "the file may not be read", "grant read permission"],
  EPERM: ["no-permission", "the file may not be read", "grant read permission"],
};

/** What a failed reading means. Rethrows what neither the decoder nor the file system threw. */
function explainReadError(error: unknown): Reading {
  if (error instanceof UnreadableImage) {
    const reason = error.expected === undefined ? error.got! : `${error.got!}; expected ${error.expected}`;
    return broken(error.kind, reason, error.remedy);
  }
  const code = errorCode(error);
  if (code === undefined) throw error;
  const known = systemReasons[code];
  return known ? broken(...known) : broken("unreadable", describeError(error), "check the disk, then run again");
}
