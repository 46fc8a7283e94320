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
  bins = 15,
): number {
  const rows = labels.length;
  const found = confidenceBins(labels, predictions, confidences, bins);
  return rows === 0
    ? 0
    : found.reduce((sum, { n, right, confidence }) => sum + Math.abs(right - n * confidence), 0) / rows;
}

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
  const rows = labels.length;
  const order = Array.from(confidences, (_, row) => row).toSorted((a, b) => confidences[a]! - confidences[b]!);
  const found: ConfidenceBin[] = [];
  let open = { n: 0, right: 0, sum: 0 };
  let bin = 1;
  for (const [position, row] of order.entries()) {
    open.n++;
    open.right += labels[row] === predictions[row] ? 1 : 0;
    open.sum += confidences[row]!;
    const next = order[position + 1];
    if (next !== undefined && (position + 1 < (bin * rows) / bins || confidences[next] === confidences[row])) continue;
    found.push({ n: open.n, right: open.right, confidence: open.sum / open.n });
    open = { n: 0, right: 0, sum: 0 };
    bin = Math.floor(((position + 1) * bins) / rows) + 1;
  }
  return found;
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
