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
  /** Added to the count of an outcome before drawing, so that a small stratum without a single failure can vary; 0 unless given. */
  readonly pseudoCount?: (stratum: number, outcome: number) => number;
}

export interface BootstrapInterval extends Interval {
  /** The statistic of the counts themselves. */
  readonly estimate: number;
}

/**
 * Bounds on a statistic, each one-sided at level `alpha`, by drawing every stratum anew at its size. Approximate: without
 * pseudo-counts nothing can vary in a stratum without a failure, which makes small strata too sure; for one rate use Clopper
 * and Pearson. The bounds always include the estimate.
 */
export function bootstrapInterval(options: BootstrapOptions): BootstrapInterval {
  const { counts, statistic, alpha, random, resamples = 2000, pseudoCount = () => 0 } = options;
  checkOpenUnit("alpha", alpha);
  checkCount("resamples", resamples, 1);
  for (const count of counts.flat()) checkCount("a count", count);
  const strata = counts.map((row, stratum) => ({
    total: row.reduce((sum, count) => sum + count, 0),
    weights: row.map((count, outcome) => count + pseudoCount(stratum, outcome)),
  }));
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) values[i] = statistic(strata.map((stratum) => resample(stratum, random)));
  values.sort();
  const estimate = statistic(counts);
  return {
    estimate,
    lower: Math.min(estimate, quantile(values, alpha)),
    upper: Math.max(estimate, quantile(values, 1 - alpha)),
  };
}

interface Stratum {
  readonly total: number;
  /** Relative frequencies of the outcomes. */
  readonly weights: readonly number[];
}

/** As many draws as the stratum counts, with its frequencies. */
function resample({ total, weights }: Stratum, random: Random): number[] {
  const drawn = weights.map(() => 0);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const possible = weights.flatMap((weight, outcome) => (weight > 0 ? [outcome] : []));
  if (total === 0 || possible.length === 0) return drawn;
  for (let i = 0; i < total; i++) {
    let ticket = random.next() * sum;
    const outcome = possible.find((one) => (ticket -= weights[one]!) < 0) ?? possible.at(-1)!;
    drawn[outcome]!++;
  }
  return drawn;
}
