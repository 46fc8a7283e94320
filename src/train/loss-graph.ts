/** Multinomial logistic loss and its gradient as ONNX graphs, for several problems on the same features at once. */
import { type Engine, float32, floats, GraphBuilder, type Session, type Tensor } from "../onnx/index.js";

export interface LossProblems {
  /** Standardized features [rows, width]. */
  readonly features: Float32Array;
  readonly width: number;
  /** Class index of each row. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Row weights [rows, problems]: 0 leaves a row out of a problem; each problem's weights sum to 1. */
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
  /** Values at one point for each of the named problems. */
  evaluate(problems: readonly number[], points: readonly HeadParameters[]): Promise<LossValue[]>;
  /** Logits [rows, points × classes]. */
  logits(points: readonly HeadParameters[]): Promise<Float32Array>;
}

/** Features in one graph at most; more rows are evaluated block by block, as fast as at once and in less memory. */
const blockBytes = 64e6;

/** Logits of one graph at most: its running memory is a small multiple of that. */
const logitBytes = 64e6;

/** Rows of one block. */
function fitBlock({ width, problems, classes }: LossProblems): number {
  return Math.max(1, Math.floor(Math.min(blockBytes / (width * 4), logitBytes / (problems * classes * 4))));
}

/**
 * Builds the graphs in the engine, the features inside as constants: they cross to the worker once, and ONNX Runtime packs them
 * for its matrix products once. Throws `engine-failed`.
 */
export async function openLoss(
  engine: Engine,
  problem: LossProblems,
  threads: number,
  blockRows = fitBlock(problem),
): Promise<LossFunction> {
  const rows = problem.labels.length;
  const blocks: Session[] = [];
  for (let from = 0; from < rows; from += blockRows)
    blocks.push(await engine.open(lossGraph(problem, from, Math.min(rows, from + blockRows)), { threads }));
  // Not the problem itself: its features must not stay in memory a second time.
  return blockwise(blocks, { rows, width: problem.width, classes: problem.classes });
}

interface Shape {
  readonly rows: number;
  readonly width: number;
  readonly classes: number;
}

function blockwise(blocks: readonly Session[], shape: Shape): LossFunction {
  return {
    evaluate: async (active, points) => {
      const feeds = makeFeeds(active, points, shape);
      const total = new Totals(active.length, shape);
      for (const block of blocks) total.add(await block.run(feeds, ["losses", "weightGradient", "biasGradient"]));
      return total.values();
    },
    logits: async (points) => {
      const feeds = makeFeeds([...points.keys()], points, shape);
      const out = new Float32Array(shape.rows * points.length * shape.classes);
      let at = 0;
      for (const block of blocks) {
        const part = floats((await block.run(feeds, ["logits"])).logits);
        out.set(part, at);
        at += part.length;
      }
      return out;
    },
  };
}

/** Puts the points one below the other: weight [points × classes, width], bias [points × classes]. */
function makeFeeds(
  active: readonly number[],
  points: readonly HeadParameters[],
  { width, classes }: Shape,
): Readonly<Record<string, Tensor>> {
  const rows = points.length * classes;
  const weight = new Float32Array(rows * width);
  const bias = new Float32Array(rows);
  for (const [i, point] of points.entries()) {
    weight.set(point.subarray(0, classes * width), i * classes * width);
    bias.set(point.subarray(classes * width), i * classes);
  }
  return {
    weight: float32([rows, width], weight),
    bias: float32([rows], bias),
    active: { type: "int64", dims: [active.length], data: BigInt64Array.from(active, BigInt) },
  };
}

/** Sums over blocks and rows, in float64: the line search compares values that differ in the seventh digit. */
class Totals {
  readonly #losses: Float64Array;
  readonly #gradients: readonly Float64Array[];
  readonly #weights: number;

  constructor(count: number, { classes, width }: Shape) {
    this.#losses = new Float64Array(count);
    this.#gradients = Array.from({ length: count }, () => new Float64Array(classes * (width + 1)));
    this.#weights = classes * width;
  }

  add({ losses, weightGradient, biasGradient }: Readonly<Record<string, Tensor>>): void {
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
 * ∂loss/∂Z_rp = w_rp·(softmax(Z_rp) − onehot(y_r)); ∂W = ∂Zᵀ·X, ∂b = Σ_r ∂Z_r.
 */
function lossGraph(problem: LossProblems, from: number, to: number): Uint8Array {
  const { width, classes, problems } = problem;
  const rows = to - from;
  const graph = new GraphBuilder();
  graph.input({ name: "weight", type: "float32", dims: ["columns", width] });
  graph.input({ name: "bias", type: "float32", dims: ["columns"] });
  graph.input({ name: "active", type: "int64", dims: ["problems"] });
  const features = graph.constant(float32([rows, width], problem.features.subarray(from * width, to * width)));
  const truth = graph.floats(oneHot(problem.labels.subarray(from, to), classes), [rows, 1, classes]);
  const everyWeight = graph.floats(problem.weights.subarray(from * problems, to * problems), [rows, problems, 1]);
  const weights = graph.node("Gather", [everyWeight, "active"], { axis: 1n });
  graph.node("Gemm", [features, "weight", "bias"], { transB: 1n }, "logits");
  const separate = graph.node("Reshape", ["logits", int64(graph, [rows, -1, classes])]);
  const logProbabilities = graph.node("LogSoftmax", [separate], { axis: -1n });
  const ownLog = graph.node("ReduceSum", [graph.node("Mul", [logProbabilities, truth]), int64(graph, [2])], {
    keepdims: 1n,
  });
  graph.node("Neg", [graph.node("Mul", [ownLog, weights])], {}, "losses");
  const surplus = graph.node("Sub", [graph.node("Exp", [logProbabilities]), truth]);
  const residual = graph.node("Reshape", [graph.node("Mul", [surplus, weights]), int64(graph, [rows, -1])]);
  // The features as the second factor: ONNX Runtime packs constants only there.
  graph.node("Gemm", [residual, features], { transA: 1n }, "weightGradient");
  graph.node("ReduceSum", [residual, int64(graph, [0])], { keepdims: 0n }, "biasGradient");
  graph.output({ name: "logits", type: "float32", dims: [rows, "columns"] });
  graph.output({ name: "losses", type: "float32", dims: [rows, "problems", 1] });
  graph.output({ name: "weightGradient", type: "float32", dims: ["columns", width] });
  graph.output({ name: "biasGradient", type: "float32", dims: ["columns"] });
  return graph.serialize();
}

function int64(graph: GraphBuilder, values: readonly number[]): string {
  return graph.constant({ type: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) });
}

function oneHot(labels: Int32Array, classes: number): Float32Array {
  const out = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) out[row * classes + label] = 1;
  return out;
}
