/** A bundle opened for predicting: checked, then streaming any number of pictures in bounded memory. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { names } from "../backbone/index.js";
import { describeMachine, platformKey } from "../bench/index.js";
import { batchSize, inferBatch } from "../features/index.js";
import { SessionPool } from "../onnx/index.js";
import { decide } from "./decide.js";
import { checkGolden, type GoldenReport } from "./golden.js";
import { type BundleManifest, fileNames, readManifest } from "./manifest.js";

export type Prediction =
  | {
      readonly path: string;
      readonly label: string;
      /** Calibrated probability of the label. */
      readonly confidence: number;
      /** By class, in the order of the labels. */
      readonly probabilities: Float32Array;
    }
  | { readonly path: string; readonly error: unknown };

export interface Bundle {
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly golden: GoldenReport;
  /** Predicts files in the order given. A file that cannot be read or decoded is an `error`, not the end. */
  predict(paths: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Prediction>;
  close(): Promise<void>;
}

/**
 * Opens a bundle on at most `threads` cores, checks every file and reproduces its golden examples.
 * Throws `bundle-missing`, `bundle-invalid`, `bundle-golden`, `engine-failed`.
 */
export async function openBundle(folder: string, threads: number): Promise<Bundle> {
  const manifest = await readManifest(folder);
  const pool = await SessionPool.open(join(folder, fileNames.model), Math.min(threads, availableParallelism()));
  try {
    const exact = manifest.platform === platformKey(describeMachine());
    const golden = await checkGolden(folder, manifest, pool, exact);
    return { folder, manifest, golden, predict: (paths) => predict(paths, manifest, pool), close: () => pool.close() };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

async function* predict(
  paths: Iterable<string> | AsyncIterable<string>,
  manifest: BundleManifest,
  pool: SessionPool,
): AsyncGenerator<Prediction> {
  const inFlight: Promise<Prediction[]>[] = [];
  for await (const batch of batches(paths)) {
    const work = predictBatch(batch, manifest, pool);
    work.catch(() => {}); // awaited below, in order
    inFlight.push(work);
    // Two batches for each session: one runs while the next is decoded.
    if (inFlight.length > pool.size * 2) yield* await inFlight.shift()!;
  }
  for (const work of inFlight) yield* await work;
}

async function predictBatch(
  paths: readonly string[],
  { labels, preprocessing, decisionBias }: BundleManifest,
  pool: SessionPool,
): Promise<Prediction[]> {
  const reads = paths.map((path) => () => readFile(path));
  const rows = await inferBatch(pool, preprocessing, reads, [names.probabilities]);
  return rows.map((row, i) => {
    const path = paths[i]!;
    if (!row.ok) return { path, error: row.error };
    const { probabilities } = row.outputs;
    const chosen = decide(probabilities, decisionBias);
    return { path, label: labels[chosen]!, confidence: probabilities[chosen]!, probabilities };
  });
}

async function* batches(paths: Iterable<string> | AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const path of paths) {
    batch.push(path);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
