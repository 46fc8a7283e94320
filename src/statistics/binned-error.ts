/**
 * Bounds on a binned absolute error, Σ over bins |Σ (correct − confidence)| / n: the expected calibration error.
 *
 * The bootstrap's percentiles are no use here: resampling adds noise to every bin, and the absolute value makes a bias of it, so
 * that of a well calibrated model the lower bound lies above the truth nearly always; corrected for that bias, the upper bound is
 * too low three times as often as it may. Instead:
 * - the measured error is on average too large (Jensen), so that error + t s is a safe upper bound;
 * - with the signs that the bins have in one half of the groups, Σ sign · surplus of the other half is on average at most the true
 *   error, whichever the signs: both halves in turn, less t s, give the lower bound.
 */
import { checkOpenUnit } from "./domain.js";
import type { BoundedRate } from "./difference.js";
import { studentQuantile } from "./mean.js";

/** A photograph. */
export interface Surplus {
  readonly bin: number;
  readonly correct: boolean;
  readonly confidence: number;
}

export interface BinnedErrorOptions {
  readonly bins: number;
  /** Photographs by group; a photograph of its own is a group of one. */
  readonly groups: readonly (readonly Surplus[])[];
  /** Level of each of the two bounds by itself. */
  readonly alpha: number;
}

/** The two halves lend each other signs, which ties them where a bin has no error: Var(|e| + |o|) = 2 σ² (1 + 2/π) for normal e, o. */
const bothWays = 1 + 2 / Math.PI;

const surplusOf = ({ correct, confidence }: Surplus): number => (correct ? 1 : 0) - confidence;

/** The error with one-sided bounds at level `alpha`. Approximate, and conservative where the error is small. */
export function binnedErrorBounds({ bins, groups, alpha }: BinnedErrorOptions): BoundedRate {
  checkOpenUnit("alpha", alpha);
  const n = groups.reduce((sum, rows) => sum + rows.length, 0);
  const t = studentQuantile(1 - Math.min(alpha, 0.5), Math.max(1, groups.length - 1));
  const halves = [0, 1].map((half) => groups.filter((_, i) => i % 2 === half));
  const [even, odd] = halves.map((part) => binSums(part, bins)) as [Float64Array, Float64Array];
  const whole = even.map((value, bin) => value + odd[bin]!);
  const estimate = whole.reduce((sum, value) => sum + Math.abs(value), 0) / n;
  const floor = groups.flat().reduce((sum, { confidence }) => sum + confidence * (1 - confidence), 0);
  const deviation = (part: readonly (readonly Surplus[])[], signs: Float64Array): number => spread(part, signs);
  const upper = estimate + (t * Math.sqrt(Math.max(floor, deviation(groups, whole)))) / n;
  const crossed = even.reduce(
    (sum, value, bin) => sum + Math.sign(odd[bin]!) * value + Math.sign(value) * odd[bin]!,
    0,
  );
  const crossSpread = deviation(halves[0]!, odd) + deviation(halves[1]!, even);
  const lower = crossed / n - (t * Math.sqrt(bothWays * Math.max(floor, crossSpread))) / n;
  return { estimate, lower: Math.max(0, Math.min(estimate, lower)), upper: Math.min(1, upper) };
}

function binSums(groups: readonly (readonly Surplus[])[], bins: number): Float64Array {
  const sums = new Float64Array(bins);
  for (const rows of groups) for (const row of rows) sums[row.bin]! += surplusOf(row);
  return sums;
}

/** Variance of Σ sign · surplus over groups that were drawn independently. */
function spread(groups: readonly (readonly Surplus[])[], signs: Float64Array): number {
  const values = groups.map((rows) => rows.reduce((sum, row) => sum + Math.sign(signs[row.bin]!) * surplusOf(row), 0));
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return (squares * values.length) / Math.max(1, values.length - 1);
}
