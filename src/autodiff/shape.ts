/** Shapes of a graph's values as functions of the batch, taken from two runs of the graph: the runtime infers them best. */
import { Fault, quoteName } from "../core/index.js";
import {
  copyModel,
  type Dimension,
  elementType,
  type ElementType,
  Engine,
  type Feeds,
  GraphBuilder,
  keepOutputs,
  type ModelProto,
  type NodeProto,
  probeShapes,
  splitModel,
  type Tensor,
  usedNames,
  valueDims,
  type ValueProbe,
} from "../onnx/index.js";

/** A dimension for a batch of n images: fixed + perImage · n. */
export interface Extent {
  readonly fixed: number;
  readonly perImage: number;
}

export type Shape = readonly Extent[];

/** What is known of a graph before it is differentiated. */
export interface Knowledge {
  readonly values: ReadonlyMap<string, Value>;
  /** Small values that nodes compute from constants and shapes alone, the same for every batch. */
  readonly constants: ReadonlyMap<string, Tensor>;
}

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
export async function inferShapes(model: ModelProto, sizes: InputSizes, engine?: Engine): Promise<Knowledge> {
  const own = engine ?? new Engine();
  try {
    const feeds = batches.map((batch) => probeFeeds(model, sizes, batch));
    // Where no input's batch is free, one run says it all.
    const [few, more] = hasFreeBatch(model) ? feeds : [feeds[0]!, feeds[0]!];
    const small = await probeShapes(model, few!, null, own);
    const large = few === more ? small : await probeShapes(model, more!, null, own);
    const values = new Map(
      [...small].map(([name, probe]) => [name, compare(probe, large.get(name) ?? probe)] as const),
    );
    const names = constantNames(model.graph!.node, model.graph!.initializer, values);
    if (names.length === 0) return { values, constants: new Map() };
    const [first, second] = [await compute(model, few!, names, own), await compute(model, more!, names, own)];
    return {
      values,
      constants: new Map(Object.entries(first).filter(([name, { data }]) => isSame(data, second[name]!.data))),
    };
  } finally {
    if (!engine) await own.close();
  }
}

function compare({ type, dims }: ValueProbe, larger: ValueProbe): Value {
  const [few, more] = batches;
  const shape = dims.map((size, axis) => {
    const perImage = (larger.dims[axis]! - size) / (more - few);
    return { fixed: size - few * perImage, perImage };
  });
  return { type, shape };
}

/** Sizes, indices and bounds are small; weights that a node turns are not of interest. */
const mostElements = 65_536;

/** Values computed from constants and shapes. */
function constantNames(
  nodes: readonly NodeProto[],
  initializers: readonly { readonly name: string }[],
  values: ReadonlyMap<string, Value>,
): readonly string[] {
  const known = new Set(initializers.map(({ name }) => name));
  const found: string[] = [];
  for (const node of nodes) {
    const isShape = node.opType === "Shape" || node.opType === "Size";
    if (!isShape && !usedNames(node).every((name) => known.has(name))) continue;
    for (const name of node.output.filter(Boolean)) {
      known.add(name);
      const value = values.get(name);
      if (value && (product(value.shape)?.fixed ?? Infinity) <= mostElements) found.push(name);
    }
  }
  return found;
}

async function compute(
  model: ModelProto,
  feeds: Feeds,
  names: readonly string[],
  engine: Engine,
): Promise<Readonly<Record<string, Tensor>>> {
  const copy = copyModel(model);
  const builder = new GraphBuilder(copy);
  copy.graph!.output = [];
  for (const name of names) builder.result(name);
  keepOutputs(copy, names);
  const needed = new Set(copy.graph!.input.map(({ name }) => name));
  const session = await engine.open(splitModel(copy), { threads: 1, optimization: "disabled" });
  const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name)));
  const results = await session.run(used, names);
  await session.release();
  return results;
}

function isSame(a: Tensor["data"], b: Tensor["data"]): boolean {
  return a.length === b.length && a.every((value: number | bigint, i: number) => value === b[i]);
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
  if (type === "float16") return { type, dims, data: new Uint16Array(count).fill(0x3c00) };
  throw new Fault("model-invalid", {
    what: "an input of the network",
    expected: "float32, float16, uint8 or integers",
    got: type,
  });
}
