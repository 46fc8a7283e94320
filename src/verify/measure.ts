/** From outcomes (truth and prediction of each photograph) to the metrics of a split and their bounds. */
import { random } from "../core/index.js";
import { argmaxRows, classMetrics, confidenceBins, confusionMatrix, measurePredictions } from "../metrics/index.js";
import {
  type BootstrapInterval,
  bootstrapInterval,
  clopperPearsonInterval,
  clopperPearsonLower,
  clopperPearsonUpper,
  quantile,
  type BootstrapOptions,
} from "../statistics/index.js";
import type { ClassRow, ReliabilityBin, SplitMetrics } from "./evidence.js";

/** What the bundle said of one photograph. Classes are indices of the bundle's labels. */
export interface Outcome {
  readonly path: string;
  readonly pixelHash: string;
  readonly truth: number;
  readonly predicted: number;
  readonly probabilities: Float32Array;
}

export type BootstrappedMetric = "balancedAccuracy" | "macroF1";

/** Level of each side of the intervals that are shown, not judged: two-sided 95 %. */
const shownAlpha = 0.05;

/** All metrics of a split that is not empty, with two-sided 95 % intervals. */
export function measureSplit(outcomes: readonly Outcome[], classes: number): SplitMetrics {
  const truths = outcomes.map(({ truth }) => truth);
  const probabilities = new Float32Array(outcomes.length * classes);
  for (const [row, outcome] of outcomes.entries()) probabilities.set(outcome.probabilities, row * classes);
  const metrics = measurePredictions(truths, probabilities, classes);
  const confusion = confusionOf(outcomes, classes);
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  const interval = clopperPearsonInterval(right, outcomes.length, shownAlpha);
  const balanced = bootstrapBounds("balancedAccuracy", outcomes, classes, shownAlpha / 2);
  return {
    n: outcomes.length,
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
  return classMetrics(confusion).map(({ support, recall, precision }, i) => ({
    label: labels[i]!,
    trainCount: trainCounts[labels[i]!] ?? 0,
    testCount: support,
    testCorrect: confusion[i]![i]!,
    recall,
    recallLower: support === 0 ? null : clopperPearsonLower(confusion[i]![i]!, support, alpha),
    recallUpper: support === 0 ? null : clopperPearsonUpper(confusion[i]![i]!, support, alpha),
    precision,
  }));
}

const statistics: Readonly<Record<BootstrappedMetric, (confusion: BootstrapOptions["counts"]) => number>> = {
  balancedAccuracy: (confusion) => meanOf(classMetrics(confusion).map(({ recall }) => recall)),
  macroF1: (confusion) => meanOf(classMetrics(confusion).map(({ f1 }) => f1)),
};

/**
 * Estimate and one-sided bounds, each at `alpha`, by stratified bootstrap; the same for the same outcomes. Approximate. Every
 * class gets half a right and half a wrong answer more (Jeffreys' prior), since five right of five do not show a recall of 1.
 */
export function bootstrapBounds(
  metric: BootstrappedMetric,
  outcomes: readonly Outcome[],
  classes: number,
  alpha: number,
): BootstrapInterval {
  const counts = confusionOf(outcomes, classes);
  return bootstrapInterval({
    counts,
    statistic: statistics[metric],
    alpha,
    random: random(0, "bootstrap", metric),
    pseudoCount: (truth, predicted) => (truth === predicted ? 0.5 : 0.5 / Math.max(1, classes - 1)),
  });
}

/** Mean of samples with one-sided bounds, each at `alpha`, by bootstrap. Approximate. */
export function meanBounds(samples: Float64Array, alpha: number): BootstrapInterval {
  const mean = (at: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += samples[at(i)]!;
    return sum / samples.length;
  };
  const source = random(0, "bootstrap", "mean");
  const means = Float64Array.from({ length: 2000 }, () => mean(() => source.below(samples.length))).toSorted();
  return { estimate: mean((i) => i), lower: quantile(means, alpha), upper: quantile(means, 1 - alpha) };
}

export interface WorstClassBounds {
  readonly worst: ClassRow;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Bounds on the smallest recall of classes that all have test photographs. Lower: that every class clears a value is shown when
 * each does at `alpha` (intersection–union). Upper: the smallest of k upper bounds, each at Šidák's 1 − (1 − alpha)^(1/k).
 */
export function worstClassBounds(rows: readonly ClassRow[], alpha: number): WorstClassBounds {
  const each = 1 - (1 - alpha) ** (1 / rows.length);
  const worst = rows.reduce((least, row) => (row.recall! < least.recall! ? row : least));
  return {
    worst,
    lower: Math.min(...rows.map(({ testCorrect, testCount }) => clopperPearsonLower(testCorrect, testCount, alpha))),
    upper: Math.min(...rows.map(({ testCorrect, testCount }) => clopperPearsonUpper(testCorrect, testCount, each))),
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

/** The mean of the values that exist. */
function meanOf(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
