/** How good a candidate is, by its out-of-fold logits. */
import { accuracyOf, logitLosses } from "../metrics/index.js";
import { type TrainingSet, weightOf } from "./training-set.js";

export interface Candidate {
  /** λ of the penalty, or the weight decay. */
  readonly strength: number;
  /** Epochs of AdamW; null for L-BFGS. */
  readonly epochs: number | null;
  /** Mean cross-entropy of out-of-fold predictions, weighted as the images are. */
  readonly logLoss: number;
  readonly logLossStandardError: number;
  /** Share of all images, not weighted. */
  readonly accuracy: number;
}

/** From logits [images, folds × classes] of all folds' heads those of each image's own fold: [images, classes]. */
export function outOfFoldLogits(all: Float32Array, assigned: Int32Array, folds: number, classes: number): Float32Array {
  const out = new Float32Array(assigned.length * classes);
  for (const [image, fold] of assigned.entries()) {
    const from = image * folds * classes + fold * classes;
    out.set(all.subarray(from, from + classes), image * classes);
  }
  return out;
}

/** Log loss and accuracy of out-of-fold logits [images, classes]. */
export function rateCandidate(
  { strength, epochs }: Pick<Candidate, "strength" | "epochs">,
  logits: Float32Array,
  { labels, classes, weights }: Omit<TrainingSet, "views">,
): Candidate {
  const losses = logitLosses(logits, labels, classes);
  const images = losses.length;
  let [total, sum, squares] = [0, 0, 0];
  for (let i = 0; i < images; i++) {
    total += weightOf(weights, i);
    sum += weightOf(weights, i) * losses[i]!;
  }
  const logLoss = sum / total;
  for (let i = 0; i < images; i++) squares += (weightOf(weights, i) * (losses[i]! - logLoss)) ** 2;
  return {
    strength,
    epochs,
    logLoss,
    logLossStandardError: Math.sqrt((squares * images) / Math.max(1, images - 1)) / total,
    accuracy: accuracyOf(logits, labels, classes),
  };
}
