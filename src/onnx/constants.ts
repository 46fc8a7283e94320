/** Constant nodes as initializers, so that editing meets one kind of constant; equal ones as one. */
import { sha256 } from "../core/index.js";
import { attribute, type AttributeKind } from "./attribute.js";
import { renameValues } from "./graft.js";
import { makeTensor, type GraphProto, type NodeProto, type TensorProto } from "./proto.js";
import type { Tensor } from "./tensor.js";

/** The attributes in which a Constant may keep numbers (onnx.ai, Constant); text stays a node. */
const forms: readonly ((node: NodeProto) => Tensor | undefined)[] = [
  (node) => attribute(node, "value", "tensor"),
  (node) => map(node, "value_float", "float", (value) => floatTensor([], [value])),
  (node) => map(node, "value_floats", "floats", (values) => floatTensor([values.length], values)),
  (node) => map(node, "value_int", "int", (value) => intTensor([], [value])),
  (node) => map(node, "value_ints", "ints", (values) => intTensor([values.length], values)),
];

/** Turns Constant nodes into initializers of the same name, in place; those that are outputs of the graph stay nodes. */
export function foldConstants(graph: GraphProto): void {
  const outputs = new Set(graph.output.map(({ name }) => name));
  const folded = new Map<NodeProto, TensorProto>();
  for (const node of graph.node) {
    const name = node.output[0] ?? "";
    const constant = isConstant(node) && !outputs.has(name) ? constantOf(node) : undefined;
    if (constant) folded.set(node, makeTensor(name, constant));
  }
  graph.node = graph.node.filter((node) => !folded.has(node));
  graph.initializer.push(...folded.values());
}

/**
 * Keeps the first of equal initializers, in place. What two networks compute of the same from the same values is then the same to ONNX
 * Runtime, which computes it once: a tuned network and the one that it was made of have their frozen layers in common.
 */
export function shareConstants(graph: GraphProto): void {
  const fixed = new Set([...graph.input, ...graph.output].map(({ name }) => name));
  const kept = new Map<string, string>();
  const shared = new Map<string, string>();
  graph.initializer = graph.initializer.filter(({ name, dataType, dims, rawData }) => {
    if (fixed.has(name) || rawData.length === 0) return true;
    const content = `${dataType} ${dims.join(",")} ${sha256(rawData)}`;
    const first = kept.get(content) ?? name;
    if (first !== name) shared.set(name, first);
    else kept.set(content, name);
    return first === name;
  });
  renameValues(graph, (name) => shared.get(name) ?? name);
}

function isConstant({ opType, domain }: NodeProto): boolean {
  return opType === "Constant" && (domain === "" || domain === "ai.onnx");
}

function constantOf(node: NodeProto): Tensor | undefined {
  for (const form of forms) {
    const constant = form(node);
    if (constant) return constant;
  }
  return undefined;
}

function map<K extends AttributeKind>(
  node: NodeProto,
  name: string,
  kind: K,
  make: (value: NonNullable<ReturnType<typeof attribute<K>>>) => Tensor,
): Tensor | undefined {
  const value = attribute(node, name, kind);
  return value === undefined ? undefined : make(value);
}

function floatTensor(dims: readonly number[], values: readonly number[]): Tensor {
  return { type: "float32", dims, data: Float32Array.from(values) };
}

function intTensor(dims: readonly number[], values: readonly number[]): Tensor {
  return { type: "int64", dims, data: BigInt64Array.from(values, BigInt) };
}
