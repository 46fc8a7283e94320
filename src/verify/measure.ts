/** From outcomes (truth and prediction of each photograph) to the metrics of a split and their bounds. */
import { groupBy, random } from "../core/index.js";
import {
  argmaxRows,
  calibrationBins,
  classMetrics,
  confidenceBins,
  confusionMatrix,
  measurePredictions,
  usualBins,
} from "../metrics/index.js";
import {
  binnedErrorBounds,
  type BootstrapInterval,
  bootstrapInterval,
  type BoundedRate,
  clopperPearsonInterval,
  type Cluster,
  clusteredInterval,
  clusteredLower,
  clusteredUpper,
  measureClusters,
  type TallyStatistic,
  tallyStatistics,
} from "../statistics/index.js";
import type { ClassRow, ReliabilityBin, SplitMetrics } from "./evidence.js";

/** What the bundle said of one photograph. Classes are indices of the bundle's labels. */
export interface Outcome {
  readonly path: string;
  readonly pixelHash: string;
  /** Photographs of one group resemble each other; those without one stand for themselves. */
  readonly group?: string;
  readonly truth: number;
  readonly predicted: number;
  readonly probabilities: Float32Array;
}

/** Level of each side of the intervals that are shown, not judged: two-sided 95 %. */
const shownAlpha = 0.05;

/** Outcomes by group, a photograph without one by itself; in the order of the first of each. */
export function groupsOf(outcomes: readonly Outcome[]): (readonly Outcome[])[] {
  if (outcomes.every(({ group }) => group === undefined)) return outcomes.map((outcome) => [outcome]);
  return [
    ...groupBy(outcomes, ({ group, pixelHash }) =>
      group === undefined ? `pixels ${pixelHash}` : `group ${group}`,
    ).values(),
  ];
}

/** How many right answers each group has. */
export function clustersOf(outcomes: readonly Outcome[]): Cluster[] {
  return groupsOf(outcomes).map((rows) => ({
    trials: rows.length,
    successes: rows.filter(({ truth, predicted }) => truth === predicted).length,
  }));
}

/** All metrics of a split that is not empty, with two-sided 95 % intervals. */
export function measureSplit(outcomes: readonly Outcome[], classes: number): SplitMetrics {
  const truths = outcomes.map(({ truth }) => truth);
  const probabilities = new Float32Array(outcomes.length * classes);
  for (const [row, outcome] of outcomes.entries()) probabilities.set(outcome.probabilities, row * classes);
  const metrics = measurePredictions(truths, probabilities, classes);
  const confusion = confusionOf(outcomes, classes);
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  const clusters = clustersOf(outcomes);
  const interval = clusteredInterval(clusters, shownAlpha);
  const balanced = bootstrapBounds("balancedAccuracy", outcomes, classes, shownAlpha / 2);
  return {
    n: outcomes.length,
    groups: clusters.length,
    accuracy: right / outcomes.length,
    accuracyInterval: [interval.lower, interval.upper],
    balancedAccuracy: balanced.estimate,
    balancedAccuracyInterval: [balanced.lower, balanced.upper],
    negativeLogLikelihood: metrics.negativeLogLikelihood,
    calibrationError: metrics.calibrationError,
    confusion,
    reliability: reliabilityBins(truths, probabilities, classes),
  };
}

/** As many as a diagram can show with intervals that say something. */
const reliabilityBinCount = 10;

function reliabilityBins(
  truths: readonly number[],
  probabilities: Float32Array,
  classes: number,
): readonly ReliabilityBin[] {
  const predictions = argmaxRows(probabilities, classes);
  const confidences = Float64Array.from(predictions, (best, row) => probabilities[row * classes + best]!);
  return confidenceBins(truths, predictions, confidences, reliabilityBinCount).map(({ n, right, confidence }) => {
    const { lower, upper } = clopperPearsonInterval(right, n, shownAlpha);
    return { n, confidence, accuracy: right / n, interval: [lower, upper] };
  });
}

/** A row for each class, its recall bounds one-sided at `alpha`. */
export function classRows(
  outcomes: readonly Outcome[],
  labels: readonly string[],
  trainCounts: Readonly<Record<string, number>>,
  alpha: number,
): ClassRow[] {
  const confusion = confusionOf(outcomes, labels.length);
  const byClass = groupBy(outcomes, ({ truth }) => truth);
  return classMetrics(confusion).map(({ support, recall, precision }, i) => {
    const clusters = clustersOf(byClass.get(i) ?? []);
    const { designEffect } = measureClusters(clusters);
    return {
      label: labels[i]!,
      trainCount: trainCounts[labels[i]!] ?? 0,
      testCount: support,
      testCorrect: confusion[i]![i]!,
      recall,
      recallLower: support === 0 ? null : clusteredLower(clusters, alpha),
      recallUpper: support === 0 ? null : clusteredUpper(clusters, alpha),
      precision,
      ...(clusters.length === support ? {} : { designEffect }),
    };
  });
}

/** Estimate and one-sided bounds, each at `alpha`, by stratified bootstrap of photographs or groups; the same for the same outcomes. Approximate. */
export function bootstrapBounds(
  metric: TallyStatistic,
  outcomes: readonly Outcome[],
  classes: number,
  alpha: number,
): BootstrapInterval {
  return bootstrapInterval({
    classes,
    groups: groupsOf(outcomes),
    statistic: tallyStatistics[metric],
    alpha,
    random: random(0, "bootstrap", metric),
  });
}

/** Expected calibration error with one-sided bounds, each at `alpha`. Approximate. */
export function calibrationBounds(outcomes: readonly Outcome[], alpha: number): BoundedRate {
  const best = outcomes.map(({ probabilities }) => indexOfLargest(probabilities));
  const confidences = outcomes.map(({ probabilities }, i) => probabilities[best[i]!]!);
  const bins = calibrationBins(confidences);
  const rows = new Map(
    outcomes.map((outcome, i) => {
      const correct = best[i] === outcome.truth;
      return [outcome, { bin: bins[i]!, correct, confidence: confidences[i]! }];
    }),
  );
  const groups = groupsOf(outcomes).map((group) => group.map((outcome) => rows.get(outcome)!));
  return binnedErrorBounds({ bins: usualBins, groups, alpha });
}

export interface WorstClassBounds {
  readonly worst: ClassRow;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Bounds on the smallest recall of classes that all have test photographs. Lower: that every class clears a value is shown when
 * each does at `alpha` (intersection–union: R. L. Berger, Technometrics 24 (1982)). Upper: the smallest of k upper bounds, each at
 * Šidák's 1 − (1 − alpha)^(1/k) (JASA 62 (1967)).
 */
export function worstClassBounds(
  rows: readonly ClassRow[],
  outcomes: readonly Outcome[],
  alpha: number,
): WorstClassBounds {
  const each = 1 - (1 - alpha) ** (1 / rows.length);
  const worst = rows.reduce((least, row) => (row.recall! < least.recall! ? row : least));
  const byClass = [...groupBy(outcomes, ({ truth }) => truth).values()].map(clustersOf);
  return {
    worst,
    lower: Math.min(...byClass.map((clusters) => clusteredLower(clusters, alpha))),
    upper: Math.min(...byClass.map((clusters) => clusteredUpper(clusters, each))),
  };
}

/** Classes with less than half the mean number of training photographs. */
export function rareClasses(rows: readonly ClassRow[]): ClassRow[] {
  const mean = rows.reduce((sum, { trainCount }) => sum + trainCount, 0) / rows.length;
  return rows.filter(({ trainCount }) => trainCount < mean / 2);
}

function confusionOf(outcomes: readonly Outcome[], classes: number): readonly (readonly number[])[] {
  return confusionMatrix(
    outcomes.map(({ truth }) => truth),
    outcomes.map(({ predicted }) => predicted),
    classes,
  );
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
