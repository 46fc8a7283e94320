/** How good the probabilities are themselves: likelihood, Brier score (1950), calibration error (Guo 2017, 1706.04599). */
import { checkLabels, countRows } from "./rows.js";

/** Probabilities are float32: what is below its resolution counts as that, so that one zero does not make all infinite. */
const smallestProbability = 2 ** -23;

/** Mean −log p(label), in nats; probabilities are kept above 2⁻²³ as scikit-learn does for float32. 0 for no rows. */
export function negativeLogLikelihood(labels: ArrayLike<number>, probabilities: Float32Array, classes: number): number {
  return meanOfRows(labels, probabilities, classes, (start, label) => {
    const probability = Math.min(Math.max(probabilities[start + label]!, smallestProbability), 1 - smallestProbability);
    return -Math.log(probability);
  });
}

/** Mean over rows of Σ (p − y)² over all classes, from 0 to 2. 0 for no rows. */
export function brierScore(labels: ArrayLike<number>, probabilities: Float32Array, classes: number): number {
  return meanOfRows(labels, probabilities, classes, (start, label) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += (probabilities[start + c]! - (c === label ? 1 : 0)) ** 2;
    return sum;
  });
}

/**
 * Expected calibration error: rows in order of confidence, cut into `bins` of equal size; the mean over rows of their bin's
 * |accuracy − confidence|. Rows of equal confidence stay in one bin, so that the order of rows does not matter. 0 for no rows.
 */
export function calibrationError(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  confidences: ArrayLike<number>,
  bins = usualBins,
): number {
  const rows = labels.length;
  const surplus = new Float64Array(bins); // Σ (correct − confidence) of each bin
  for (const [row, bin] of calibrationBins(confidences, bins).entries())
    surplus[bin]! += (labels[row] === predictions[row] ? 1 : 0) - confidences[row]!;
  return rows === 0 ? 0 : surplus.reduce((sum, value) => sum + Math.abs(value), 0) / rows;
}

/** Bins of the expected calibration error where nothing else is said, as Guo 2017 has them. */
export const usualBins = 15;

/** Rows of similar confidence. */
export interface ConfidenceBin {
  readonly n: number;
  readonly right: number;
  /** Their mean confidence. */
  readonly confidence: number;
}

/** Rows in order of confidence, cut into at most `bins` of equal size; rows of equal confidence stay in one bin. */
export function confidenceBins(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  confidences: ArrayLike<number>,
  bins: number,
): ConfidenceBin[] {
  const sums = Array.from({ length: bins }, () => ({ n: 0, right: 0, confidence: 0 }));
  for (const [row, bin] of calibrationBins(confidences, bins).entries()) {
    const sum = sums[bin]!;
    sum.n++;
    sum.right += labels[row] === predictions[row] ? 1 : 0;
    sum.confidence += confidences[row]!;
  }
  return sums.filter(({ n }) => n > 0).map(({ n, right, confidence }) => ({ n, right, confidence: confidence / n }));
}

/** For each row the bin of the expected calibration error that it falls into. */
export function calibrationBins(confidences: ArrayLike<number>, bins = usualBins): Int32Array {
  const rows = confidences.length;
  const order = Array.from(confidences, (_, row) => row).toSorted((a, b) => confidences[a]! - confidences[b]!);
  const placed = new Int32Array(rows);
  let bin = 1;
  for (const [position, row] of order.entries()) {
    placed[row] = bin - 1;
    const next = order[position + 1];
    if (next !== undefined && (position + 1 < (bin * rows) / bins || confidences[next] === confidences[row])) continue;
    bin = Math.floor(((position + 1) * bins) / rows) + 1;
  }
  return placed;
}

function meanOfRows(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classes: number,
  measure: (start: number, label: number) => number,
): number {
  const rows = countRows(probabilities, classes);
  checkLabels(labels, rows, classes);
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += measure(row * classes, labels[row]!);
  return rows === 0 ? 0 : sum / rows;
}
