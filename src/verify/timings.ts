/** Times a bundle: single runs of its model in windows between other work, and photographs a second through all of it. */
import { join } from "node:path";
import { affordableRuns, openTimer, type TimingLimits } from "../bench/index.js";
import { fileNames } from "../bundle/index.js";
import { checkInterrupted } from "../core/index.js";
import type { Spec } from "../spec/index.js";
import { samplesForUpper } from "../statistics/index.js";
import type { MeasureRequest } from "./measurements.js";

/** Seconds of single runs, and of throughput. */
const timingSeconds = 6;
export const throughputSeconds = 10;

/** Runs are timed in so many windows, so that a machine's whiles are not met or missed as one. */
const windows = 12;

/**
 * Five times as many single runs as an upper bound of the asked quantile needs where each stands for itself, since neighbors resemble
 * each other; of a slow model no more than twice as many.
 */
export function timingLimits({ requirements, alpha }: Spec): TimingLimits {
  const share = requirements.some(({ quantile }) => quantile === "p99") ? 0.99 : 0.95;
  const needed = samplesForUpper(share, alpha);
  return { seconds: timingSeconds, wanted: 5 * needed, least: 2 * needed };
}

/**
 * Does work in parts and times single runs after each. Returns milliseconds in
 * the order of time. Throws `engine-failed`, `interrupted`, and what the work throws.
 */
export async function timeBetween<T>(
  items: readonly T[],
  work: (part: readonly T[]) => Promise<void>,
  { bundle, spec, threads, signal }: MeasureRequest,
): Promise<Float64Array> {
  const { size } = bundle.manifest.preprocessing;
  const timer = await openTimer(join(bundle.folder, fileNames.model), { size, threads, device: bundle.placed.device });
  try {
    const runs = affordableRuns(timer.pilotMs, timingLimits(spec));
    const all = new Float64Array(runs);
    for (let window = 0; window < windows; window++) {
      const cut = (count: number, at: number): number => Math.floor((count * at) / windows);
      await work(items.slice(cut(items.length, window), cut(items.length, window + 1)));
      checkInterrupted(signal);
      // The first run after other work finds none of the model in the processor's caches, as no run after another does.
      all.set(await timer.time(cut(runs, window + 1) - cut(runs, window), 1), cut(runs, window));
    }
    return all;
  } finally {
    await timer.close();
  }
}

/** Rounds that are timed, and photographs in each: enough batches to keep the cores busy. */
const rounds = 12;
const [fewestEach, mostEach] = [8, 32];

/** Photographs a second through decoding and model. A first round only warms up, and says how many photographs the others have time for. */
export async function measureThroughput(
  paths: readonly string[],
  { bundle, signal }: MeasureRequest,
): Promise<Float64Array> {
  if (paths.length < fewestEach) return new Float64Array(0);
  let next = 0;
  const rateOf = async (size: number): Promise<number> => {
    const round = Array.from({ length: size }, () => paths[next++ % paths.length]!);
    const start = performance.now();
    for await (const _ of bundle.predict(round)) checkInterrupted(signal);
    return (size * 1000) / (performance.now() - start);
  };
  const affordable = Math.floor(((await rateOf(fewestEach)) * throughputSeconds) / rounds);
  const size = Math.max(fewestEach, Math.min(mostEach, paths.length, affordable));
  const rates: number[] = [];
  while (rates.length < rounds) rates.push(await rateOf(size));
  return Float64Array.from(rates);
}
