/**
 * Networks of older operator sets in the forms of set 17, so that rules meet one form (onnx.ai, Changelog): what was an attribute
 * became an input, and softmax no longer flattens. Sets 18 and later stay as they are; rules read both their forms.
 */
import { Fault } from "../core/index.js";
import { attribute, GraphBuilder, type ModelProto, type NodeProto } from "../onnx/index.js";

/** The set that older networks are raised to. */
const target = 17;

/** Below it are forms that no exporter of image networks has written for years. */
const oldest = 7;

export function operatorSetOf(model: ModelProto): number {
  return Number(model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 0n);
}

/** Rewrites the graph in place. Throws `gradient-unsupported` for sets below 7. */
export function raiseOperatorSet(model: ModelProto): void {
  const version = operatorSetOf(model);
  if (version >= target) return;
  if (version < oldest)
    throw new Fault("gradient-unsupported", {
      what: "the network is of an old operator set",
      expected: `${oldest} or later`,
      got: String(version),
      remedy: "export it again",
    });
  const graph = model.graph!;
  const nodes = graph.node;
  graph.node = [];
  const builder = new GraphBuilder(model);
  for (const node of nodes) {
    const changes = Object.hasOwn(conversions, node.opType) ? conversions[node.opType]! : [];
    for (const { before, convert } of changes) if (version < before) convert(node, builder);
    graph.node.push(node);
  }
  for (const one of model.opsetImport) if (one.domain === "" || one.domain === "ai.onnx") one.version = BigInt(target);
}

interface Conversion {
  /** The set from which on the node has the new form. */
  readonly before: number;
  /** Changes the node in place; nodes that must come ahead of it are added to the builder. */
  readonly convert: (node: NodeProto, builder: GraphBuilder) => void;
}

const conversions: Readonly<Record<string, readonly Conversion[]>> = {
  Clip: [{ before: 11, convert: (node, builder) => floatsToInputs(node, builder, ["min", "max"]) }],
  Pad: [
    {
      before: 11,
      convert: (node, builder) => {
        intsToInput(node, builder, "pads", 1);
        floatsToInputs(node, builder, ["", "value"]);
      },
    },
  ],
  Slice: [
    {
      before: 10,
      convert: (node, builder) =>
        ["starts", "ends", "axes"].forEach((name, i) => intsToInput(node, builder, name, i + 1)),
    },
  ],
  Squeeze: [{ before: 13, convert: (node, builder) => intsToInput(node, builder, "axes", 1) }],
  Unsqueeze: [{ before: 13, convert: (node, builder) => intsToInput(node, builder, "axes", 1) }],
  ReduceSum: [{ before: 13, convert: (node, builder) => intsToInput(node, builder, "axes", 1) }],
  Split: [{ before: 13, convert: (node, builder) => intsToInput(node, builder, "split", 1) }],
  Dropout: [{ before: 12, convert: toIdentity }],
  Softmax: [{ before: 13, convert: flattenAround }],
  LogSoftmax: [{ before: 13, convert: flattenAround }],
};

function take(node: NodeProto, name: string): void {
  node.attribute = node.attribute.filter((one) => one.name !== name);
}

function intsToInput(node: NodeProto, builder: GraphBuilder, name: string, index: number): void {
  const values = attribute(node, name, "ints");
  if (!values) return;
  while (node.input.length < index) node.input.push("");
  node.input[index] = builder.constant({
    type: "int64",
    dims: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
  take(node, name);
}

/** Inputs from the second on, in their order. */
function floatsToInputs(node: NodeProto, builder: GraphBuilder, names: readonly string[]): void {
  names.forEach((name, i) => {
    const value = name === "" ? undefined : attribute(node, name, "float");
    if (value === undefined) return;
    while (node.input.length < i + 1) node.input.push("");
    node.input[i + 1] = builder.floats([value], []);
    take(node, name);
  });
}

function toIdentity(node: NodeProto): void {
  node.opType = "Identity";
  node.attribute = [];
  node.output = node.output.slice(0, 1);
}

/** Over all axes from `axis` on: the node works on a matrix, and its result is shaped back. */
function flattenAround(node: NodeProto, builder: GraphBuilder): void {
  const [input, output] = [node.input[0]!, node.output[0]!];
  const axis = attribute(node, "axis", "int") ?? 1;
  const matrix = builder.node("Flatten", [input], { axis: BigInt(axis) });
  const result = builder.node(node.opType, [matrix], { axis: -1n });
  node.opType = "Reshape";
  node.input = [result, builder.node("Shape", [input])];
  node.output = [output];
  node.attribute = [];
}
