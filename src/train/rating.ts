/** How good a candidate is, by its out-of-fold logits. */
import { accuracyOf, logitLosses } from "../metrics/index.js";

export interface Candidate {
  readonly strength: number;
  /** Mean cross-entropy of out-of-fold predictions. */
  readonly logLoss: number;
  readonly logLossStandardError: number;
  readonly accuracy: number;
}

/** From logits [rows, folds × classes] of all folds' heads those of each row's own fold: [rows, classes]. */
export function outOfFoldLogits(all: Float32Array, assigned: Int32Array, folds: number, classes: number): Float32Array {
  const out = new Float32Array(assigned.length * classes);
  for (const [row, fold] of assigned.entries()) {
    const from = row * folds * classes + fold * classes;
    out.set(all.subarray(from, from + classes), row * classes);
  }
  return out;
}

/** Log loss and accuracy of out-of-fold logits [rows, classes]. */
export function rateCandidate(strength: number, logits: Float32Array, labels: Int32Array, classes: number): Candidate {
  const losses = logitLosses(logits, labels, classes);
  const logLoss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
  const variance = losses.reduce((sum, value) => sum + (value - logLoss) ** 2, 0) / Math.max(1, losses.length - 1);
  return {
    strength,
    logLoss,
    logLossStandardError: Math.sqrt(variance / losses.length),
    accuracy: accuracyOf(logits, labels, classes),
  };
}
