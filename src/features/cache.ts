/** Features on disk, keyed by file content: safetensors segments, each written whole, so that a kill loses the open one only. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeFloat16, type HalfMatrix } from "../core/index.js";
import { asDiskFault, decodeSafetensors, encodeSafetensors, errorCode, writeFileAtomic } from "../store/index.js";

const hashBytes = 32;

/** Names the segments of this process: what it made itself is no earlier work. */
const writer = randomBytes(8).toString("hex");

/**
 * The features of some files by one recipe: a matrix that is filled from the cache where it can be, by `add` where not. The cache
 * of a user may hold many more than one run needs; only the wanted ones are kept in memory, in half precision.
 */
export class FeatureStore {
  /** A row for each of the files asked for, in their order. */
  readonly matrix: HalfMatrix;
  readonly #folder: string;
  readonly #key: string;
  /** The rows of each file: the same content may be asked for twice. */
  readonly #rows = new Map<string, number[]>();
  readonly #present: Uint8Array;
  #fresh: string[] = [];
  #earlier = { seconds: 0, peakBytes: 0 };

  private constructor(folder: string, key: string, width: number, fileHashes: readonly string[]) {
    const rows = fileHashes.length;
    this.#folder = folder;
    this.#key = key;
    this.#present = new Uint8Array(rows);
    this.matrix = { rows, width, data: new Uint16Array(rows * width) };
    for (const [row, hash] of fileHashes.entries()) {
      const own = this.#rows.get(hash);
      if (own) own.push(row);
      else this.#rows.set(hash, [row]);
    }
  }

  /** Opens the features of the recipe `key` in a folder. Segments that are cut off, or of another recipe, are removed. */
  static async open(folder: string, key: string, width: number, fileHashes: readonly string[]): Promise<FeatureStore> {
    const store = new FeatureStore(folder, key, width, fileHashes);
    for (const name of await listSegments(folder)) {
      const segment = await readSegment(join(folder, name), key, width);
      if (segment !== null) store.#take(segment);
    }
    return store;
  }

  #take({ hashes, values, metadata }: Segment): void {
    const { width } = this.matrix;
    const wanted = [...hashes.entries()].filter(([, hash]) => this.#rows.has(hash));
    for (const [index, hash] of wanted) this.#fill(hash, values.subarray(index * width, (index + 1) * width));
    if (metadata.writer === writer || wanted.length === 0) return;
    this.#earlier.seconds += (Number(metadata.seconds ?? 0) * wanted.length) / hashes.length;
    this.#earlier.peakBytes = Math.max(this.#earlier.peakBytes, Number(metadata.peakBytes ?? 0));
  }

  #fill(hash: string, features: Uint16Array): void {
    for (const row of this.#rows.get(hash) ?? []) {
      this.matrix.data.set(features, row * this.matrix.width);
      this.#present[row] = 1;
    }
  }

  has(fileHash: string): boolean {
    const [row] = this.#rows.get(fileHash) ?? [];
    return row !== undefined && this.#present[row] === 1;
  }

  /** Takes computed features [width]; they are rounded to half precision, so that a warm and a cold run learn from the same. */
  add(fileHash: string, features: Float32Array): void {
    this.#fill(fileHash, Uint16Array.from(features, encodeFloat16));
    this.#fresh.push(fileHash);
  }

  /** Writes what was added since the last call; `seconds` is what it cost to compute. Throws `output-unwritable`. */
  async flush(seconds: number, peakBytes: number): Promise<void> {
    if (this.#fresh.length === 0) return;
    const hashes = this.#fresh;
    this.#fresh = [];
    const name = `${Date.now()}-${randomBytes(6).toString("hex")}.safetensors`;
    const { width, data } = this.matrix;
    const values = new Uint16Array(hashes.length * width);
    for (const [index, hash] of hashes.entries()) {
      const row = this.#rows.get(hash)![0]!;
      values.set(data.subarray(row * width, (row + 1) * width), index * width);
    }
    const metadata = { recipe: this.#key, writer, seconds: String(seconds), peakBytes: String(peakBytes) };
    await writeFileAtomic(join(this.#folder, name), encodeSegment(hashes, values, width, metadata));
  }

  /** What other processes spent on what was taken from the cache: seconds, and the largest resident memory in bytes. */
  get earlier(): { readonly seconds: number; readonly peakBytes: number } {
    return this.#earlier;
  }
}

function encodeSegment(
  hashes: readonly string[],
  values: Uint16Array,
  width: number,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  return encodeSafetensors({
    tensors: {
      features: { dtype: "F16", shape: [hashes.length, width], data: new Uint8Array(values.buffer) },
      hashes: { dtype: "U8", shape: [hashes.length, hashBytes], data: Buffer.from(hashes.join(""), "hex") },
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
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads a segment; one that is cut off or of another recipe is removed and null. */
async function readSegment(path: string, key: string, width: number): Promise<Segment | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null; // another run has removed it
    throw asDiskFault(path, error);
  });
  if (bytes === null) return null;
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { features, hashes } = tensors;
    const rows = features?.shape[0] ?? 0;
    const whole = features && features.shape[1] === width && hashes?.data.length === rows * hashBytes;
    if (!whole || metadata.recipe !== key) throw new RangeError("not a segment of this recipe");
    const all = Buffer.from(hashes.data.buffer, hashes.data.byteOffset, hashes.data.length).toString("hex");
    return {
      hashes: Array.from({ length: rows }, (_, row) => all.slice(row * 2 * hashBytes, (row + 1) * 2 * hashBytes)),
      values: new Uint16Array(features.data.buffer, features.data.byteOffset, rows * width),
      metadata,
    };
  } catch {
    await rm(path, { force: true });
    return null;
  }
}
