/** One batch from file bytes to network outputs: the only way pictures reach a network, in training, predicting and proving alike. */
import { prepare, type View } from "../image/index.js";
import { names } from "../backbone/index.js";
import { floats, type SessionPool } from "../onnx/index.js";

/** Pictures in one run of the network: measured by `bench/extraction.mjs`, more is no faster with a session for each core. */
export const batchSize = 2;

/** Gives the bytes of one picture's file. */
export type ReadPicture = () => Promise<Uint8Array>;

/** For each picture its row of every wanted output, or the error that kept it from being read. */
export type Inferred<N extends string> =
  | { readonly ok: true; readonly outputs: Readonly<Record<N, Float32Array>> }
  | { readonly ok: false; readonly error: unknown };

/** Prepares the readable pictures of a batch and runs the network on them once. Throws `engine-failed`. */
export async function inferBatch<N extends string>(
  pool: SessionPool,
  view: View,
  pictures: readonly ReadPicture[],
  outputs: readonly N[],
): Promise<Inferred<N>[]> {
  const batch = openBatch(view.size, pictures.length);
  const prepared = await Promise.allSettled(
    pictures.map(async (read, row) => prepare(await read(), view, {}, batch.squares[row])),
  );
  const readable = [...prepared.keys()].filter((row) => prepared[row]!.status === "fulfilled");
  const rows = readable.length > 0 ? sliceRows(await batch.run(pool, outputs, readable), readable.length, outputs) : [];
  batch.close();
  return prepared.map((one) =>
    one.status === "fulfilled" ? { ok: true, outputs: rows.shift()! } : { ok: false, error: one.reason },
  );
}

function sliceRows<N extends string>(
  results: Readonly<Record<N, Float32Array>>,
  rows: number,
  outputs: readonly N[],
): Record<N, Float32Array>[] {
  return Array.from({ length: rows }, (_, row) => {
    const slices = outputs.map((name) => {
      const width = results[name].length / rows;
      return [name, results[name].subarray(row * width, (row + 1) * width)] as const;
    });
    return Object.fromEntries(slices) as Record<N, Float32Array>;
  });
}

/** Prepared squares below each other, in memory that the engine's threads see too. */
export interface Batch {
  /** For each picture its square [side, side, 3], to be filled. */
  readonly squares: readonly Uint8Array[];
  /** Runs one of the pool's models on the named squares, in rising order; all outputs as one array each. Throws `engine-failed`. */
  run<N extends string>(
    pool: SessionPool,
    outputs: readonly N[],
    rows: readonly number[],
    model?: number,
  ): Promise<Record<N, Float32Array>>;
  /** Leaves the memory to later batches. */
  close(): void;
}

/** Memory of batches that ended, by size: making and collecting it anew for each batch costs more than filling it. */
const free = new Map<number, Uint8Array[]>();

/** As many as are in flight on a few cores; more are left to the garbage collection. */
const mostFree = 16;

export function openBatch(side: number, pictures: number): Batch {
  const bytes = side * side * 3;
  const size = pictures * bytes;
  const memory = free.get(size)?.pop() ?? new Uint8Array(new SharedArrayBuffer(size));
  const squares = Array.from({ length: pictures }, (_, row) => memory.subarray(row * bytes, (row + 1) * bytes));
  return {
    squares,
    run: async (pool, outputs, rows, model = 0) => {
      for (const [to, from] of rows.entries()) if (to !== from) squares[to]!.set(squares[from]!);
      const dims = [rows.length, side, side, 3];
      const data = memory.subarray(0, rows.length * bytes);
      const results = await pool.run({ [names.image]: { type: "uint8", dims, data } }, outputs, [], model);
      return Object.fromEntries(outputs.map((name) => [name, floats(results[name])])) as Record<
        (typeof outputs)[number],
        Float32Array
      >;
    },
    close: () => {
      const list = free.get(size) ?? [];
      if (list.length < mostFree) list.push(memory);
      free.set(size, list);
    },
  };
}
