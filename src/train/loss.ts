/** Multinomial logistic loss and its gradient as ONNX graphs, for several problems on the same features at once. */
import type { HalfMatrix } from "../core/index.js";
import { type Engine, type Feeds, float32, floats, type GraphBuilder } from "../onnx/index.js";
import { type BlockOptions, constantBytes, openBlocks, type Part, type RunBlocks, widenedBytes } from "./blocks.js";
import type { Scaling } from "./standardize.js";

export interface LossProblems {
  /** What is learned from: raw features, each view [images, width]. */
  readonly views: readonly HalfMatrix[];
  /** What `logits` predicts: raw features [any number of images, width]; costs nothing more where it is the only view. */
  readonly judged: HalfMatrix;
  readonly scaling: Scaling;
  /** Class index of each image. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Row weights [images, problems], the same for all views: 0 leaves an image out; each problem's, over all rows, sum to 1. */
  readonly weights: Float32Array;
  readonly problems: number;
}

/** Parameters of one problem: `classes` rows of weights [width], then `classes` biases. */
export type HeadParameters = Float64Array;

export interface LossValue {
  /** Weighted mean cross-entropy. */
  readonly loss: number;
  /** Its gradient, laid out as the parameters. */
  readonly gradient: Float64Array;
}

export interface LossFunction {
  /** Values at one point, on standardized features, for each of the named problems. */
  evaluate(problems: readonly number[], points: readonly HeadParameters[]): Promise<LossValue[]>;
  /** Logits [judged images, points × classes]. */
  logits(points: readonly HeadParameters[]): Promise<Float32Array>;
}

export interface LossOptions {
  readonly threads: number;
  /** Rows of one block, and whether features are constants of the graphs; both follow from the sizes unless given. */
  readonly blockRows?: number;
  readonly constant?: boolean;
}

/** Features of one constant graph at most, in single precision: opening it takes several copies of them for a while. */
const constantBlockBytes = 32e6;

/** Features of one block that is handed over: small, so that most of the widening happens in the processor's cache. */
const streamedBlockBytes = 8e6;

/** Logits of one graph at most: its running memory is a small multiple of that. */
const logitBytes = 64e6;

/** Opens the graphs in the engine. Throws `engine-failed`. */
export async function openLoss(engine: Engine, problem: LossProblems, options: LossOptions): Promise<LossFunction> {
  const { views, judged, scaling, labels, classes, weights, problems } = problem;
  const width = scaling.shift.length;
  const single = views.length === 1 && views[0] === judged;
  const { threads, constant = widenedBytes(single ? views : [...views, judged]) <= constantBytes } = options;
  const { blockRows = fitBlock(constant, width, problems * classes) } = options;
  const shared = { scaling, blockRows, constant, threads };
  const run = await openBlocks(engine, {
    ...shared,
    matrices: views,
    // Copies: of a part of an array all of its memory would cross to the worker.
    besides: (from, to) =>
      targetFeeds(labels.subarray(from, to), weights.slice(from * problems, to * problems), problems),
    build: (graph, features) => buildLoss(graph, features, width, classes),
  });
  let predict: Predict | null = null;
  return {
    evaluate: async (active, points) => {
      const feeds = { ...pointFeeds(points, width, classes), ...activeFeed(active) };
      const total = new Totals(active.length, width, classes);
      await run(feeds, lossOutputs, (part) => total.add(part));
      return total.values();
    },
    logits: async (points) => {
      // The graphs of the only view give its logits, too.
      const active = activeFeed([...points.keys()]);
      if (single) return gatherLogits(run, { ...pointFeeds(points, width, classes), ...active });
      predict ??= await openLogits(engine, judged, classes, shared);
      return predict(points);
    },
  };
}

type Predict = LossFunction["logits"];

/** Only the logits, of any features. Throws `engine-failed`. */
export async function openLogits(
  engine: Engine,
  judged: HalfMatrix,
  classes: number,
  options: Pick<BlockOptions, "scaling" | "blockRows" | "constant" | "threads">,
): Promise<Predict> {
  const { width } = judged;
  const run = await openBlocks(engine, {
    ...options,
    matrices: [judged],
    besides: () => ({}),
    build: (graph, features) => buildLogits(graph, features, width),
  });
  return (points) => gatherLogits(run, pointFeeds(points, width, classes));
}

/** Rows of one block of features, with so many logits each. */
export function fitBlock(constant: boolean, width: number, logits: number): number {
  const bytes = constant ? constantBlockBytes : streamedBlockBytes;
  return Math.max(1, Math.floor(Math.min(bytes / width, logitBytes / logits) / 4));
}

async function gatherLogits(run: RunBlocks, feeds: Feeds): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  await run(feeds, ["logits"], ({ logits }) => parts.push(floats(logits)));
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The outputs of `buildLoss` that `Totals` adds up. */
export const lossOutputs = ["losses", "weightGradient", "biasGradient"] as const;

/** Labels and weights [rows, problems] of the rows of a block. */
export function targetFeeds(labels: Int32Array, weights: Float32Array, problems: number): Feeds {
  return {
    labels: { type: "int64", dims: [labels.length, 1], data: BigInt64Array.from(labels, BigInt) },
    weights: float32([labels.length, problems, 1], weights),
  };
}

/** Puts the points one below the other: weight [points × classes, width], bias [points × classes]. */
export function pointFeeds(points: readonly HeadParameters[], width: number, classes: number): Feeds {
  const rows = points.length * classes;
  const weight = new Float32Array(rows * width);
  const bias = new Float32Array(rows);
  for (const [i, point] of points.entries()) {
    weight.set(point.subarray(0, classes * width), i * classes * width);
    bias.set(point.subarray(classes * width), i * classes);
  }
  return { weight: float32([rows, width], weight), bias: float32([rows], bias) };
}

/** Which columns of the row weights the points have. */
export function activeFeed(problems: readonly number[]): Feeds {
  return { active: { type: "int64", dims: [problems.length], data: BigInt64Array.from(problems, BigInt) } };
}

/** Sums over blocks and rows, in float64: the line search compares values that differ in the seventh digit. */
export class Totals {
  readonly #losses: Float64Array;
  readonly #gradients: readonly Float64Array[];
  readonly #weights: number;

  constructor(count: number, width: number, classes: number) {
    this.#losses = new Float64Array(count);
    this.#gradients = Array.from({ length: count }, () => new Float64Array(classes * (width + 1)));
    this.#weights = classes * width;
  }

  add({ losses, weightGradient, biasGradient }: Part): void {
    const rowLosses = floats(losses);
    const count = this.#losses.length;
    for (let i = 0; i < rowLosses.length; i++) this.#losses[i % count]! += rowLosses[i]!;
    const biases = floats(biasGradient).length / count;
    for (const [i, gradient] of this.#gradients.entries()) {
      addTo(gradient, 0, floats(weightGradient), i * this.#weights, this.#weights);
      addTo(gradient, this.#weights, floats(biasGradient), i * biases, biases);
    }
  }

  values(): LossValue[] {
    return this.#gradients.map((gradient, i) => ({ loss: this.#losses[i]!, gradient }));
  }
}

function addTo(sum: Float64Array, at: number, part: Float32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) sum[at + i]! += part[from + i]!;
}

/**
 * Of the active problems p: logits Z = X·Wᵀ + b; loss_rp = −w_rp·log softmax(Z_rp)[y_r];
 * ∂loss/∂Z_rp = w_rp·(softmax(Z_rp) − onehot(y_r)); ∂W = ∂Zᵀ·X, ∂b = Σ_r ∂Z_r. Takes the feeds of `targetFeeds`, `pointFeeds`
 * and `activeFeed`.
 */
export function buildLoss(graph: GraphBuilder, features: string, width: number, classes: number): void {
  buildLogits(graph, features, width);
  graph.input({ name: "active", type: "int64", dims: ["problems"] });
  const depth = graph.constant({ type: "int64", dims: [], data: BigInt64Array.of(BigInt(classes)) });
  const truth = graph.node("OneHot", ["labels", depth, graph.floats([0, 1])]); // [rows, 1, classes]
  const weights = graph.node("Gather", ["weights", "active"], { axis: 1n });
  const separate = graph.node("Reshape", ["logits", int64(graph, [0, -1, classes])]);
  const logProbabilities = graph.node("LogSoftmax", [separate], { axis: -1n });
  const ownLog = graph.node("ReduceSum", [graph.node("Mul", [logProbabilities, truth]), int64(graph, [2])], {
    keepdims: 1n,
  });
  graph.node("Neg", [graph.node("Mul", [ownLog, weights])], {}, "losses");
  const surplus = graph.node("Sub", [graph.node("Exp", [logProbabilities]), truth]);
  const residual = graph.node("Flatten", [graph.node("Mul", [surplus, weights])]);
  // The features as the second factor: ONNX Runtime packs constants only there.
  graph.node("Gemm", [residual, features], { transA: 1n }, "weightGradient");
  graph.node("ReduceSum", [residual, int64(graph, [0])], { keepdims: 0n }, "biasGradient");
  graph.output({ name: "losses", type: "float32", dims: ["rows", "problems", 1] });
  graph.output({ name: "weightGradient", type: "float32", dims: ["columns", width] });
  graph.output({ name: "biasGradient", type: "float32", dims: ["columns"] });
}

function buildLogits(graph: GraphBuilder, features: string, width: number): void {
  graph.input({ name: "weight", type: "float32", dims: ["columns", width] });
  graph.input({ name: "bias", type: "float32", dims: ["columns"] });
  graph.node("Gemm", [features, "weight", "bias"], { transB: 1n }, "logits");
  graph.output({ name: "logits", type: "float32", dims: ["rows", "columns"] });
}

function int64(graph: GraphBuilder, values: readonly number[]): string {
  return graph.constant({ type: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) });
}
