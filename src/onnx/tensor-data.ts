/** The numbers of a TensorProto, wherever the format keeps them (onnx.proto, TensorProto: raw_data or a field by type). */
import { Fault, quoteName } from "../core/index.js";
import { TensorProto_DataLocation, TensorProto_DataType } from "./onnx_pb.js";
import { elementType, type TensorProto } from "./proto.js";
import type { ElementType, ElementTypes, Tensor } from "./tensor.js";

interface Storage<T extends ElementType> {
  readonly Array: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBuffer | SharedArrayBuffer, byteOffset: number, length: number): ElementTypes[T];
  };
  /** The typed field, where the numbers are when there is no raw data. */
  readonly typed: (tensor: TensorProto) => ElementTypes[T];
}

const storages: { readonly [T in ElementType]: Storage<T> } = {
  float32: { Array: Float32Array, typed: ({ floatData }) => Float32Array.from(floatData) },
  float64: { Array: Float64Array, typed: ({ doubleData }) => Float64Array.from(doubleData) },
  float16: { Array: Uint16Array, typed: ({ int32Data }) => Uint16Array.from(int32Data) },
  uint8: { Array: Uint8Array, typed: ({ int32Data }) => Uint8Array.from(int32Data) },
  int8: { Array: Int8Array, typed: ({ int32Data }) => Int8Array.from(int32Data) },
  uint16: { Array: Uint16Array, typed: ({ int32Data }) => Uint16Array.from(int32Data) },
  int16: { Array: Int16Array, typed: ({ int32Data }) => Int16Array.from(int32Data) },
  uint32: { Array: Uint32Array, typed: ({ uint64Data }) => Uint32Array.from(uint64Data, Number) },
  int32: { Array: Int32Array, typed: ({ int32Data }) => Int32Array.from(int32Data) },
  uint64: { Array: BigUint64Array, typed: ({ uint64Data }) => BigUint64Array.from(uint64Data) },
  int64: { Array: BigInt64Array, typed: ({ int64Data }) => BigInt64Array.from(int64Data) },
  bool: { Array: Uint8Array, typed: ({ int32Data }) => Uint8Array.from(int32Data) },
};

/** Bytes of one element. */
export function elementBytes(type: ElementType): number {
  return storages[type].Array.BYTES_PER_ELEMENT;
}

/** Elements of a tensor: the product of its dimensions, 1 for a scalar. */
export function elementCount(tensor: TensorProto): number {
  return tensor.dims.reduce((count, size) => count * Number(size), 1);
}

/**
 * Reads a tensor, as a view of its raw data where that is aligned. Throws `model-invalid` for text, for the types that `Tensor`
 * lacks, for data still outside the model (`readModel` brings it in) and for a size that is not that of its dimensions.
 */
export function tensorData(tensor: TensorProto): Tensor {
  const type = elementType(tensor.dataType);
  if (!type)
    throw unreadable(tensor, `its elements are ${TensorProto_DataType[tensor.dataType] ?? "of no known type"}`);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw unreadable(tensor, "its data is in another file and was not read");
  const data = readElements(tensor, type);
  if (data.length !== elementCount(tensor))
    throw unreadable(tensor, `${data.length} elements for the dimensions [${tensor.dims.join(", ")}]`);
  return { type, dims: tensor.dims.map(Number), data } as Tensor;
}

function readElements<T extends ElementType>(tensor: TensorProto, type: T): ElementTypes[T] {
  const { Array, typed } = storages[type] as Storage<T>;
  const { rawData } = tensor;
  if (rawData.length === 0) return typed(tensor);
  const width = Array.BYTES_PER_ELEMENT;
  if (rawData.length % width !== 0) throw unreadable(tensor, `${rawData.length} bytes for elements of ${width}`);
  const aligned = rawData.byteOffset % width === 0 ? rawData : new Uint8Array(rawData);
  return new Array(aligned.buffer, aligned.byteOffset, rawData.length / width);
}

function unreadable(tensor: TensorProto, got: string): Fault {
  return new Fault("model-invalid", { what: `the tensor ${quoteName(tensor.name)} cannot be read`, got });
}
