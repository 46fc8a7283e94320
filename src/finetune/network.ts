/** A backbone with its head as one network to be trained, and the way back to a backbone and a head. */
import { foldBatchNorm, readWeights, replaceWeights } from "../autodiff/index.js";
import { type Backbone, type Branch, names, recipeGraph, wholeLook } from "../backbone/index.js";
import { decodeFloat16, encodeFloat16, sha256 } from "../core/index.js";
import { consumers, keepOutputs, type ModelProto, serializeModel } from "../onnx/index.js";
import { type Cut, findCuts } from "./cut.js";
import { ParameterMap } from "./parameters.js";

export interface HeadWeights {
  /** [classes, width], row-major. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

/** `image` uint8 [n, side, side, 3] → `logits` [n, classes]. */
export interface Network {
  readonly model: ModelProto;
  readonly classes: number;
  /** The backbone as it stands in the graph: batch-norm folded away. */
  readonly backbone: Backbone;
  /** Goes before the names of the backbone's weights. */
  readonly prefix: string;
}

const [headWeight, headBias] = ["head_weight", "head_bias"];

export const headNames: ReadonlySet<string> = new Set([headWeight, headBias]);

/** Joins a backbone and a head at the branch's size. */
export function joinNetwork({ backbone: given, size }: Branch, head: HeadWeights): Network {
  const backbone = { row: given.row, model: foldBatchNorm(given.model) };
  const { row } = backbone;
  const classes = head.bias.length;
  const branch = { backbone, size };
  const graph = recipeGraph({ view: { ...row.view, size }, looks: [wholeLook], branches: [branch] });
  const weight = graph.floats(head.weight, [classes, row.width], headWeight);
  const bias = graph.floats(head.bias, [classes], headBias);
  graph.node("Gemm", [names.features, weight, bias], { transB: 1n }, names.logits);
  graph.output({ name: names.logits, type: "float32", dims: ["n", classes] });
  keepOutputs(graph.model, [names.logits]);
  const prefix = `${row.name}-${row.sha256.slice(0, 8)}/`;
  return { model: graph.model, classes, backbone, prefix };
}

/** Where the network of a branch and a head can be cut, from the pixels to the head. Throws `engine-failed`. */
export function findNetworkCuts(branch: Branch, head: HeadWeights): Promise<readonly Cut[]> {
  return findCuts(joinNetwork(branch, head).model, { output: names.logits });
}

/** TensorProto.FLOAT. */
const floatCode = 1;

/** The weights of a part of the network that can be trained, or those of them in `among`, in the order in which the graph uses them. */
export function trainableParameters(
  { prefix }: Network,
  { graph }: ModelProto,
  among?: ReadonlySet<string>,
): ParameterMap {
  const { initializer, node } = graph!;
  const users = consumers(graph!);
  const order = new Map(node.map((one, i) => [one, i]));
  const firstUse = (name: string): number => Math.min(...(users.get(name) ?? []).map((user) => order.get(user)!));
  const weights = initializer.filter(
    ({ name, dims, dataType }) =>
      dataType === floatCode &&
      dims.some((size) => size > 1n) &&
      (name.startsWith(prefix) || headNames.has(name)) &&
      (among?.has(name) ?? true),
  );
  const sorted = weights.toSorted((a, b) => firstUse(a.name) - firstUse(b.name));
  return new ParameterMap(sorted.map(({ name, dims }) => [name, dims.map(Number)]));
}

/** The head and backbone with trained weights, these rounded to half precision where all of the backbone's were stored so. */
export function splitNetwork(
  { backbone: { row, model }, prefix }: Network,
  weights: ReadonlyMap<string, Float32Array>,
): { readonly backbone: Backbone; readonly head: HeadWeights } {
  const own = [...weights].filter(([name]) => name.startsWith(prefix));
  const short = own.map(([name]) => name.slice(prefix.length));
  const isHalf = [...readWeights(model, short).values()].every(fitsHalf);
  const trained = new Map(own.map(([, values], i) => [short[i]!, isHalf ? values.map(roundHalf) : values.slice()]));
  const tuned = replaceWeights(model, trained);
  const hash = sha256(serializeModel(tuned));
  return {
    backbone: { row: { ...row, name: tunedName(row.name), sha256: hash }, model: tuned },
    head: { weight: weights.get(headWeight)!.slice(), bias: weights.get(headBias)!.slice() },
  };
}

function tunedName(name: string): string {
  return name.endsWith("-tuned") ? name : `${name}-tuned`;
}

function roundHalf(value: number): number {
  return decodeFloat16(encodeFloat16(value));
}

function fitsHalf(values: Float32Array): boolean {
  return values.every((value) => roundHalf(value) === value);
}
