/** Quantiles of samples, and bounds on the quantiles of what they were drawn from, whatever its distribution. */
import { binomialCdf, binomialTail } from "./binomial.js";
import { checkOpenUnit, checkUnit } from "./domain.js";
import { smallest } from "./search.js";

/** The quantile of ascending samples, linear between neighbors (type 7 of Hyndman and Fan 1996, as in NumPy and R). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  checkUnit("q", q);
  if (sorted.length === 0) throw new RangeError("a quantile of no samples");
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  // Equal neighbors first: infinite ones would give NaN below.
  return low === high ? low : low + (high - low) * (position - below);
}

/**
 * The smallest sample that is an upper bound of the true quantile at level `alpha` (order statistics and the binomial
 * distribution); null when there are too few samples: the 95th percentile at 0.05 needs 59. Any order of samples.
 */
export function quantileUpperBound(samples: ArrayLike<number>, q: number, alpha: number): number | null {
  checkOpenUnit("q", q);
  checkOpenUnit("alpha", alpha);
  const sorted = Float64Array.from(samples).toSorted();
  // Sample k (from 1) is below the quantile only if at least k samples are, each with probability at most q.
  const bounds = (rank: number): boolean => rank > sorted.length || binomialTail(rank, sorted.length, q) <= alpha;
  return sorted[smallest(1, sorted.length + 1, bounds) - 1] ?? null;
}

/** The largest sample that is a lower bound of the true quantile at level `alpha`; null when there are too few samples. */
export function quantileLowerBound(samples: ArrayLike<number>, q: number, alpha: number): number | null {
  checkOpenUnit("q", q);
  checkOpenUnit("alpha", alpha);
  const sorted = Float64Array.from(samples).toSorted();
  // Sample k (from 1) is above the quantile only if fewer than k samples are at or below it.
  const tooHigh = (rank: number): boolean => rank > sorted.length || binomialCdf(rank - 1, sorted.length, q) > alpha;
  return sorted[smallest(1, sorted.length + 1, tooHigh) - 2] ?? null;
}
