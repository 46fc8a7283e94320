/** A trained head: what it is and how it is applied. */
import { decodeFloat16, type HalfMatrix } from "../core/index.js";
import type { HeadParameters } from "./loss.js";
import { type Scaling, unscale } from "./standardize.js";

/** How heads are trained: to the minimum by L-BFGS, or a few epochs of AdamW. */
export type Solver = "lbfgs" | "adamw";

/** What `refitHead` needs to train another head the same way. */
export interface HeadRecipe {
  readonly solver: Solver;
  /** λ of the penalty; with AdamW the decoupled weight decay. */
  readonly strength: number;
  /** Epochs of AdamW; null for L-BFGS, which ends by itself. */
  readonly epochs: number | null;
}

export interface Head extends HeadRecipe {
  /** [classes, width], acting on raw features. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  /** Iterations of L-BFGS or steps of AdamW. */
  readonly iterations: number;
  /** The objective at the solution; with AdamW the mean cross-entropy over its last epoch. */
  readonly loss: number;
}

/** Where a solver ended. */
export interface Ending {
  /** On features scaled by a `Scaling`. */
  readonly parameters: HeadParameters;
  readonly loss: number;
  readonly iterations: number;
}

/** The head on raw features that gives the same logits. */
export function foldBack(recipe: HeadRecipe, { parameters, loss, iterations }: Ending, scaling: Scaling): Head {
  const classes = parameters.length / (scaling.shift.length + 1);
  const raw = Float32Array.from(unscale(parameters, scaling, classes));
  const weights = raw.length - classes;
  const { solver, strength, epochs } = recipe;
  return { solver, strength, epochs, weight: raw.slice(0, weights), bias: raw.slice(weights), iterations, loss };
}

/** Logits [rows, classes] of raw features. */
export function applyHead(
  { weight, bias }: Pick<Head, "weight" | "bias">,
  { rows, width, data }: HalfMatrix,
): Float32Array {
  const classes = bias.length;
  const logits = new Float32Array(rows * classes);
  const features = new Float32Array(width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) features[i] = decodeFloat16(data[row * width + i]!);
    for (let k = 0; k < classes; k++) {
      let sum = bias[k]!;
      for (let i = 0, at = k * width; i < width; i++, at++) sum += weight[at]! * features[i]!;
      logits[row * classes + k] = sum;
    }
  }
  return logits;
}
