/** A model as a light graph and the bytes of its large tensors apart: for files above 2 GB, and for sessions without copies. */
import { create } from "@bufbuild/protobuf";
import {
  type StringStringEntryProto,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "./onnx_pb.js";
import { type ModelProto, revise, serializeModel, type TensorProto } from "./proto.js";

/** Smaller tensors stay in the graph. */
const smallestBytes = 1024;

/** A model whose large tensors are handed to a session as buffers by name. */
export interface SplitModel {
  readonly graph: Uint8Array;
  readonly externalData: Readonly<Record<string, Uint8Array>>;
}

/** Takes the large initializers out of a model, without copying them: no limit of 2 GB, and no time to serialize weights. */
export function splitModel(model: ModelProto): SplitModel {
  let count = 0;
  const { light, moved } = moveOut(model, ({ rawData }) => externalEntries(`tensor${count++}`, 0, rawData.length));
  const externalData = Object.fromEntries(moved.map(({ rawData }, i) => [`tensor${i}`, rawData]));
  return { graph: serializeModel(light), externalData };
}

/** The model without the data of its large initializers, and those initializers; the model itself stays as it is. */
export function moveOut(
  model: ModelProto,
  place: (tensor: TensorProto) => StringStringEntryProto[],
): { readonly light: ModelProto; readonly moved: readonly TensorProto[] } {
  const moved: TensorProto[] = [];
  const { graph } = model;
  if (!graph) return { light: model, moved };
  const initializer = graph.initializer.map((tensor) => {
    if (tensor.rawData.length < smallestBytes) return tensor;
    moved.push(tensor);
    const { name, dims, dataType } = tensor;
    const dataLocation = TensorProto_DataLocation.EXTERNAL;
    return create(TensorProtoSchema, { name, dims, dataType, dataLocation, externalData: place(tensor) });
  });
  return { light: revise(model, { graph: revise(graph, { initializer }) }), moved };
}

export function externalEntries(location: string, offset: number, length: number): StringStringEntryProto[] {
  const entries = { location, offset: String(offset), length: String(length) };
  return Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}
