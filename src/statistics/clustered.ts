/**
 * What grouped trials prove about a rate: trials of one group (frames of one video, photographs of one article) resemble each
 * other, so n of them count for fewer. E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected
 * number of positive counts estimated from survey data", Survey Methodology 24 (1998): Clopper and Pearson's bounds with the
 * effective sample size.
 */
import { betaQuantile } from "./beta.js";
import { checkOpenUnit, checkTrials } from "./domain.js";
import type { Interval } from "./proportion.js";
import { studentQuantile } from "./mean.js";

/** A group: so many trials, so many of them successes. */
export interface Cluster {
  readonly trials: number;
  readonly successes: number;
}

export interface ClusteredRate {
  readonly trials: number;
  readonly successes: number;
  readonly clusters: number;
  /** The number of independent trials that would know as much, before Student's t is allowed for. */
  readonly effectiveTrials: number;
  /** Variance of the rate over that of as many independent trials. */
  readonly designEffect: number;
  /** Satterthwaite's degrees of freedom: the number of equal groups with the same spread, less one. */
  readonly degrees: number;
}

/**
 * The design effect of grouped trials, never below 1. The variance between groups is taken with two more groups of the usual
 * size (as a trial sees it), one all success and one all failure: else a few failures, in a few groups by chance, would pass
 * for independent. Korn and Graubard have no such groups; `bench/certificates` shows what they are for.
 */
export function measureClusters(clusters: readonly Cluster[]): ClusteredRate {
  for (const { successes, trials } of clusters) checkTrials(successes, trials);
  const sum = (value: (cluster: Cluster) => number): number => clusters.reduce((all, one) => all + value(one), 0);
  const trials = sum((one) => one.trials);
  const successes = sum((one) => one.successes);
  const count = clusters.length;
  const facts = { trials, successes, clusters: count };
  if (trials === count) return { ...facts, effectiveTrials: trials, designEffect: 1, degrees: Math.max(1, count - 1) };
  const squares = sum((one) => one.trials ** 2);
  const usual = squares / trials;
  const rate = (successes + usual) / (trials + 2 * usual);
  const spread =
    sum((one) => (one.successes - rate * one.trials) ** 2) + ((1 - rate) * usual) ** 2 + (rate * usual) ** 2;
  // Linearized variance of a ratio, Σ (x_g − p m_g)² / n², over p (1 − p) / n.
  const effect = (spread * count) / Math.max(1, count - 1) / (rate * (1 - rate) * (trials + 2 * usual));
  const designEffect = Math.max(1, effect);
  const degrees = Math.max(1, squares ** 2 / sum((one) => one.trials ** 4) - 1);
  return { ...facts, effectiveTrials: trials / designEffect, designEffect, degrees };
}

/** The one-sided lower bound of the rate at level `alpha`; exact, Clopper and Pearson, where every group is one trial. Else approximate. */
export function clusteredLower(clusters: readonly Cluster[], alpha: number): number {
  checkOpenUnit("alpha", alpha);
  const measured = measureClusters(clusters);
  const { trials, successes } = measured;
  if (successes === 0) return 0;
  const counted = countedTrials(measured, alpha);
  if (successes === trials) return alpha ** (1 / counted);
  const right = (successes / trials) * counted;
  return betaQuantile(alpha, right, counted - right + 1);
}

/** The one-sided upper bound of the rate at level `alpha`, as `clusteredLower`. */
export function clusteredUpper(clusters: readonly Cluster[], alpha: number): number {
  const failures = clusters.map(({ trials, successes }) => ({ trials, successes: trials - successes }));
  return 1 - clusteredLower(failures, alpha);
}

/** The two-sided interval: `alpha` / 2 on each side. */
export function clusteredInterval(clusters: readonly Cluster[], alpha: number): Interval {
  return { lower: clusteredLower(clusters, alpha / 2), upper: clusteredUpper(clusters, alpha / 2) };
}

/** Effective trials, fewer by what few groups leave unknown of the variance: (t of the trials / t of the groups)². */
function countedTrials({ trials, effectiveTrials, designEffect, degrees }: ClusteredRate, alpha: number): number {
  if (designEffect === 1 && effectiveTrials === trials && degrees >= trials - 1) return trials;
  const ratio =
    studentQuantile(1 - Math.min(alpha, 0.49), trials - 1) / studentQuantile(1 - Math.min(alpha, 0.49), degrees);
  return effectiveTrials * Math.min(1, ratio ** 2);
}
