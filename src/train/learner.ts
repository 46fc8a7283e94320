/** One head in training by AdamW: shuffled batches of rows, and a step for each. */
import { checkInterrupted, type HalfMatrix, type Random, random } from "../core/index.js";
import type { Engine } from "../onnx/index.js";
import { AdamW } from "./adamw.js";
import { halfTensor, streamedGraph } from "./blocks.js";
import type { Ending } from "./linear-head.js";
import { activeFeed, buildLoss, type HeadParameters, type LossValue, pointFeeds, targetFeeds, Totals } from "./loss.js";
import type { Problem } from "./solve.js";
import { type Scaling, scaleGradient, unscale } from "./standardize.js";
import { type TrainingSet, weightOf } from "./training-set.js";

/** Rows of one step. */
const batchRows = 32;

/** The loss of any few rows. */
export type BatchLoss = (batch: Batch, point: HeadParameters) => Promise<LossValue>;

export interface Batch {
  readonly features: HalfMatrix;
  readonly labels: Int32Array;
  /** Sum to 1. */
  readonly weights: Float32Array;
}

/** Opens the loss of batches. Throws `engine-failed`. */
export async function openBatches(engine: Engine, scaling: Scaling, { classes }: TrainingSet): Promise<BatchLoss> {
  const width = scaling.shift.length;
  const graph = streamedGraph({
    scaling,
    besides: () => targetFeeds(new Int32Array(0), new Float32Array(0), 1),
    build: (builder, features) => buildLoss(builder, features, width, classes),
  });
  const session = await engine.open(graph, { threads: 1 }); // so few rows are not worth sharing out
  return async ({ features, labels, weights }, point) => {
    const feeds = { ...targetFeeds(labels, weights, 1), ...pointFeeds([point], width, classes), ...activeFeed([0]) };
    const total = new Totals(1, width, classes);
    total.add(
      await session.run({ ...feeds, features: halfTensor(features) }, ["losses", "weightGradient", "biasGradient"]),
    );
    return total.values()[0]!;
  };
}

export interface LearnerOptions extends TrainingSet {
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

export class Learner {
  readonly #problem: Problem;
  readonly #loss: BatchLoss;
  readonly #options: LearnerOptions;
  readonly #optimizer: AdamW;
  readonly #random: Random;
  /** All rows learned from, as view · images + image. */
  readonly #rows: readonly number[];
  #meanLoss = 0;

  /** Learns from all views of the images; the name makes its shuffles its own. */
  constructor(problem: Problem, loss: BatchLoss, images: Int32Array, name: string, options: LearnerOptions) {
    const { views, labels, weights, seed } = options;
    this.#problem = problem;
    this.#loss = loss;
    this.#options = options;
    this.#optimizer = new AdamW(problem.start);
    this.#random = random(seed, "batches", name);
    const counted = images.filter((image) => weightOf(weights, image) > 0);
    this.#rows = views.flatMap((_, view) => Array.from(counted, (image) => view * labels.length + image));
  }

  /** Where it stands, on the features all problems share. */
  ending(): Ending {
    return { parameters: this.#shared(), loss: this.#meanLoss, iterations: this.#optimizer.steps };
  }

  /** Sees every row once. Throws `interrupted`, `engine-failed`. */
  async learnEpoch(learningRate: number, weightDecay: number): Promise<void> {
    const { scaling, frozen } = this.#problem;
    const classes = frozen.length;
    const weights = scaling.shift.length * classes;
    const rows = this.#random.shuffle(this.#rows);
    let sum = 0;
    for (let from = 0; from < rows.length; from += batchRows) {
      checkInterrupted(this.#options.signal);
      const own = rows.slice(from, from + batchRows);
      const { loss, gradient } = await this.#loss(gather(own, this.#options), this.#shared());
      scaleGradient(gradient, scaling, classes);
      for (const [k, stays] of frozen.entries()) if (stays) gradient[weights + k] = 0;
      this.#optimizer.step(gradient, learningRate, weightDecay);
      sum += loss * own.length;
    }
    this.#meanLoss = sum / rows.length;
  }

  #shared(): HeadParameters {
    return unscale(this.#optimizer.parameters, this.#problem.scaling, this.#problem.frozen.length);
  }
}

function gather(rows: readonly number[], { views, labels, weights }: TrainingSet): Batch {
  const { width } = views[0]!;
  const data = new Uint16Array(rows.length * width);
  const images = rows.map((row) => row % labels.length);
  for (const [i, row] of rows.entries()) {
    const from = images[i]! * width;
    data.set(views[Math.floor(row / labels.length)]!.data.subarray(from, from + width), i * width);
  }
  const total = images.reduce((sum, image) => sum + weightOf(weights, image), 0);
  return {
    features: { rows: rows.length, width, data },
    labels: Int32Array.from(images, (image) => labels[image]!),
    weights: Float32Array.from(images, (image) => weightOf(weights, image) / total),
  };
}
