/** A bundle opened for predicting: checked, then streaming any number of pictures in bounded memory. */
import { readFile, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { names } from "../backbone/index.js";
import { describeError, Fault, type FaultCode, formatBytes, quoteName } from "../core/index.js";
import { batchSize, inferBatch } from "../features/index.js";
import { UnreadableImage } from "../image/index.js";
import type { Explainable, ExplainedHead } from "../explain/index.js";
import { type Device, type Placed, runtimeVersion, SessionPool } from "../onnx/index.js";
import { errorCode } from "../store/index.js";
import { decide } from "./decide.js";
import { checkGolden, type GoldenReport } from "./golden.js";
import { readHead } from "./head.js";
import { type BundleManifest, fileNames } from "./manifest.js";
import { checkFiles, readManifest } from "./read.js";

/** What a model says of a photograph. */
export interface Answer {
  readonly label: string;
  /** Calibrated probability of the label. */
  readonly confidence: number;
  /** By class, in the order of the labels. */
  readonly probabilities: Float32Array;
}

/** Why a file has no answer. */
export interface PredictionError {
  readonly code: FaultCode;
  /** One line. */
  readonly message: string;
}

export type Prediction =
  | (Answer & { readonly path: string })
  | { readonly path: string; readonly error: PredictionError };

/** Open for predicting; `explainPhotograph` explains its answers. */
export interface Bundle extends Explainable {
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly golden: GoldenReport;
  /** Where the model runs. */
  readonly placed: Placed;
  /** Why nothing is answered any more: the model's threads are closed or dead. Null while it answers. */
  readonly ended: string | null;
  /** Predicts files in the order given. A file that cannot be read or decoded is an `error`, not the end. */
  predict(paths: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Prediction>;
  /** Answers for the bytes of one photograph. Throws `image-unreadable`, `engine-failed`. */
  classify(photograph: Uint8Array): Promise<Answer>;
  /** Ends the threads of the model. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** The process stays smaller; the answers are the same. */
  readonly small?: boolean;
  /** Where the model is to run; the CPU unless said, and where the device refuses it. */
  readonly device?: Device;
}

/**
 * Opens a bundle on at most `threads` cores, checks every file and reproduces its golden examples.
 * Throws `bundle-missing`, `bundle-invalid`, `bundle-golden`, `engine-failed`.
 */
export async function openBundle(
  folder: string,
  threads: number,
  { small = false, device = "cpu" }: OpenOptions = {},
): Promise<Bundle> {
  const manifest = await readManifest(folder);
  const pool = await openModel(folder, manifest, Math.min(threads, availableParallelism()), { small, device });
  try {
    const golden = await checkGolden(folder, manifest, pool);
    return {
      folder,
      manifest,
      golden,
      placed: pool.placed,
      get ended() {
        return pool.ended;
      },
      predict: (paths) => predict(paths, manifest, pool),
      classify: (photograph) => classify(photograph, manifest, pool),
      ...explainable(folder, manifest, pool),
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Opens the sessions while the files are hashed. A file that was changed is what is told, whatever ONNX Runtime says of it. */
async function openModel(
  folder: string,
  manifest: BundleManifest,
  threads: number,
  options: OpenOptions,
): Promise<SessionPool> {
  const path = join(folder, fileNames.model);
  const [files, pool] = await Promise.allSettled([
    checkFiles(folder, manifest),
    SessionPool.open(path, threads, options),
  ]);
  if (files.status === "fulfilled" && pool.status === "fulfilled") return pool.value;
  if (pool.status === "fulfilled") await pool.value.close();
  throw files.status === "rejected"
    ? files.reason
    : explainRefusal(path, manifest, (pool as PromiseRejectedResult).reason);
}

/** The file is the one that was written, and ONNX Runtime refuses it: most likely it is older than the one that wrote it. */
function explainRefusal(path: string, { versions }: BundleManifest, cause: unknown): unknown {
  if (!(cause instanceof Fault)) return cause;
  return new Fault("engine-failed", {
    what: `ONNX Runtime ${runtimeVersion} cannot load ${path}`,
    expected: `what ONNX Runtime ${versions.onnxruntime} could, with which assay ${versions.assay} wrote it`,
    got: cause.what,
    remedy: `use assay ${versions.assay} or newer`,
    cause,
  });
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
  manifest: BundleManifest,
  pool: SessionPool,
): Promise<Prediction[]> {
  const reads = paths.map((path) => () => readPhotograph(path));
  const rows = await inferBatch(pool, manifest.preprocessing, reads, [names.probabilities]);
  return rows.map((row, i) => {
    const path = paths[i]!;
    return row.ok
      ? { path, ...answerOf(row.outputs.probabilities, manifest) }
      : { path, error: explainError(row.error, path) };
  });
}

/** What is no fault comes from the file system. */
function explainError(error: unknown, path: string): PredictionError {
  const { code, message } = error instanceof Fault ? error : fileFault(error, path);
  return { code, message };
}

function fileFault(error: unknown, path: string): Fault {
  const isMissing = ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
  if (isMissing && path.includes("\uFFFD"))
    return new Fault("images-unreadable", {
      what: `the name of ${quoteName(path)} is not UTF-8`,
      remedy: "rename the file",
      cause: error,
    });
  if (isMissing)
    return new Fault("images-missing", {
      what: `there is no file ${quoteName(path)}`,
      remedy: "give the path of a photograph",
      cause: error,
    });
  return new Fault("images-unreadable", {
    what: `${quoteName(path)} cannot be read`,
    got: describeError(error),
    remedy: "grant read permission on the file",
    cause: error,
  });
}

async function classify(photograph: Uint8Array, manifest: BundleManifest, pool: SessionPool): Promise<Answer> {
  const [row] = await inferBatch(pool, manifest.preprocessing, [async () => photograph], [names.probabilities]);
  if (!row!.ok) throw row!.error;
  return answerOf(row!.outputs.probabilities, manifest);
}

function explainable(folder: string, manifest: BundleManifest, pool: SessionPool): Omit<Explainable, "manifest"> {
  const { decisionBias, backbones, preprocessing } = manifest;
  const { size } = preprocessing;
  let head: Promise<ExplainedHead> | null = null;
  return {
    choose: (probabilities) => decide(probabilities, decisionBias),
    head: () => (head ??= readHead(join(folder, fileNames.model), backbones.length)),
    infer: (data, count, outputs) =>
      pool.run({ [names.image]: { type: "uint8", dims: [count, size, size, 3], data } }, outputs),
  };
}

function answerOf(probabilities: Float32Array, { labels, decisionBias }: BundleManifest): Answer {
  const chosen = decide(probabilities, decisionBias);
  return { label: labels[chosen]!, confidence: probabilities[chosen]!, probabilities };
}

/** Larger files are not read, as in the scan: no photograph within the pixel limit needs as much. */
const fileLimitBytes = 500_000_000;

async function readPhotograph(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size <= fileLimitBytes) return readFile(path);
  throw new UnreadableImage("too-large", `a file of ${formatBytes(size)}`, {
    expected: `at most ${formatBytes(fileLimitBytes)}`,
    remedy: "scale the picture down",
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
