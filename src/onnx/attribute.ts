/** Attributes of nodes, read by name and kind. */
import { Fault, quoteName } from "../core/index.js";
import { type AttributeProto, AttributeProto_AttributeType as Code } from "./onnx_pb.js";
import type { GraphProto, NodeProto } from "./proto.js";
import type { Tensor } from "./tensor.js";
import { tensorData } from "./tensor-data.js";

interface AttributeKinds {
  /** Exact to 2⁵³. */
  int: number;
  float: number;
  string: string;
  tensor: Tensor;
  graph: GraphProto;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
}

export type AttributeKind = keyof AttributeKinds;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const kinds: {
  readonly [K in AttributeKind]: {
    readonly code: Code;
    readonly read: (attribute: AttributeProto) => AttributeKinds[K];
  };
} = {
  int: { code: Code.INT, read: ({ i }) => Number(i) },
  float: { code: Code.FLOAT, read: ({ f }) => f },
  string: { code: Code.STRING, read: ({ s }) => text(s) },
  tensor: { code: Code.TENSOR, read: ({ t }) => tensorData(t!) },
  graph: { code: Code.GRAPH, read: ({ g }) => g! },
  ints: { code: Code.INTS, read: ({ ints }) => ints.map(Number) },
  floats: { code: Code.FLOATS, read: ({ floats }) => floats },
  strings: { code: Code.STRINGS, read: ({ strings }) => strings.map(text) },
};

/** The attribute of a node, or undefined where it has none of that name. Throws `model-invalid` when it is of another kind. */
export function attribute<K extends AttributeKind>(
  node: NodeProto,
  name: string,
  kind: K,
): AttributeKinds[K] | undefined {
  const found = node.attribute.find((one) => one.name === name);
  if (!found) return undefined;
  const { code, read } = kinds[kind];
  if (found.type !== code)
    throw new Fault("model-invalid", {
      what: `the attribute ${name} of the node ${quoteName(node.name || node.opType)} cannot be read`,
      expected: Code[code],
      got: Code[found.type] ?? String(found.type),
    });
  return read(found);
}
