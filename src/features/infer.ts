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
  const rows = readable.length > 0 ? await runRows(pool, view, readable, outputs) : [];
  return prepared.map((one) =>
    one.status === "fulfilled" ? { ok: true, outputs: rows.shift()! } : { ok: false, error: one.reason },
  );
}

async function runRows<N extends string>(
  pool: SessionPool,
  view: View,
  pictures: readonly Uint8Array[],
  outputs: readonly N[],
): Promise<Record<N, Float32Array>[]> {
  const pictureBytes = view.size * view.size * 3;
  const data = new Uint8Array(pictures.length * pictureBytes);
  for (const [row, pixels] of pictures.entries()) data.set(pixels, row * pictureBytes);
  const dims = [pictures.length, view.size, view.size, 3];
  const results = await pool.run({ [names.image]: { type: "uint8", dims, data } }, outputs, [data.buffer]);
  return pictures.map((_, row) => {
    const slices = outputs.map((name) => {
      const values = floats(results[name]);
      const width = values.length / pictures.length;
      return [name, values.subarray(row * width, (row + 1) * width)] as const;
    });
    return Object.fromEntries(slices) as Record<N, Float32Array>;
  });
}
