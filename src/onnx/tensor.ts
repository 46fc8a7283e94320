/** Tensors as plain data, so that they cross thread borders. */

interface ElementTypes {
  float32: Float32Array;
  float64: Float64Array;
  /** Raw binary16 bits. */
  float16: Uint16Array;
  uint8: Uint8Array;
  int8: Int8Array;
  int32: Int32Array;
  int64: BigInt64Array;
}

export type ElementType = keyof ElementTypes;

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
