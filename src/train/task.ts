/** What all fits of a head share: the loss on standardized features, a problem for each fold, and one for all rows. */
import type { Engine } from "../onnx/index.js";
import type { Folds } from "./folds.js";
import { type LossFunction, openLoss } from "./loss-graph.js";
import { type Directions, findDirections } from "./preconditioner.js";
import type { Problem } from "./solve.js";
import { type Features, measureFoldScalings, measureScaling, type Scaling, standardize } from "./standardize.js";

export interface TaskOptions {
  readonly features: Features;
  /** Class index of each row. */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly seed: number;
  readonly threads: number;
}

export interface Task {
  readonly loss: LossFunction;
  /** From raw features to the standardized ones of the loss. */
  readonly scaling: Scaling;
  readonly directions: Directions;
  /** By fold: learn from the rows of the other folds. */
  readonly perFold: readonly Problem[];
  /** Learns from all rows. */
  readonly whole: Problem;
}

/** Opens the loss in the engine. Throws `engine-failed`, `model-invalid`. */
export async function prepareTask(engine: Engine, { assigned, count }: Folds, options: TaskOptions): Promise<Task> {
  const { features, labels, classes, threads, seed } = options;
  const { width } = features;
  const scaling = measureScaling(features);
  const standardized = standardize(features, scaling);
  const unchanged = { shift: new Float64Array(width), scale: new Float64Array(width).fill(1) };
  const problems = [...measureFoldScalings(standardized, assigned, count), unchanged].map((own, fold) => ({
    index: fold,
    scaling: own,
    ...startFromPriors(
      labels.filter((_, row) => assigned[row] !== fold),
      classes,
      width,
    ),
  }));
  const weights = rowWeights(assigned, count);
  const shape = { features: standardized, width, labels, classes, weights, problems: count + 1 };
  const loss = await openLoss(engine, shape, threads);
  const directions = await findDirections(engine, standardized, width, seed, threads);
  return { loss, scaling, directions, perFold: problems.slice(0, count), whole: problems[count]! };
}

/** No weights, and as bias the log of each class's frequency; half a row is added to each, and a class without rows keeps that. */
function startFromPriors(labels: Int32Array, classes: number, width: number): Pick<Problem, "start" | "frozen"> {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const start = new Float64Array(classes * (width + 1));
  start.set(
    counts.map((rows) => Math.log((rows + 0.5) / (labels.length + 0.5 * classes))),
    classes * width,
  );
  return { start, frozen: Array.from(counts, (rows) => rows === 0) };
}

/** Row weights [rows, folds + 1]: each fold's problem has the rows of the other folds, the last has all; equal, summing to 1. */
function rowWeights(assigned: Int32Array, folds: number): Float32Array {
  const sizes = new Float64Array(folds + 1);
  for (const fold of assigned) sizes[fold]!++;
  const out = new Float32Array(assigned.length * (folds + 1));
  for (const [row, own] of assigned.entries())
    for (let fold = 0; fold <= folds; fold++)
      if (fold !== own) out[row * (folds + 1) + fold] = 1 / (assigned.length - sizes[fold]!);
  return out;
}
