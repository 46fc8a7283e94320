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
  flush(seconds: number): Promise<void>;
  /** Seconds of work behind the segments that were read, per cached picture. */
  secondsPerPicture(): number;
}

const hashBytes = 32;

/** Opens the features of one recipe in a folder. Segments that are cut off are removed and computed again. */
export async function openFeatureCache(folder: string, width: number): Promise<FeatureCache> {
  const known = new Map<string, Float32Array>();
  const fresh = new Map<string, Float32Array>();
  let seconds = 0;
  for (const name of await listSegments(folder)) seconds += await readSegment(join(folder, name), width, known);
  const pictures = known.size;
  return {
    get: (fileHash) => known.get(fileHash),
    add: (fileHash, features) => {
      // What is cached is rounded to half precision, so the rounded values are the ones to learn from in every run.
      const rounded = decodeFloat16Array(encodeFloat16Array(features));
      known.set(fileHash, rounded);
      fresh.set(fileHash, rounded);
    },
    flush: async (spent) => {
      if (fresh.size === 0) return;
      const batch = [...fresh];
      fresh.clear();
      const name = `${Date.now()}-${randomBytes(6).toString("hex")}.safetensors`;
      await writeFileAtomic(join(folder, name), encodeSegment(batch, width, spent));
    },
    secondsPerPicture: () => (pictures === 0 ? 0 : seconds / pictures),
  };
}

function encodeSegment(
  batch: readonly (readonly [string, Float32Array])[],
  width: number,
  seconds: number,
): Uint8Array {
  const hashes = Buffer.concat(batch.map(([hash]) => Buffer.from(hash, "hex")));
  const values = new Uint16Array(batch.length * width);
  for (const [row, [, features]] of batch.entries()) values.set(encodeFloat16Array(features), row * width);
  return encodeSafetensors({
    tensors: {
      features: { dtype: "F16", shape: [batch.length, width], data: new Uint8Array(values.buffer) },
      hashes: { dtype: "U8", shape: [batch.length, hashBytes], data: hashes },
    },
    metadata: { seconds: String(seconds) },
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

/** Reads a segment into the map and returns the seconds it cost to compute. */
async function readSegment(path: string, width: number, known: Map<string, Float32Array>): Promise<number> {
  try {
    const { tensors, metadata } = decodeSafetensors(await readFile(path));
    const { features, hashes } = tensors;
    const rows = features?.shape[0] ?? 0;
    if (!features || !hashes || features.shape[1] !== width || hashes.data.length !== rows * hashBytes)
      throw new RangeError("not a segment of this recipe");
    const values = decodeFloat16Array(new Uint16Array(features.data.buffer, features.data.byteOffset, rows * width));
    for (let row = 0; row < rows; row++) {
      const hash = Buffer.from(hashes.data.buffer, hashes.data.byteOffset + row * hashBytes, hashBytes).toString("hex");
      known.set(hash, values.subarray(row * width, (row + 1) * width));
    }
    return Number(metadata.seconds ?? 0);
  } catch {
    await rm(path, { force: true });
    return 0;
  }
}
