/** Features on disk, keyed by file content: safetensors segments, each written whole, so that a kill loses the open one only. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { decodeFloat16Array, encodeFloat16Array } from "../core/index.js";
import { asDiskFault, decodeSafetensors, encodeSafetensors, errorCode, writeFileAtomic } from "../store/index.js";

export interface FeatureCache {
  /** Features of a file [width], or undefined. */
  get(fileHash: string): Float32Array | undefined;
  add(fileHash: string, features: Float32Array): void;
  /** Writes what was added since the last call; `seconds` is what it cost to compute. */
  flush(seconds: number, peakBytes: number): Promise<void>;
  /** Seconds of work behind the segments that were read, per cached picture. */
  secondsPerPicture(): number;
  /** Largest resident memory of the processes that made them, in bytes. */
  peakBytes(): number;
}

const hashBytes = 32;

/**
 * Opens the features of one recipe in a folder, those of the wanted files where they are named: the cache of a user may hold
 * many more than one run needs. Segments that are cut off are removed and computed again.
 */
export async function openFeatureCache(
  folder: string,
  width: number,
  wanted: ReadonlySet<string> | null = null,
): Promise<FeatureCache> {
  const known = new Map<string, Float32Array>();
  const fresh = new Map<string, Float32Array>();
  const spent = { seconds: 0, pictures: 0, peakBytes: 0 };
  for (const name of await listSegments(folder)) {
    const segment = await readSegment(join(folder, name), width);
    if (segment === null) continue;
    spent.seconds += segment.seconds;
    spent.pictures += segment.hashes.length;
    let used = false;
    for (const [row, hash] of segment.hashes.entries()) {
      if (wanted !== null && !wanted.has(hash)) continue;
      known.set(hash, decodeFloat16Array(segment.values.subarray(row * width, (row + 1) * width)));
      used = true;
    }
    if (used) spent.peakBytes = Math.max(spent.peakBytes, segment.peakBytes);
  }
  return {
    get: (fileHash) => known.get(fileHash),
    add: (fileHash, features) => {
      // What is cached is rounded to half precision, so the rounded values are the ones to learn from in every run.
      const rounded = decodeFloat16Array(encodeFloat16Array(features));
      known.set(fileHash, rounded);
      fresh.set(fileHash, rounded);
    },
    flush: async (seconds, peakBytes) => {
      if (fresh.size === 0) return;
      const batch = [...fresh];
      fresh.clear();
      const name = `${Date.now()}-${randomBytes(6).toString("hex")}.safetensors`;
      await writeFileAtomic(
        join(folder, name),
        encodeSegment(batch, width, { seconds: String(seconds), peakBytes: String(peakBytes) }),
      );
    },
    secondsPerPicture: () => (spent.pictures === 0 ? 0 : spent.seconds / spent.pictures),
    peakBytes: () => spent.peakBytes,
  };
}

function encodeSegment(
  batch: readonly (readonly [string, Float32Array])[],
  width: number,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const hashes = Buffer.concat(batch.map(([hash]) => Buffer.from(hash, "hex")));
  const values = new Uint16Array(batch.length * width);
  for (const [row, [, features]] of batch.entries()) values.set(encodeFloat16Array(features), row * width);
  return encodeSafetensors({
    tensors: {
      features: { dtype: "F16", shape: [batch.length, width], data: new Uint8Array(values.buffer) },
      hashes: { dtype: "U8", shape: [batch.length, hashBytes], data: hashes },
    },
    metadata,
  });
}

async function listSegments(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".safetensors")).toSorted();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw asDiskFault(folder, error);
  }
}

interface Segment {
  readonly hashes: readonly string[];
  /** Half-precision bits [pictures, width]. */
  readonly values: Uint16Array;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Reads a segment; one that is cut off or of another recipe is removed and null. */
async function readSegment(path: string, width: number): Promise<Segment | null> {
  const bytes = await readFile(path);
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { features, hashes } = tensors;
    const rows = features?.shape[0] ?? 0;
    if (!features || !hashes || features.shape[1] !== width || hashes.data.length !== rows * hashBytes)
      throw new RangeError("not a segment of this recipe");
    const all = Buffer.from(hashes.data.buffer, hashes.data.byteOffset, hashes.data.length).toString("hex");
    return {
      hashes: Array.from({ length: rows }, (_, row) => all.slice(row * 2 * hashBytes, (row + 1) * 2 * hashBytes)),
      values: new Uint16Array(features.data.buffer, features.data.byteOffset, rows * width),
      seconds: Number(metadata.seconds ?? 0),
      peakBytes: Number(metadata.peakBytes ?? 0),
    };
  } catch {
    await rm(path, { force: true });
    return null;
  }
}
