/** One batch from file bytes to network outputs: the only way pictures reach a network, in training, predicting and proving alike. */
import { prepare, type View } from "../image/index.js";
import { names } from "../backbone/index.js";
import { floats, type SessionPool } from "../onnx/index.js";

/** Pictures in one run of the network. Four to eight fill the processor's caches; more only costs memory. */
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
  const prepared = await Promise.allSettled(pictures.map(async (read) => prepare(await read(), view)));
  const readable = prepared.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const rows = readable.length > 0 ? await inferPixels(pool, view.size, readable, outputs) : [];
  return prepared.map((one) =>
    one.status === "fulfilled" ? { ok: true, outputs: rows.shift()! } : { ok: false, error: one.reason },
  );
}

/** Runs one of the pool's models on prepared squares [side, side, 3]; a row of every wanted output for each. Throws `engine-failed`. */
async function inferPixels<N extends string>(
  pool: SessionPool,
  side: number,
  squares: readonly Uint8Array[],
  outputs: readonly N[],
): Promise<Record<N, Float32Array>[]> {
  const results = await runSquares(pool, side, squares, outputs);
  return squares.map((_, row) => {
    const slices = outputs.map((name) => {
      const width = results[name].length / squares.length;
      return [name, results[name].subarray(row * width, (row + 1) * width)] as const;
    });
    return Object.fromEntries(slices) as Record<N, Float32Array>;
  });
}

/** Runs one of the pool's models on prepared squares [side, side, 3] put together to one batch. Throws `engine-failed`. */
export async function runSquares<N extends string>(
  pool: SessionPool,
  side: number,
  squares: readonly Uint8Array[],
  outputs: readonly N[],
  model = 0,
): Promise<Record<N, Float32Array>> {
  const bytes = side * side * 3;
  const data = new Uint8Array(squares.length * bytes);
  for (const [row, pixels] of squares.entries()) data.set(pixels, row * bytes);
  const dims = [squares.length, side, side, 3];
  const results = await pool.run({ [names.image]: { type: "uint8", dims, data } }, outputs, [data.buffer], model);
  return Object.fromEntries(outputs.map((name) => [name, floats(results[name])])) as Record<N, Float32Array>;
}
