/** Small networks for the tests of importing: one set of seeded weights in each of the forms that exporters write. */
import { random } from "../src/core/index.js";
import { type Dimension, type ElementType, GraphBuilder } from "../src/onnx/index.js";

export const networkSide = 32;
export const networkWidth = 12;
export const networkClasses = 9;
const hidden = 10;

export interface NetworkForm {
  readonly layout?: "nchw" | "nhwc";
  readonly input?: ElementType;
  readonly batch?: Dimension;
  readonly sides?: readonly [Dimension, Dimension];
  readonly channels?: number;
  /** What follows the last feature map [n, 12, 8, 8]. */
  readonly head?: keyof typeof heads;
}

/** A network of two convolutions and a head; the same weights whatever its form. */
export function buildNetwork(form: NetworkForm = {}): GraphBuilder {
  const { layout = "nchw", input = "float32", batch = "n", channels = 3, head = "pooled" } = form;
  const [height, width] = form.sides ?? [networkSide, networkSide];
  const dims = layout === "nchw" ? [batch, channels, height, width] : [batch, height, width, channels];
  const graph = new GraphBuilder();
  graph.input({ name: "image", type: input, dims });
  const cast = input === "float32" ? "image" : graph.node("Cast", ["image"], { to: 1n });
  const planar = layout === "nchw" ? cast : graph.node("Transpose", [cast], { perm: [0n, 3n, 1n, 2n] });
  const first = convolution(graph, planar, "first", [hidden, channels, 3, 3]);
  const map = convolution(graph, first, "second", [networkWidth, hidden, 3, 3]);
  heads[head](graph, map, batch);
  return graph;
}

/** Convolution of stride 2 and ReLU; weights from the name alone. */
function convolution(graph: GraphBuilder, from: string, name: string, dims: readonly number[]): string {
  const weight = graph.floats(weights(name, dims), dims, `${name}/weight`);
  const attributes = { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] };
  return graph.node("Relu", [graph.node("Conv", [from, weight], attributes)], {}, `${name}/map`);
}

function weights(name: string, dims: readonly number[]): number[] {
  const source = random(1, name);
  const count = dims.reduce((total, size) => total * size, 1);
  return Array.from({ length: count }, () => source.normal() / Math.sqrt(count / dims[0]!));
}

type Head = (graph: GraphBuilder, map: string, batch: Dimension) => void;

const heads = {
  /** Pooled features and nothing else. */
  pooled: (graph, map, batch) => output(graph, pool(graph, map), [batch, networkWidth]),
  /** Features that are called so, and a classifier beside them. */
  both: (graph, map, batch) => {
    const features = graph.node("Identity", [pool(graph, map)], {}, "features");
    output(graph, features, [batch, networkWidth]);
    output(graph, classifier(graph, features), [batch, networkClasses]);
  },
  scores: (graph, map, batch) => output(graph, classifier(graph, pool(graph, map)), [batch, networkClasses]),
  softmax: (graph, map, batch) => {
    const scores = classifier(graph, pool(graph, map));
    output(graph, graph.node("Softmax", [scores], { axis: -1n }, "probabilities"), [batch, networkClasses]);
  },
  /** MatMul and Add, as Keras has it, and a mean over height and width of [n, h, w, c]. */
  keras: (graph, map, batch) => {
    const last = graph.node("Transpose", [map], { perm: [0n, 2n, 3n, 1n] });
    const mean = graph.node("ReduceMean", [last], { axes: [1n, 2n], keepdims: 0n });
    const dims = [networkWidth, networkClasses];
    const product = graph.node("MatMul", [mean, graph.floats(weights("classifier", dims), dims)]);
    const scores = graph.node("Add", [product, graph.floats(weights("bias", [networkClasses]))]);
    output(graph, graph.node("Softmax", [scores]), [batch, networkClasses]);
  },
  /** A 1×1 convolution behind the pooling. */
  convolved: (graph, map, batch) => {
    const dims = [networkClasses, networkWidth, 1, 1];
    const pooled = graph.node("GlobalAveragePool", [map]);
    const scores = graph.node("Conv", [pooled, graph.floats(weights("classifier", dims), dims)]);
    output(graph, graph.node("Flatten", [scores]), [batch, networkClasses]);
  },
  /** An average pooling of a fixed kernel, and a reshape that holds the batch. */
  reshaped: (graph, map, batch) => {
    const pooled = graph.node("AveragePool", [map], { kernel_shape: [8n, 8n] });
    const shape = graph.constant({ type: "int64", dims: [2], data: BigInt64Array.from([1n, BigInt(networkWidth)]) });
    output(graph, graph.node("Reshape", [pooled, shape]), [batch, networkWidth]);
  },
  map: (graph, map, batch) => output(graph, graph.node("Identity", [map]), [batch, networkWidth, 8, 8]),
  mapLast: (graph, map, batch) =>
    output(graph, graph.node("Transpose", [map], { perm: [0n, 2n, 3n, 1n] }), [batch, 8, 8, networkWidth]),
  /** Tokens [n, 64, 12], every one a patch. */
  patches: (graph, map, batch) => output(graph, tokens(graph, map), [batch, 64, networkWidth]),
  /** Tokens [n, 65, 12]: a class token [1, 1, 12] in front. Its batch of one is in the constant. */
  classToken: (graph, map, batch) => output(graph, withClassToken(graph, map), [batch, 65, networkWidth]),
  /** The class token alone, behind the sum of all so that it depends on the picture. */
  vision: (graph, map, batch) => {
    const first = graph.constant({ type: "int64", dims: [], data: BigInt64Array.from([0n]) });
    const vector = graph.node("Gather", [withClassToken(graph, map), first], { axis: 1n });
    output(graph, classifier(graph, vector), [batch, networkClasses]);
  },
  /** Pictures of a batch joined into one: what cannot be freed. */
  joined: (graph, map) => {
    const mean = graph.node("ReduceMean", [map], { axes: [0n, 2n, 3n], keepdims: 0n });
    output(graph, graph.node("Unsqueeze", [mean, axis(graph, 0)]), [1, networkWidth]);
  },
  /** One number a picture. */
  number: (graph, map, batch) =>
    output(graph, graph.node("ReduceMean", [map], { axes: [1n, 2n, 3n], keepdims: 0n }), [batch]),
  nan: (graph, map, batch) => {
    const negative = graph.node("Sub", [pool(graph, map), graph.floats([1e3])]);
    output(graph, graph.node("Sqrt", [negative]), [batch, networkWidth]);
  },
  unknown: (graph, map, batch) => {
    const odd = graph.node("Sharpen", [map], {}, "odd", "com.example");
    output(graph, graph.node("Identity", [odd]), [batch, networkWidth, 8, 8]);
  },
} satisfies Record<string, Head>;

function output(graph: GraphBuilder, name: string, dims: readonly Dimension[]): void {
  graph.output({ name, type: "float32", dims });
}

function pool(graph: GraphBuilder, map: string): string {
  return graph.node("Flatten", [graph.node("GlobalAveragePool", [map])]);
}

function classifier(graph: GraphBuilder, features: string): string {
  const dims = [networkClasses, networkWidth];
  const weight = graph.floats(weights("classifier", dims), dims);
  return graph.node("Gemm", [features, weight], { transB: 1n }, "scores");
}

function axis(graph: GraphBuilder, value: number): string {
  return graph.constant({ type: "int64", dims: [1], data: BigInt64Array.from([BigInt(value)]) });
}

function tokens(graph: GraphBuilder, map: string): string {
  const shape = graph.constant({ type: "int64", dims: [3], data: BigInt64Array.from([0n, BigInt(networkWidth), -1n]) });
  return graph.node("Transpose", [graph.node("Reshape", [map, shape])], { perm: [0n, 2n, 1n] });
}

/** The class token takes up the mean of the patches, as attention would let it. */
function withClassToken(graph: GraphBuilder, map: string): string {
  const patches = tokens(graph, map);
  const token = graph.floats(weights("token", [networkWidth]), [1, 1, networkWidth], "token");
  const joined = graph.node("Concat", [token, patches], { axis: 1n });
  return graph.node("Add", [joined, graph.node("ReduceMean", [joined], { axes: [1n], keepdims: 1n })]);
}
