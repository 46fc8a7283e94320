/** The stratified percentile bootstrap (Efron 1979) for statistics of counts, such as macro F1 of a confusion matrix. */
import type { Random } from "../core/index.js";
import { checkCount, checkOpenUnit } from "./domain.js";
import type { Interval } from "./proportion.js";
import { quantile } from "./quantile.js";

/** One row for each stratum, such as a true class: how often each outcome occurred in it. */
export type Counts = readonly (readonly number[])[];

export interface BootstrapOptions {
  readonly counts: Counts;
  readonly statistic: (counts: Counts) => number;
  /** Level of each of the two bounds by itself. */
  readonly alpha: number;
  readonly random: Random;
  /** 2,000 unless given. */
  readonly resamples?: number;
}

export interface BootstrapInterval extends Interval {
  /** The statistic of the counts themselves. */
  readonly estimate: number;
}

/**
 * Bounds on a statistic, each one-sided at level `alpha`, by drawing every stratum anew at its size. Approximate: in a stratum
 * without a single failure nothing can vary, so small strata make it too sure; for one rate use Clopper and Pearson.
 */
export function bootstrapInterval(options: BootstrapOptions): BootstrapInterval {
  const { counts, statistic, alpha, random, resamples = 2000 } = options;
  checkOpenUnit("alpha", alpha);
  checkCount("resamples", resamples, 1);
  for (const count of counts.flat()) checkCount("a count", count);
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) values[i] = statistic(counts.map((row) => resample(row, random)));
  values.sort();
  return { estimate: statistic(counts), lower: quantile(values, alpha), upper: quantile(values, 1 - alpha) };
}

/** As many draws as the row counts, with the row's own frequencies. */
function resample(row: readonly number[], random: Random): number[] {
  const outcomes = row.flatMap((count, outcome) => (count > 0 ? [outcome] : []));
  if (outcomes.length < 2) return [...row];
  const total = outcomes.reduce((sum, outcome) => sum + row[outcome]!, 0);
  const drawn = row.map(() => 0);
  for (let i = 0; i < total; i++) drawn[pick(row, outcomes, random.below(total))]!++;
  return drawn;
}

/** The outcome of the draw numbered `ticket` when the row's draws stand in order. */
function pick(row: readonly number[], outcomes: readonly number[], ticket: number): number {
  for (const outcome of outcomes) {
    ticket -= row[outcome]!;
    if (ticket < 0) return outcome;
  }
  throw new RangeError("a ticket beyond the row");
}
