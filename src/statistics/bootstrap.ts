/**
 * The stratified bootstrap (Efron 1979) for statistics of a confusion matrix, such as macro F1. Groups of photographs are drawn
 * as wholes (the cluster bootstrap: A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application", 1997, §3.8).
 */
import type { Random } from "../core/index.js";
import { checkCount, checkOpenUnit } from "./domain.js";
import { multinomialDraw } from "./drawing.js";
import type { Interval } from "./proportion.js";
import { quantile } from "./quantile.js";

/** A photograph: its true class and the one it was given. */
export interface Judged {
  readonly truth: number;
  readonly predicted: number;
}

/** What statistics are made of; each by class. */
export interface Tallies {
  readonly hits: Float64Array;
  /** Photographs of the class. */
  readonly support: Float64Array;
  /** Photographs that were given the class. */
  readonly predicted: Float64Array;
}

export type TallyStatistic = "balancedAccuracy" | "macroF1";

export const tallyStatistics: Readonly<Record<TallyStatistic, (tallies: Tallies) => number>> = {
  balancedAccuracy: ({ hits, support }) => meanRatio(hits, support),
  macroF1: ({ hits, support, predicted }) => 2 * meanRatio(hits, support, predicted),
};

/** The mean of parts over wholes, of the classes that have a whole; `more` is added to the wholes. */
function meanRatio(parts: Float64Array, wholes: Float64Array, more?: Float64Array): number {
  let sum = 0;
  let known = 0;
  for (let i = 0; i < parts.length; i++) {
    const whole = wholes[i]! + (more?.[i] ?? 0);
    if (whole === 0) continue;
    sum += parts[i]! / whole;
    known++;
  }
  return sum / Math.max(1, known);
}

export interface BootstrapOptions {
  readonly classes: number;
  /** Photographs by group; a photograph of its own is a group of one. */
  readonly groups: readonly (readonly Judged[])[];
  /** Between 0 and 1. */
  readonly statistic: (tallies: Tallies) => number;
  /** Level of each of the two bounds by itself. */
  readonly alpha: number;
  readonly random: Random;
  /** 2,000 unless given. */
  readonly resamples?: number;
}

export interface BootstrapInterval extends Interval {
  /** The statistic of the photographs themselves. */
  readonly estimate: number;
}

/**
 * Bounds on a statistic, each one-sided at level `alpha`: of every class as many groups are drawn as it has. Approximate. Each
 * class gets half a group of right answers and half a group of wrong ones more (Jeffreys' prior), since five right of five do
 * not show a recall of 1. That makes the draws worse than the photographs, in every class alike: their spread is kept and moved
 * back to the estimate.
 */
export function bootstrapInterval(options: BootstrapOptions): BootstrapInterval {
  const { classes, groups, statistic, alpha, random, resamples = 2000 } = options;
  checkOpenUnit("alpha", alpha);
  checkCount("resamples", resamples, 1);
  const tallies = emptyTallies(classes);
  for (const rows of groups) for (const row of rows) tally(tallies, row, 1);
  const estimate = statistic(tallies);
  const strata = stratify(groups, classes);
  const values = Float64Array.from({ length: resamples }, () => {
    for (const list of [tallies.hits, tallies.support, tallies.predicted]) list.fill(0);
    for (const draw of strata) draw(random, tallies);
    return statistic(tallies);
  }).toSorted();
  const shift = estimate - values.reduce((sum, value) => sum + value, 0) / resamples;
  return {
    estimate,
    lower: Math.max(0, Math.min(estimate, quantile(values, alpha) + shift)),
    upper: Math.min(1, Math.max(estimate, quantile(values, 1 - alpha) + shift)),
  };
}

function emptyTallies(classes: number): Tallies {
  const zeros = (): Float64Array => new Float64Array(classes);
  return { hits: zeros(), support: zeros(), predicted: zeros() };
}

function tally({ hits, support, predicted }: Tallies, row: Judged, times: number): void {
  if (row.truth === row.predicted) hits[row.truth]! += times;
  support[row.truth]! += times;
  predicted[row.predicted]! += times;
}

/** Groups that look alike, as one. */
interface Pattern {
  /** Rows with how many photographs each stands for. */
  readonly rows: readonly (Judged & { readonly times: number })[];
  /** Number of such groups. */
  weight: number;
}

type StratumDraw = (random: Random, tallies: Tallies) => void;

/** A sampler for each class that has groups: those whose photographs are mostly of it. */
function stratify(groups: readonly (readonly Judged[])[], classes: number): StratumDraw[] {
  const strata = new Map<number, Map<string, Pattern>>();
  for (const rows of groups) {
    if (rows.length === 0) continue;
    const stratum = mostOf(rows);
    const patterns = strata.get(stratum) ?? new Map<string, Pattern>();
    strata.set(stratum, patterns);
    addPattern(patterns, patternOf(rows), 1);
  }
  return [...strata].map(([truth, patterns]) => drawStratum(truth, patterns, classes));
}

function drawStratum(truth: number, patterns: Map<string, Pattern>, classes: number): StratumDraw {
  const groups = [...patterns.values()].reduce((sum, { weight }) => sum + weight, 0);
  addPrior(truth, patterns, classes);
  const sorted = [...patterns.values()].toSorted((a, b) => b.weight - a.weight);
  const draw = multinomialDraw(
    sorted.map(({ weight }) => weight),
    groups,
  );
  return (random, tallies) =>
    draw(random, (index, often) => {
      for (const row of sorted[index]!.rows) tally(tallies, row, often * row.times);
    });
}

/** Half a group all right and half a group all wrong, of the size of group that a photograph usually is in. */
function addPrior(truth: number, patterns: Map<string, Pattern>, classes: number): void {
  let photographs = 0;
  let squares = 0;
  for (const { rows, weight } of patterns.values()) {
    const size = rows.reduce((sum, { times }) => sum + times, 0);
    photographs += weight * size;
    squares += weight * size ** 2;
  }
  const times = squares / photographs;
  for (let predicted = 0; predicted < classes; predicted++) {
    const weight = predicted === truth ? 0.5 : 0.5 / (classes - 1);
    addPattern(patterns, [{ truth, predicted, times }], weight);
  }
}

function addPattern(patterns: Map<string, Pattern>, rows: Pattern["rows"], weight: number): void {
  const key = rows.map(({ truth, predicted, times }) => `${truth} ${predicted} ${times}`).join();
  const known = patterns.get(key);
  if (known) known.weight += weight;
  else patterns.set(key, { rows, weight });
}

function patternOf(rows: readonly Judged[]): Pattern["rows"] {
  if (rows.length === 1) return [{ truth: rows[0]!.truth, predicted: rows[0]!.predicted, times: 1 }];
  const counts = new Map<string, Judged & { times: number }>();
  for (const { truth, predicted } of rows) {
    const key = `${truth} ${predicted}`;
    const known = counts.get(key);
    if (known) known.times++;
    else counts.set(key, { truth, predicted, times: 1 });
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** The commonest true class; of equals the lowest. */
function mostOf(rows: readonly Judged[]): number {
  if (rows.length === 1) return rows[0]!.truth;
  const counts = new Map<number, number>();
  for (const { truth } of rows) counts.set(truth, (counts.get(truth) ?? 0) + 1);
  return [...counts].toSorted(([a, x], [b, y]) => y - x || a - b)[0]![0];
}
