/** Shapes of a graph's values as functions of the batch, taken from two runs of the graph: the runtime infers them best. */
import { Fault, quoteName } from "../core/index.js";
import {
  type Dimension,
  elementType,
  type ElementType,
  type Engine,
  type Feeds,
  type ModelProto,
  probeShapes,
  type Tensor,
  valueDims,
} from "../onnx/index.js";

/** A dimension for a batch of n images: fixed + perImage · n. */
export interface Extent {
  readonly fixed: number;
  readonly perImage: number;
}

export type Shape = readonly Extent[];

export interface Value {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Sizes of an input's dimensions where its graph leaves them free; of the batch, which stays free, nothing need be said. */
export type InputSizes = Readonly<Record<string, readonly number[]>>;

export function fixed(size: number): Extent {
  return { fixed: size, perImage: 0 };
}

export function isFixed({ perImage }: Extent): boolean {
  return perImage === 0;
}

export function isOne(extent: Extent): boolean {
  return isFixed(extent) && extent.fixed === 1;
}

export function sameExtent(a: Extent, b: Extent): boolean {
  return a.fixed === b.fixed && a.perImage === b.perImage;
}

export function describeExtent({ fixed: size, perImage }: Extent): string {
  return perImage === 0 ? String(size) : `${perImage}n${size === 0 ? "" : ` + ${size}`}`;
}

/** Elements of some dimensions; null where it is no linear function of the batch. */
export function product(shape: Shape): Extent | null {
  let total: Extent = fixed(1);
  for (const extent of shape) {
    if (!isFixed(extent) && !isFixed(total)) return null;
    const [factor, other] = isFixed(extent) ? [extent.fixed, total] : [total.fixed, extent];
    total = { fixed: factor * other.fixed, perImage: factor * other.perImage };
  }
  return total;
}

/** Two batches, neither of one image: a dimension of size 1 would look like the batch. */
const batches = [2, 3] as const;

/** Type and shape of every value of a model. Throws `engine-failed`, and `usage` where the size of an input is not known. */
export async function inferShapes(
  model: ModelProto,
  sizes: InputSizes,
  engine?: Engine,
): Promise<ReadonlyMap<string, Value>> {
  const [few, more] = batches;
  const small = await probeShapes(model, probeFeeds(model, sizes, few), null, engine);
  // Where no input's batch is free, one run says it all.
  const large = hasFreeBatch(model) ? await probeShapes(model, probeFeeds(model, sizes, more), null, engine) : small;
  const values = [...small].map(([name, { type, dims }]) => {
    const shape = dims.map((size, axis) => {
      const perImage = ((large.get(name)?.dims[axis] ?? size) - size) / (more - few);
      return { fixed: size - few * perImage, perImage };
    });
    return [name, { type, shape }] as const;
  });
  return new Map(values);
}

function hasFreeBatch(model: ModelProto): boolean {
  return model.graph!.input.some((value) => typeof valueDims(value)[0] === "string");
}

/** Ones for every input: no value matters, and ones divide. */
function probeFeeds(model: ModelProto, sizes: InputSizes, batch: number): Feeds {
  const feeds = model.graph!.input.map((value) => {
    const dims = inputDims(value.name, valueDims(value), sizes).map((size) => (size === null ? batch : size));
    const code = value.type?.value.case === "tensorType" ? value.type.value.value.elemType : 0;
    return [value.name, ones(elementType(code) ?? "float32", dims)] as const;
  });
  return Object.fromEntries(feeds);
}

/** The sizes of an input, null for a free batch. */
export function inputDims(name: string, declared: readonly Dimension[], sizes: InputSizes): (number | null)[] {
  const known = sizes[name];
  return declared.map((size, axis) => {
    if (typeof size === "number") return size;
    if (axis === 0) return null;
    const given = known?.[axis - (declared.length - known.length)];
    if (given === undefined)
      throw new Fault("usage", {
        what: `the input ${quoteName(name)} leaves its dimension ${axis} (${size}) free`,
        remedy: `give the sizes of one image, such as sizes: { ${name}: [3, 224, 224] }`,
      });
    return given;
  });
}

function ones(type: ElementType, dims: readonly number[]): Tensor {
  const count = dims.reduce((total, size) => total * size, 1);
  if (type === "int64") return { type, dims, data: new BigInt64Array(count).fill(1n) };
  if (type === "int32") return { type, dims, data: new Int32Array(count).fill(1) };
  if (type === "uint8") return { type, dims, data: new Uint8Array(count).fill(1) };
  if (type === "bool") return { type, dims, data: new Uint8Array(count).fill(1) };
  if (type === "float32") return { type, dims, data: new Float32Array(count).fill(1) };
  throw new Fault("model-invalid", {
    what: "an input of the network",
    expected: "float32, uint8 or integers",
    got: type,
  });
}
