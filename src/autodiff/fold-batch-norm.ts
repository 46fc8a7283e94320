/** Batch-norm folded into the convolution before it (Jacob 2018, 1712.05877): γ(w∗x + b − μ)r + β = (γr·w)∗x + (γr(b − μ) + β). */
import {
  attribute,
  consumers,
  copyModel,
  expandHalf,
  foldConstants,
  freshNames,
  type GraphProto,
  keepOutputs,
  makeTensor,
  type ModelProto,
  type NodeProto,
  producers,
  tensorData,
  type TensorProto,
} from "../onnx/index.js";
import { unsupported } from "./refusal.js";
import { trains } from "./rules-normalization.js";

/**
 * A copy in which every BatchNormalization right behind a Conv that serves it alone is a part of that convolution, whose weights keep
 * their names; those elsewhere stay. Throws `gradient-unsupported` for one that computes statistics of its batch.
 */
export function foldBatchNorm(model: ModelProto): ModelProto {
  const folded = copyModel(model);
  const graph = folded.graph!;
  expandHalf(folded);
  foldConstants(graph);
  const [makers, users] = [producers(graph), consumers(graph)];
  const outputs = graph.output.map(({ name }) => name);
  const isOwn = (name: string): boolean => users.get(name)?.length === 1 && !outputs.includes(name);
  const fold = new Fold(graph, isOwn);
  for (const node of graph.node.filter(({ opType }) => opType === "BatchNormalization")) {
    if (trains(node))
      throw unsupported(node, "computes statistics of its batch", { expected: "the form for inference" });
    const source = makers.get(node.input[0]!);
    if (source?.opType === "Conv" && isOwn(node.input[0]!)) fold.into(source, node);
  }
  graph.node = graph.node.filter((node) => !fold.gone.has(node));
  graph.initializer = [...fold.tensors.values()];
  keepOutputs(folded, outputs);
  return folded;
}

class Fold {
  readonly tensors: Map<string, TensorProto>;
  readonly gone = new Set<NodeProto>();
  readonly #isOwn: (name: string) => boolean;
  readonly #named: (stem: string) => string;

  constructor(graph: GraphProto, isOwn: (name: string) => boolean) {
    this.tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    this.#isOwn = isOwn;
    this.#named = freshNames(graph);
  }

  /** Leaves both nodes as they are where a weight is no constant. */
  into(conv: NodeProto, norm: NodeProto): void {
    const weight = this.#numbers(conv.input[1]!);
    const [gamma, beta, mean, variance] = norm.input.slice(1).map((name) => this.#numbers(name)?.data);
    const bias = conv.input[2] ? this.#numbers(conv.input[2])?.data : new Float32Array(gamma?.length ?? 0);
    if (!weight || !gamma || !beta || !mean || !variance || !bias) return;
    const epsilon = attribute(norm, "epsilon", "float") ?? 1e-5;
    const factor = gamma.map((value, m) => value / Math.sqrt(variance[m]! + epsilon));
    const size = weight.data.length / factor.length;
    const scaled = weight.data.map((value, i) => value * factor[Math.floor(i / size)]!);
    const shifted = bias.map((value, m) => factor[m]! * (value - mean[m]!) + beta[m]!);
    conv.input = [
      conv.input[0]!,
      this.#put(conv.input[1], conv.input[1]!, weight.dims, scaled),
      this.#put(conv.input[2], `${conv.input[1]!}/bias`, [factor.length], shifted),
    ];
    conv.output = [norm.output[0]!];
    this.gone.add(norm);
  }

  #numbers(name: string): { readonly dims: readonly number[]; readonly data: Float32Array } | undefined {
    const tensor = this.tensors.get(name);
    const read = tensor && tensorData(tensor);
    return read?.type === "float32" ? read : undefined;
  }

  /** Under its old name where nothing else uses that. */
  #put(old: string | undefined, stem: string, dims: readonly number[], data: Float32Array): string {
    const name = old && this.#isOwn(old) ? old : this.#named(stem);
    this.tensors.set(name, makeTensor(name, { type: "float32", dims, data }));
    return name;
  }
}
