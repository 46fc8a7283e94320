/** What a bundle costs on this machine, measured with its golden photographs. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeMachine, type Machine, measureLatency, peakMemoryBytes } from "../bench/index.js";
import { type Bundle, fileNames, goldenPhotographs, openBundle } from "../bundle/index.js";
import { Fault, type Progress } from "../core/index.js";
import type { Device } from "../onnx/index.js";
import { quantile } from "../statistics/index.js";

/** Seconds. */
export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly runs: number;
}

export interface BundleCosts {
  readonly machine: Machine;
  readonly threads: number;
  /** From pixels to probabilities, one image at a time. */
  readonly model: LatencySummary;
  /** From the bytes of a file to the label, one at a time. */
  readonly photograph: LatencySummary;
  /** Files to labels, as many at once as there are threads. */
  readonly imagesPerSecond: number;
  /** From nothing to a bundle that has reproduced its golden examples. */
  readonly readySeconds: number;
  readonly peakMemoryBytes: number;
  readonly modelBytes: number;
}

export interface BenchOptions {
  readonly threads: number;
  readonly device: Device;
  readonly runs: number;
  readonly progress: Progress;
}

/** Measures; the golden photographs stand for others, so decoding is that of photographs no larger than they are. Throws as `openBundle` does. */
export async function benchBundle(
  folder: string,
  { threads, device, runs, progress }: BenchOptions,
): Promise<BundleCosts> {
  const start = performance.now();
  const bundle = await openBundle(folder, threads, { device });
  const readySeconds = (performance.now() - start) / 1000;
  try {
    const path = join(folder, fileNames.model);
    const { size } = bundle.manifest.preprocessing;
    const photographs = await goldenPhotographs(folder, bundle.manifest);
    const photograph = await timePhotographs(bundle, photographs, runs, progress);
    const imagesPerSecond = await timeMany(bundle, photographs, runs);
    return {
      machine: describeMachine(bundle.placed.device),
      threads,
      model: summarize(await measureLatency(path, { size, threads, runs, device })),
      photograph: summarize(photograph),
      imagesPerSecond,
      readySeconds,
      peakMemoryBytes: peakMemoryBytes(),
      modelBytes: (await stat(path)).size,
    };
  } finally {
    await bundle.close();
  }
}

async function timePhotographs(bundle: Bundle, paths: readonly string[], runs: number, progress: Progress) {
  const files = await Promise.all(paths.map((path) => readFile(path)));
  const times = new Float64Array(runs);
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await bundle.classify(files[run % files.length]!);
    times[run] = performance.now() - start;
    progress({ stage: "bench", done: run + 1, total: runs, unit: "photographs" });
  }
  return times;
}

async function timeMany(bundle: Bundle, paths: readonly string[], runs: number): Promise<number> {
  const many = Array.from({ length: runs }, (_, run) => paths[run % paths.length]!);
  const start = performance.now();
  for await (const prediction of bundle.predict(many)) {
    if (!("error" in prediction)) continue;
    const { path, error } = prediction;
    throw new Fault(error.code, { what: `${path} cannot be judged`, got: error.message });
  }
  return runs / ((performance.now() - start) / 1000);
}

function summarize(milliseconds: Float64Array): LatencySummary {
  const sorted = milliseconds.toSorted();
  const seconds = (q: number): number => quantile(sorted, q) / 1000;
  return { p50: seconds(0.5), p95: seconds(0.95), p99: seconds(0.99), runs: sorted.length };
}
