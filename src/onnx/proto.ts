/** ONNX models as protobuf messages (onnx.proto of the ONNX project, read and written by protobuf-es). */
import { clone, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describeError, Fault } from "../core/index.js";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.js";
import type { ElementType, Tensor } from "./tensor.js";

export type { GraphProto, ModelProto, NodeProto, TensorProto };

/** Integers (`INT`) are bigint, numbers are `FLOAT`: the type says which. */
export type AttributeValue = bigint | number | string | readonly bigint[] | readonly number[] | Tensor | GraphProto;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A dimension: a size, or the name of a free one. */
export type Dimension = number | string;

export interface ValueShape {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dimension[];
}

const elementCodes: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  float16: TensorProto_DataType.FLOAT16,
  uint8: TensorProto_DataType.UINT8,
  int8: TensorProto_DataType.INT8,
  uint16: TensorProto_DataType.UINT16,
  int16: TensorProto_DataType.INT16,
  uint32: TensorProto_DataType.UINT32,
  int32: TensorProto_DataType.INT32,
  uint64: TensorProto_DataType.UINT64,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
};

const elementTypes = new Map(
  (Object.keys(elementCodes) as ElementType[]).map((type) => [elementCodes[type] as number, type]),
);

/** The element type of an ONNX code; undefined for text, complex numbers and the narrow floats. */
export function elementType(code: number): ElementType | undefined {
  return elementTypes.get(code);
}

/** Parses a serialized model. Throws `model-invalid` when the bytes are none. */
export function parseModel(bytes: Uint8Array, source: string): ModelProto {
  let model: ModelProto;
  try {
    // Not as a Buffer: the bytes of each tensor are a part of it, and `slice` of a Buffer does not copy.
    model = fromBinary(ModelProtoSchema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw notAModel(source, describeError(error));
  }
  if (!model.graph || model.graph.node.length === 0 || model.opsetImport.length === 0)
    throw notAModel(source, "no graph in it");
  return model;
}

function notAModel(source: string, got: string): Fault {
  return new Fault("model-invalid", { what: `${source} is no ONNX model`, expected: "a serialized ModelProto", got });
}

export function serializeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/** A shallow copy of a message with some fields changed; the defaults of fields that are not set live in its prototype. */
export function revise<T extends object>(message: T, changes: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message) as object) as T, message, changes);
}

/**
 * A copy to edit: nodes and lists are its own, the bytes of tensors are shared with the original. Replace a tensor in it, do not
 * change one.
 */
export function copyModel(model: ModelProto): ModelProto {
  const graph = model.graph!;
  const copied = revise(graph, {
    node: graph.node.map((node) => clone(NodeProtoSchema, node)),
    initializer: [...graph.initializer],
    sparseInitializer: [...graph.sparseInitializer],
    input: graph.input.map((value) => clone(ValueInfoProtoSchema, value)),
    output: graph.output.map((value) => clone(ValueInfoProtoSchema, value)),
    valueInfo: [...graph.valueInfo],
  });
  return revise(model, {
    graph: copied,
    opsetImport: [...model.opsetImport],
    metadataProps: [...model.metadataProps],
    functions: [...model.functions],
  });
}

export function makeModel(opset: number, domains: readonly string[] = []): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: "assay",
    opsetImport: [{ domain: "", version: BigInt(opset) }, ...domains.map((domain) => ({ domain, version: 1n }))],
    graph: { name: "assay" },
  });
}

export function makeNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  domain = "",
): NodeProto {
  return create(NodeProtoSchema, {
    name: outputs[0] ?? "",
    opType,
    ...(domain === "" ? {} : { domain }),
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => makeAttribute(name, value)),
  });
}

/** A named constant; the numbers are stored as little-endian raw data. */
export function makeTensor(name: string, tensor: Tensor): TensorProto {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return create(TensorProtoSchema, {
    name,
    dataType: elementCodes[tensor.type],
    dims: tensor.dims.map(BigInt),
    rawData: new Uint8Array(buffer, byteOffset, byteLength),
  });
}

export function makeValue(shape: ValueShape): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name: shape.name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: elementCodes[shape.type],
          shape: {
            dim: shape.dims.map((size) => ({
              value:
                typeof size === "number"
                  ? { case: "dimValue" as const, value: BigInt(size) }
                  : { case: "dimParam" as const, value: size },
            })),
          },
        },
      },
    },
  });
}

/** A graph output of whatever type the runtime infers. */
export function makeOutput(name: string): ValueInfoProto {
  return create(ValueInfoProtoSchema, { name });
}

/** The input with other dimensions; its element type stays. */
export function resizeValue(value: ValueInfoProto, dims: readonly Dimension[]): ValueInfoProto {
  if (value.type?.value.case !== "tensorType") return value;
  const type = elementType(value.type.value.value.elemType);
  return type ? makeValue({ name: value.name, type, dims }) : value;
}

/** The declared dimensions of a graph input or output; free ones are names or "?". */
export function valueDims(value: ValueInfoProto): Dimension[] {
  if (value.type?.value.case !== "tensorType") return [];
  return (value.type.value.value.shape?.dim ?? []).map(({ value: size }) => {
    if (size.case === "dimValue") return Number(size.value);
    return size.case === "dimParam" ? size.value : "?";
  });
}

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  const types = AttributeProto_AttributeType;
  if (typeof value === "bigint") return create(AttributeProtoSchema, { name, type: types.INT, i: value });
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: types.FLOAT, f: value });
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: types.STRING, s: new TextEncoder().encode(value) });
  if ("node" in value) return create(AttributeProtoSchema, { name, type: types.GRAPH, g: value });
  if ("dims" in value) return create(AttributeProtoSchema, { name, type: types.TENSOR, t: makeTensor("", value) });
  if (isBigints(value)) return create(AttributeProtoSchema, { name, type: types.INTS, ints: [...value] });
  return create(AttributeProtoSchema, { name, type: types.FLOATS, floats: [...value] });
}

function isBigints(values: readonly bigint[] | readonly number[]): values is readonly bigint[] {
  return values.every((value) => typeof value === "bigint");
}
