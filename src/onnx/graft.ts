/** Copying a part of one graph into another. */
import { create } from "@bufbuild/protobuf";
import { Fault } from "../core/index.js";
import type { GraphBuilder } from "./graph.js";
import { type AttributeProto, AttributeProto_AttributeType, NodeProtoSchema, TensorProtoSchema } from "./onnx_pb.js";
import type { ModelProto, NodeProto } from "./proto.js";

export interface GraftOptions {
  /** Values that the graft needs, down to the graph's inputs and constants. */
  readonly outputs: readonly string[];
  /** What stands for the inputs of the graft, by their names there. */
  readonly inputs: Readonly<Record<string, string>>;
  /** In front of the names of values and nodes. */
  readonly prefix: string;
  /** In front of the names of constants; grafts with the same one share them. */
  readonly constantPrefix: string;
}

/**
 * Appends the nodes of `model` that the outputs need; these become prefix + output. Throws `model-invalid` for control flow and
 * for an input that nothing stands for.
 */
export function graft(builder: GraphBuilder, model: ModelProto, options: GraftOptions): void {
  const { outputs, inputs, prefix, constantPrefix } = options;
  const source = model.graph!;
  const { nodes, needed } = nodesFor(source.node, outputs);
  const constants = new Set(source.initializer.map(({ name }) => name));
  const known = new Set(nodes.flatMap(({ output }) => output));
  const rename = (name: string): string => {
    if (name === "") return "";
    if (name in inputs) return inputs[name]!;
    if (known.has(name)) return prefix + name;
    if (constants.has(name)) return constantPrefix + name;
    throw new Fault("model-invalid", { what: `the network needs ${name}, which is no output of its own nodes` });
  };
  const target = builder.model.graph!;
  const present = new Set(target.initializer.map(({ name }) => name));
  for (const tensor of source.initializer) {
    const name = constantPrefix + tensor.name;
    if (needed.has(tensor.name) && !present.has(name))
      target.initializer.push(create(TensorProtoSchema, { ...tensor, name }));
  }
  for (const node of nodes) target.node.push(renamed(node, rename, prefix));
}

/** The nodes that some values need, in their order, and all that these nodes read or make. */
function nodesFor(nodes: readonly NodeProto[], outputs: readonly string[]) {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    const wanted = node.output.some((name) => needed.has(name));
    if (wanted) for (const name of node.input) needed.add(name);
    return wanted;
  });
  return { nodes: kept.toReversed(), needed };
}

const graphTypes: readonly AttributeProto["type"][] = [
  AttributeProto_AttributeType.GRAPH,
  AttributeProto_AttributeType.GRAPHS,
];

function renamed(node: NodeProto, rename: (name: string) => string, prefix: string): NodeProto {
  if (node.attribute.some(({ type }) => graphTypes.includes(type)))
    throw new Fault("model-invalid", { what: `the network has control flow: node ${node.name} is ${node.opType}` });
  return create(NodeProtoSchema, {
    ...node,
    name: prefix + (node.name || node.output.find((name) => name !== "")),
    input: node.input.map(rename),
    output: node.output.map((name) => (name === "" ? "" : prefix + name)),
  });
}
