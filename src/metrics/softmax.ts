/** Logits → probabilities and losses, computed in float64 with the largest logit taken out, so that nothing overflows. */
import { checkLabels, countRows } from "./rows.js";

/** Probabilities [n, classes] of logits [n, classes] divided by a temperature. */
export function softmaxRows(logits: Float32Array, classes: number, temperature = 1): Float32Array {
  const rows = countRows(logits, classes);
  const probabilities = new Float32Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    const { largest, sum } = partition(logits, start, classes, temperature);
    for (let i = start; i < start + classes; i++)
      probabilities[i] = Math.exp((logits[i]! - largest) / temperature) / sum;
  }
  return probabilities;
}

/** For each row of logits [n, classes] the cross-entropy −log p(label), in nats. */
export function logitLosses(logits: Float32Array, labels: ArrayLike<number>, classes: number): Float64Array {
  const rows = countRows(logits, classes);
  checkLabels(labels, rows, classes);
  const losses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    const { largest, sum } = partition(logits, start, classes, 1);
    losses[row] = Math.log(sum) + largest - logits[start + labels[row]!]!;
  }
  return losses;
}

function partition(
  logits: Float32Array,
  start: number,
  classes: number,
  temperature: number,
): { readonly largest: number; readonly sum: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + classes; i++) largest = Math.max(largest, logits[i]!);
  let sum = 0;
  for (let i = start; i < start + classes; i++) sum += Math.exp((logits[i]! - largest) / temperature);
  return { largest, sum };
}
