/** Reads one file of the user's folder: a picture with its hashes, a broken file with the reason, or no image at all. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { describeError, formatBytes, sha256 } from "../core/index.js";
import {
  claimedFormat,
  type ImageFacts,
  openPicture,
  sniffBytes,
  sniffFormat,
  UnreadableImage,
} from "../image/index.js";
import { errorCode } from "../store/index.js";
import type { Allowance } from "./allowance.js";
import type { BrokenKind } from "./picture.js";
import type { FileStamp, Reading } from "./scan-cache.js";

/** Larger files are not read: no photograph within the pixel limit needs as much. */
export const fileLimitBytes = 500_000_000;

/** What may be held in memory at once: files as they are, and their pixels. */
export interface ReadingMemory {
  readonly files: Allowance;
  readonly pixels: Allowance;
}

/** The file's size, times and inode. Throws the file system's error. */
export async function stampFile(path: string): Promise<FileStamp> {
  return toStamp(await stat(path, { bigint: true }));
}

/** Reads, hashes and decodes a file. Never throws for what the file system or the file holds. */
export async function readPicture(path: string, stamp: FileStamp, memory: ReadingMemory): Promise<Reading> {
  try {
    if (claimedFormat(path) === null && !(await looksLikeImage(path))) return { kind: "not-image" };
    if (stamp.sizeBytes > fileLimitBytes)
      return broken("too-large", `a file of ${formatBytes(stamp.sizeBytes)}`, "scale the picture down");
    return await memory.files.use(stamp.sizeBytes, () => decodeFile(path, stamp, memory));
  } catch (error) {
    return explainReadError(error);
  }
}

async function decodeFile(path: string, stamp: FileStamp, memory: ReadingMemory): Promise<Reading> {
  const bytes = await readWhole(path, stamp);
  if (!bytes) return broken("changing", "the file changed while it was read", "run again when the folder is at rest");
  const picture = await openPicture(bytes);
  const { pixelHash, facts } = await memory.pixels.use(decodedBytes(picture.facts), () => picture.inspect());
  return { kind: "picture", sizeBytes: bytes.length, fileHash: sha256(bytes), pixelHash, facts };
}

/** Turning a picture takes a copy of it, and more than 8 bits twice the room. */
function decodedBytes({ width, height, orientation, bitDepth }: ImageFacts): number {
  return width * height * 3 * (orientation > 1 ? 2 : 1) * (bitDepth > 8 ? 2 : 1);
}

/** The file's bytes, or null where it is no longer the one that was stamped. */
async function readWhole(path: string, stamp: FileStamp): Promise<Buffer | null> {
  const file = await open(path, "r");
  try {
    // One byte more than expected shows a file that has grown.
    const bytes = Buffer.allocUnsafeSlow(stamp.sizeBytes + 1);
    const length = await readUpTo(file, bytes);
    const now = toStamp(await file.stat({ bigint: true }));
    const same = length === stamp.sizeBytes && now.modified === stamp.modified && now.inode === stamp.inode;
    return same ? bytes.subarray(0, length) : null;
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, into: Buffer): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

async function looksLikeImage(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const head = Buffer.alloc(sniffBytes);
    const format = sniffFormat(head.subarray(0, await readUpTo(file, head)));
    // Web pages and project files hold drawings too: an SVG counts only under its own extension.
    return format !== null && format !== "svg";
  } finally {
    await file.close();
  }
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
export function explainReadError(error: unknown): Reading {
  if (error instanceof UnreadableImage) {
    const reason = error.expected === undefined ? error.got! : `${error.got!}; expected ${error.expected}`;
    return broken(error.kind, reason, error.remedy);
  }
  const code = errorCode(error);
  if (code === undefined) throw error;
  const known = systemReasons[code];
  return known ? broken(...known) : broken("unreadable", describeError(error), "check the disk, then run again");
}
