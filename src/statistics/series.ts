/**
 * Bounds on a series of timings in the order in which they were taken. Neighbors resemble each other (the machine is busy for a
 * while), so n of them tell less than n. The series is cut into blocks, which count as groups: order statistics with the
 * effective size (R. S. Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952)), and means of
 * blocks (L. W. Schruben, "Confidence interval estimation using standardized time series", Operations Research 31 (1983), §1).
 * Where neighbors resemble each other so much that order statistics give nothing, Chebyshev's inequality still bounds a quantile.
 */
import { incompleteBeta } from "./beta.js";
import { checkOpenUnit } from "./domain.js";
import { quantile } from "./quantile.js";
import { smallest } from "./search.js";
import { studentQuantile } from "./mean.js";

export interface SeriesBounds {
  readonly estimate: number;
  /** Null where there are too few samples. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Independent samples that would know as much. */
  readonly effective: number;
}

export interface QuantileBounds extends SeriesBounds {
  /** What `upper` rests on: order statistics, or where they give none the wider bound by the mean square; null without a bound. */
  readonly by: "order statistics" | "mean square" | null;
}

/** Fewer blocks say too little of how much they differ. */
const fewestBlocks = 10;

/** Lengths of blocks that are tried: the one by which the samples count least is believed. */
const blockLengths = [1, 2, 5, 10, 25, 50, 100];

/** Independent samples of which the largest is an upper bound of the `q` quantile. */
export function samplesForUpper(q: number, alpha: number): number {
  return Math.ceil(Math.log(alpha) / Math.log(q));
}

/** One-sided bounds, each at level `alpha`, of the `q` quantile of what the samples, in order of time, are drawn from. */
export function seriesQuantile(samples: ArrayLike<number>, q: number, alpha: number): QuantileBounds {
  checkOpenUnit("q", q);
  checkOpenUnit("alpha", alpha);
  const sorted = Float64Array.from(samples).toSorted();
  const n = sorted.length;
  const estimate = quantile(sorted, q);
  const above = Float64Array.from(samples, (value) => (value > estimate ? 1 : 0));
  const effective = n / Math.max(1, ...possibleLengths(n).map((length) => inflation(above, length, alpha)));
  const rank = (share: number): number => share * effective;
  // Of m samples Binomial(m, q) lie below the quantile: sample k of n counts as k m / n of them.
  const bounds = (k: number): boolean => k > n || tailAtLeast(rank(k / n), effective, q) <= alpha;
  const tooHigh = (k: number): boolean => k > n || 1 - tailAtLeast(rank((k - 1) / n) + 1, effective, q) > alpha;
  const ordered = sorted[smallest(1, n + 1, bounds) - 1] ?? null;
  const upper = ordered ?? meanSquareUpper(samples, quantile(sorted, 0.5), q, alpha);
  const by = upper === null ? null : ordered === null ? "mean square" : "order statistics";
  return { estimate, lower: sorted[smallest(1, n + 1, tooHigh) - 2] ?? null, upper, by, effective };
}

/** For one sample that order statistics need where it stands for itself, so many for a bound by the mean square: with fewer, what is rare is not seen. */
const meanSquareShare = 2;

/** A mean square whose blocks count for fewer is no mean: the machine drifts. */
const fewestEffective = 3;

/**
 * P(X ≥ t) ≤ E[max(0, X − c)²] / (t − c)², Chebyshev's inequality of one side; c is the median, and the mean square has its own
 * upper bound at `alpha`. Some 1.4 times the quantile where order statistics give one too. Null for too few samples.
 */
function meanSquareUpper(samples: ArrayLike<number>, center: number, q: number, alpha: number): number | null {
  if (samples.length < meanSquareShare * samplesForUpper(q, alpha)) return null;
  const squares = Float64Array.from(samples, (value) => Math.max(0, value - center) ** 2);
  const { upper, effective } = seriesMean(squares, alpha);
  return upper === null || effective < fewestEffective ? null : center + Math.sqrt(upper / (1 - q));
}

/** The mean with one-sided bounds, each at level `alpha`, by Student's t on means of blocks; the widest of the block lengths. Approximate. */
export function seriesMean(samples: ArrayLike<number>, alpha: number): SeriesBounds {
  checkOpenUnit("alpha", alpha);
  const values = Float64Array.from(samples);
  const estimate = meanOf(values);
  const plain = variance(values, estimate) / values.length;
  const lengths = possibleLengths(values.length);
  const halves = lengths.map((length) => {
    const means = blockMeans(values, length);
    const deviation = Math.sqrt((variance(means, meanOf(means)) * dragging(means)) / means.length);
    return { half: studentQuantile(1 - alpha, means.length - 1) * deviation, deviation };
  });
  if (halves.length === 0) return { estimate, lower: null, upper: null, effective: values.length };
  const widest = halves.reduce((a, b) => (b.half > a.half ? b : a));
  const effective = widest.deviation === 0 ? values.length : (values.length * plain) / widest.deviation ** 2;
  return {
    estimate,
    lower: estimate - widest.half,
    upper: estimate + widest.half,
    effective: Math.min(values.length, effective),
  };
}

/** P(X ≥ k) of a binomial with a real number of trials, by the beta distribution. */
function tailAtLeast(k: number, trials: number, rate: number): number {
  if (k <= 0) return 1;
  if (k > trials) return 0;
  return incompleteBeta(rate, k, trials - k + 1).lower;
}

function possibleLengths(samples: number): number[] {
  return blockLengths.filter((length) => Math.floor(samples / length) >= fewestBlocks);
}

/** By how much the variance of the share of ones grows when blocks of this length count as wholes, Student's t allowed for. */
function inflation(ones: Float64Array, length: number, alpha: number): number {
  const rate = meanOf(ones);
  if (rate === 0 || rate === 1) return 1;
  const means = blockMeans(ones, length);
  const tail = Math.min(alpha, 0.49);
  const ratio = studentQuantile(1 - tail, means.length - 1) / studentQuantile(1 - tail, ones.length - 1);
  return ((variance(means, rate) * length) / (rate * (1 - rate))) * dragging(means) * ratio ** 2;
}

/**
 * By how much more the mean of a series varies whose values drag each other along: (1 + r) / (1 − r) for a first-order
 * autoregression, where its correlation r from one value to the next is more than chance.
 */
function dragging(values: Float64Array): number {
  const mean = meanOf(values);
  let products = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    squares += (values[i]! - mean) ** 2;
    if (i > 0) products += (values[i]! - mean) * (values[i - 1]! - mean);
  }
  if (squares === 0) return 1;
  const correlation = Math.min(0.98, products / squares + 1 / values.length); // the estimate is too small by about 1/n
  return correlation < 2 / Math.sqrt(values.length) ? 1 : (1 + correlation) / (1 - correlation);
}

/** Means of consecutive blocks; samples that fill no block are left out at the beginning, where the machine is least at rest. */
function blockMeans(values: Float64Array, length: number): Float64Array {
  const blocks = Math.floor(values.length / length);
  const from = values.length - blocks * length;
  return Float64Array.from({ length: blocks }, (_, i) =>
    meanOf(values.subarray(from + i * length, from + (i + 1) * length)),
  );
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: Float64Array, mean: number): number {
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
}
