/** Who makes which value in a graph, what its shape was when it ran, and what of it depends on the image. */
import type { ModelProto, NodeProto, TensorProto } from "../onnx/index.js";

/** A graph with the shapes that a run of it had. */
export interface Wiring {
  readonly model: ModelProto;
  readonly producers: ReadonlyMap<string, NodeProto>;
  /** Shapes by value, of a run with a batch of `batch` images. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly batch: number;
  /** Values that change with the image; all others are constants. */
  readonly fromImage: ReadonlySet<string>;
}

export function wire(
  model: ModelProto,
  input: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  batch: number,
): Wiring {
  const producers = new Map(model.graph!.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  return { model, producers, shapes, batch, fromImage: reachedFrom(model, input) };
}

/** Every value that is computed from `input`; nodes are in topological order, as ONNX demands. */
export function reachedFrom(model: ModelProto, input: string): ReadonlySet<string> {
  const reached = new Set([input]);
  for (const node of model.graph!.node)
    if (node.input.some((name) => reached.has(name))) for (const name of node.output) if (name) reached.add(name);
  return reached;
}

/** TensorProto.INT64. */
const int64Code = 7;

/** The whole numbers of an int64 or int32 tensor. */
export function wholeNumbers({ rawData, int64Data, int32Data, dataType }: TensorProto): number[] {
  if (rawData.length === 0) return [...int64Data.map(Number), ...int32Data];
  const { buffer } = new Uint8Array(rawData); // a copy: the bytes may lie at any offset
  return dataType === int64Code ? Array.from(new BigInt64Array(buffer), Number) : [...new Int32Array(buffer)];
}

/** The whole numbers of an attribute, or of the constant input at `index` in newer operator sets; null where there are none. */
export function constantInts(model: ModelProto, node: NodeProto, name: string, index: number): number[] | null {
  const attribute = node.attribute.find((one) => one.name === name);
  if (attribute) return attribute.ints.map(Number);
  const tensor = constantTensor(model, node.input[index]);
  return tensor ? wholeNumbers(tensor) : null;
}

/** The initializer of a name, or the tensor that a Constant node holds. */
export function constantTensor(model: ModelProto, name: string | undefined): TensorProto | undefined {
  if (!name) return undefined;
  const { initializer, node } = model.graph!;
  const found = initializer.find((tensor) => tensor.name === name);
  if (found) return found;
  const source = node.find(({ opType, output }) => opType === "Constant" && output[0] === name);
  return source?.attribute.find((one) => one.name === "value")?.t;
}
