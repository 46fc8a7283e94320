/** What all fits of a head share: the loss on standardized features, a problem for each fold, and one for all images. */
import type { HalfMatrix } from "../core/index.js";
import type { Engine } from "../onnx/index.js";
import type { Folds } from "./folds.js";
import { type LossFunction, openLoss } from "./loss.js";
import { type Directions, findDirections } from "./preconditioner.js";
import type { Problem } from "./solve.js";
import { measureFoldScalings, measureScaling, type Scaling, unitScaling } from "./standardize.js";
import { type TrainingSet, weightOf } from "./training-set.js";

export interface TaskOptions extends TrainingSet {
  /** What out-of-fold predictions are made on: [images, width]. */
  readonly judged: HalfMatrix;
  readonly seed: number;
  readonly threads: number;
}

/** The problems, without the means to solve them. */
export interface Problems {
  /** From raw features to the standardized ones of the problems. */
  readonly scaling: Scaling;
  /** By fold: learn from the images of the other folds. */
  readonly perFold: readonly Problem[];
  /** Learns from all images. */
  readonly whole: Problem;
}

export interface Task extends Problems {
  readonly loss: LossFunction;
  readonly directions: Directions;
}

/** Sets the problems up. Throws `model-invalid` for features that are not finite, a RangeError where a fold has no weight left. */
export function poseProblems({ assigned, count }: Folds, { views, labels, classes, weights }: TrainingSet): Problems {
  const scaling = measureScaling(views);
  const width = scaling.shift.length;
  const scalings = [...measureFoldScalings(views, scaling, assigned, count), unitScaling(width)];
  const problems = scalings.map((own, fold): Problem => {
    const counts = new Float64Array(classes);
    for (const [image, label] of labels.entries())
      if (assigned[image] !== fold) counts[label]! += weightOf(weights, image);
    const images = assigned.reduce((sum, held) => sum + (held === fold ? 0 : 1), 0);
    return { index: fold, scaling: own, ...startFromPriors(counts, images, width) };
  });
  return { scaling, perFold: problems.slice(0, count), whole: problems[count]! };
}

/** Opens the loss of the problems in the engine. Throws `engine-failed`. */
export async function prepareTask(engine: Engine, folds: Folds, options: TaskOptions): Promise<Task> {
  const { views, judged, labels, classes, threads, seed } = options;
  const problems = poseProblems(folds, options);
  const { scaling } = problems;
  const weights = rowWeights(folds, options);
  const shape = { views, judged, scaling, labels, classes, weights, problems: folds.count + 1 };
  const loss = await openLoss(engine, shape, { threads });
  const directions = await findDirections(engine, views, scaling, seed, threads);
  return { loss, directions, ...problems };
}

/** No weights, and as bias the log of each class's share of the weight; half an image is added to each, and an empty class keeps that. */
function startFromPriors(counts: Float64Array, images: number, width: number): Pick<Problem, "start" | "frozen"> {
  const classes = counts.length;
  const total = counts.reduce((a, b) => a + b, 0);
  if (!(total > 0)) throw new RangeError("the images that a fold learns from have no weight");
  const start = new Float64Array(classes * (width + 1));
  start.set(
    counts.map((count) => Math.log(((count / total) * images + 0.5) / (images + 0.5 * classes))),
    classes * width,
  );
  return { start, frozen: Array.from(counts, (count) => count === 0) };
}

/** Weights [images, folds + 1]: a fold's problem has the images of the other folds, the last has all; over all views they sum to 1. */
function rowWeights({ assigned, count }: Folds, { views, weights }: TrainingSet): Float32Array {
  const held = new Float64Array(count + 1);
  let total = 0;
  for (const [image, fold] of assigned.entries()) {
    total += weightOf(weights, image);
    if (fold >= 0) held[fold]! += weightOf(weights, image);
  }
  const out = new Float32Array(assigned.length * (count + 1));
  for (const [image, own] of assigned.entries())
    for (let fold = 0; fold <= count; fold++)
      if (fold !== own)
        out[image * (count + 1) + fold] = weightOf(weights, image) / (views.length * (total - held[fold]!));
  return out;
}
