/** Measures of the predicted classes, all from the confusion matrix. */
import { brierScore, calibrationError, negativeLogLikelihood } from "./probability.js";
import { checkLabels, countRows } from "./rows.js";

/** Counts by true class (row) and predicted class (column). */
export type ConfusionMatrix = readonly (readonly number[])[];

export interface ClassMetrics {
  /** Rows whose true class it is. */
  readonly support: number;
  /** Share of them that was found; null without support. */
  readonly recall: number | null;
  /** Share of its predictions that is right; null where it was never predicted. */
  readonly precision: number | null;
  /** 2·tp / (2·tp + fp + fn); null where it neither occurs nor was predicted. */
  readonly f1: number | null;
}

export interface WorstClass {
  readonly class: number;
  readonly recall: number;
}

export interface PredictionMetrics {
  readonly rows: number;
  readonly accuracy: number;
  /** Mean recall of the classes that occur; also called macro recall. */
  readonly balancedAccuracy: number;
  /** Mean F1 of the classes that occur or were predicted. */
  readonly macroF1: number;
  /** The class of lowest recall (the first of equals); null without rows. */
  readonly worstClass: WorstClass | null;
  readonly perClass: readonly ClassMetrics[];
  readonly confusion: ConfusionMatrix;
  readonly negativeLogLikelihood: number;
  readonly brierScore: number;
  readonly calibrationError: number;
}

/** For each row of scores [n, classes] the class of the largest; of equals the lowest. */
export function argmaxRows(scores: Float32Array, classes: number): Int32Array {
  const best = new Int32Array(countRows(scores, classes));
  for (let row = 0; row < best.length; row++) {
    const start = row * classes;
    let winner = 0;
    for (let c = 1; c < classes; c++) if (scores[start + c]! > scores[start + winner]!) winner = c;
    best[row] = winner;
  }
  return best;
}

/** Share of rows of logits or probabilities [n, classes] whose largest is the label's; 0 for no rows. */
export function accuracyOf(scores: Float32Array, labels: ArrayLike<number>, classes: number): number {
  const predictions = argmaxRows(scores, classes);
  checkLabels(labels, predictions.length, classes);
  return ratio(predictions.filter((best, row) => best === labels[row]).length, predictions.length) ?? 0;
}

/** Counts [classes][classes], by true class and predicted class. */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  checkLabels(labels, predictions.length, classes);
  checkLabels(predictions, labels.length, classes);
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let row = 0; row < labels.length; row++) counts[labels[row]!]![predictions[row]!]!++;
  return counts;
}

/** Recall, precision and F1 of every class. */
export function classMetrics(confusion: ConfusionMatrix): ClassMetrics[] {
  return confusion.map((row, index) => {
    const hits = row[index]!;
    const support = sum(row);
    const predicted = sum(confusion.map((other) => other[index]!));
    return {
      support,
      recall: ratio(hits, support),
      precision: ratio(hits, predicted),
      f1: ratio(2 * hits, support + predicted),
    };
  });
}

/** All measures of probabilities [n, classes] against labels [n]; the predicted class is the most probable one. */
export function measurePredictions(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classes: number,
): PredictionMetrics {
  const predictions = argmaxRows(probabilities, classes);
  const confidences = Float64Array.from(predictions, (best, row) => probabilities[row * classes + best]!);
  const confusion = confusionMatrix(labels, predictions, classes);
  const perClass = classMetrics(confusion);
  return {
    rows: predictions.length,
    accuracy: ratio(sum(confusion.map((row, index) => row[index]!)), predictions.length) ?? 0,
    balancedAccuracy: meanOf(perClass.map(({ recall }) => recall)),
    macroF1: meanOf(perClass.map(({ f1 }) => f1)),
    worstClass: findWorst(perClass),
    perClass,
    confusion,
    negativeLogLikelihood: negativeLogLikelihood(labels, probabilities, classes),
    brierScore: brierScore(labels, probabilities, classes),
    calibrationError: calibrationError(labels, predictions, confidences),
  };
}

function findWorst(perClass: readonly ClassMetrics[]): WorstClass | null {
  let worst: WorstClass | null = null;
  for (const [index, { recall }] of perClass.entries())
    if (recall !== null && (worst === null || recall < worst.recall)) worst = { class: index, recall };
  return worst;
}

/** Mean of what is defined; 0 where nothing is. */
function meanOf(values: readonly (number | null)[]): number {
  const defined = values.filter((value) => value !== null);
  return ratio(sum(defined), defined.length) ?? 0;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
