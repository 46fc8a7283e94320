/** What a count of successes proves about a rate: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934). */
import { betaQuantile } from "./beta.js";
import { binomialCdf, binomialTail } from "./binomial.js";
import { checkCount, checkOpenUnit, checkTrials, checkUnit } from "./domain.js";
import { smallest } from "./search.js";

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** The exact one-sided lower bound: above the true rate with probability at most `alpha`. No trials prove nothing: 0. */
export function clopperPearsonLower(successes: number, trials: number, alpha: number): number {
  checkTrials(successes, trials);
  checkOpenUnit("alpha", alpha);
  if (successes === 0) return 0;
  if (successes === trials) return alpha ** (1 / trials);
  return betaQuantile(alpha, successes, trials - successes + 1);
}

/** The exact one-sided upper bound: below the true rate with probability at most `alpha`. No trials prove nothing: 1. */
export function clopperPearsonUpper(successes: number, trials: number, alpha: number): number {
  checkTrials(successes, trials);
  return 1 - clopperPearsonLower(trials - successes, trials, alpha);
}

/** The exact two-sided interval: misses the true rate with probability at most `alpha`, half of it on each side. */
export function clopperPearsonInterval(successes: number, trials: number, alpha: number): Interval {
  return {
    lower: clopperPearsonLower(successes, trials, alpha / 2),
    upper: clopperPearsonUpper(successes, trials, alpha / 2),
  };
}

/**
 * The smallest number right of `trials` that proves `target`, that is, whose lower bound at level `alpha` is at least `target`;
 * null where even all right would not.
 */
export function provable(trials: number, target: number, alpha: number): number | null {
  checkCount("trials", trials);
  checkOpenUnit("alpha", alpha);
  checkUnit("target", target);
  if (target === 0) return 0;
  const proves = (successes: number): boolean => clopperPearsonLower(successes, trials, alpha) >= target;
  if (trials === 0 || !proves(trials)) return null;
  return smallest(1, trials, proves);
}

export interface TestSizeOptions {
  /** The true rate that is supposed. */
  readonly rate: number;
  readonly target: number;
  readonly alpha: number;
  /** The wanted probability that the test proves the target. */
  readonly power: number;
}

/** No test this large is ever recommended. */
const mostTrials = 10_000_000;

/**
 * The smallest number of test images with which a model of this true rate proves the target with the wanted probability;
 * null when the rate does not exceed the target, or when more than ten million would be needed.
 *
 * Write f for the failures that a test of n images may contain. Power falls with n at equal f, so only the smallest n for each
 * f comes into question, and along those power grows with f but for the jitter of rounding n.
 */
export function testImagesNeeded({ rate, target, alpha, power }: TestSizeOptions): number | null {
  checkUnit("rate", rate);
  checkUnit("target", target);
  checkOpenUnit("alpha", alpha);
  checkOpenUnit("power", power);
  if (rate <= target || !provesWithPower(mostTrials, { rate, target, alpha, power })) return null;
  const enough = (failures: number): boolean =>
    binomialCdf(failures, trialsForFailures(failures, target, alpha), 1 - rate) >= power;
  let high = 1;
  while (!enough(high)) high *= 2;
  const found = smallest(0, high, enough);
  // Rounding n by one shifts f by about (1 − rate)(1 − target)/(rate − target): look that far below for an earlier hit.
  const jitter = 2 + Math.ceil((2 * (1 - rate) * (1 - target)) / (rate - target));
  let failures = Math.max(0, found - jitter);
  while (!enough(failures)) failures++;
  return trialsForFailures(failures, target, alpha);
}

function provesWithPower(trials: number, { rate, target, alpha, power }: TestSizeOptions): boolean {
  const needed = provable(trials, target, alpha);
  return needed !== null && binomialTail(needed, trials, rate) >= power;
}

/** The fewest trials that prove the target in spite of so many failures. */
function trialsForFailures(failures: number, target: number, alpha: number): number {
  // The lower bound reaches the target exactly where so few failures are improbable enough at the target.
  const proves = (trials: number): boolean => binomialCdf(failures, trials, 1 - target) <= alpha;
  let high = Math.ceil((failures + 1) / (1 - target));
  while (!proves(high)) high *= 2;
  return smallest(failures + 1, high, proves);
}

/** The level at which opening `k` (from 1) of a test split is judged: over all openings together never more than `alpha`. */
export function openingAlpha(alpha: number, k: number): number {
  checkOpenUnit("alpha", alpha);
  checkCount("k", k, 1);
  return k === 1 ? 0.8 * alpha : (0.2 * alpha) / (k * (k - 1));
}
