/** Tensors as plain data, so that they cross thread borders. */

export interface ElementTypes {
  float32: Float32Array;
  float64: Float64Array;
  /** Raw binary16 bits. */
  float16: Uint16Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  uint32: Uint32Array;
  int32: Int32Array;
  uint64: BigUint64Array;
  int64: BigInt64Array;
  /** One byte each, 0 or 1. */
  bool: Uint8Array;
}

export type ElementType = keyof ElementTypes;

const elementTypeNames: Readonly<Record<ElementType, true>> = {
  float32: true,
  float64: true,
  float16: true,
  uint8: true,
  int8: true,
  uint16: true,
  int16: true,
  uint32: true,
  int32: true,
  uint64: true,
  int64: true,
  bool: true,
};

/** Whether tensors of this type, in ONNX Runtime's spelling, can be read. */
export function isElementType(name: string): name is ElementType {
  return name in elementTypeNames;
}

/** A dense row-major tensor; `data.length` is the product of `dims`. */
export type Tensor = {
  readonly [T in ElementType]: { readonly type: T; readonly dims: readonly number[]; readonly data: ElementTypes[T] };
}[ElementType];

export type Feeds = Readonly<Record<string, Tensor>>;

export function float32(dims: readonly number[], data: Float32Array): Tensor {
  return { type: "float32", dims, data };
}

/** The data of a float32 tensor. Throws a TypeError for any other type. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== "float32") throw new TypeError(`expected a float32 tensor, got ${tensor?.type ?? "none"}`);
  return tensor.data;
}

/** Adds in place. Four at a time: half as slow again one by one. */
export function addTo(sum: Float32Array, part: Float32Array): void {
  const whole = sum.length - (sum.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const [a, b] = [sum[i]! + part[i]!, sum[i + 1]! + part[i + 1]!];
    const [c, d] = [sum[i + 2]! + part[i + 2]!, sum[i + 3]! + part[i + 3]!];
    sum[i] = a;
    sum[i + 1] = b;
    sum[i + 2] = c;
    sum[i + 3] = d;
  }
  for (let i = whole; i < sum.length; i++) sum[i]! += part[i]!;
}
