/**
 * Memory of a run, planned from how long each value lives: it takes room from the node that makes it to the last one that uses it, in
 * the order in which ONNX Runtime runs them. What its kernels need for themselves while they run comes on top: on the CPU, with weights and
 * activations laid out again in blocks, a run of EfficientNet-Lite0's gradient took 1.4 to 1.8 times its plan (4 and 8 images).
 */
import { Fault, quoteName } from "../core/index.js";
import {
  type ElementType,
  type Engine,
  executionOrder,
  type ModelProto,
  type NodeProto,
  usedNames,
} from "../onnx/index.js";
import type { Gradient } from "./gradient.js";
import { inferShapes, type InputSizes } from "./shape.js";

/** Type and size of every value of a graph in one run, as `valueShapes` gives them. */
export type ValueShapes = ReadonlyMap<string, { readonly type: ElementType; readonly dims: readonly number[] }>;

export interface MemoryPlan {
  /** Initializers, and what is computed from them alone: the runtime does that once and keeps the result. */
  readonly weightsBytes: number;
  /** The most that inputs, outputs and values in between take at once. */
  readonly peakActivationBytes: number;
  /** The node at which that is; null for a graph without nodes that run. */
  readonly peakNode: string | null;
}

/**
 * The sizes of a graph's values for any batch; where its inputs have a fixed one, for that alone. `sizes` as for `gradient`. Throws
 * `engine-failed`, and `usage` where the size of an input is not known.
 */
export async function valueShapes(
  model: ModelProto,
  sizes: InputSizes = {},
  engine?: Engine,
): Promise<(batch: number) => ValueShapes> {
  const { values } = await inferShapes(model, sizes, engine);
  return (batch) =>
    new Map(
      [...values].map(([name, { type, shape }]) => [
        name,
        { type, dims: shape.map(({ fixed, perImage }) => fixed + perImage * batch) },
      ]),
    );
}

/** Plans one run of a graph, pure and without a session. Throws `model-invalid` where the size of a value is not known. */
export function planMemory({ graph }: ModelProto, shapes: ValueShapes): MemoryPlan {
  const { node, initializer, input, output } = graph!;
  const constants = constantNames(node, initializer);
  const running = executionOrder(graph!).filter((one) => !one.output.some((name) => constants.has(name)));
  const outputs = output.map(({ name }) => name);
  const sizeOf = (name: string): number => bytesOf(name, shapes);
  const used = new Set([...running.flatMap(usedNames), ...outputs]);
  const weights = [...used].filter((name) => constants.has(name));
  const plan = new Plan(running, outputs, sizeOf);
  plan.hold(input.map(({ name }) => name).filter((name) => !constants.has(name)));
  running.forEach((one, at) => plan.step(one, at));
  const { peakBytes, peakNode } = plan;
  return { weightsBytes: total(weights.map(sizeOf)), peakActivationBytes: peakBytes, peakNode };
}

/** As `planMemory`, with what an optimizer keeps besides. */
export interface TrainingMemoryPlan extends MemoryPlan {
  /** Of the optimizer: the weights it works on, the sum of their gradients, and its averages, in float32. */
  readonly optimizerBytes: number;
}

/**
 * Plans one micro-batch of a gradient graph and the optimizer beside it, which keeps `averages` numbers for each trained weight: 2 for
 * AdamW, 1 for SGD with momentum. The optimizer's part lies in the process, the other two on the device. Throws as `planMemory`.
 */
export function planTraining(
  { model, gradients }: Pick<Gradient, "model" | "gradients">,
  shapes: ValueShapes,
  averages = 2,
): TrainingMemoryPlan {
  const trained = [...gradients.keys()].map((name) => count(name, shapes) * elementBytes.float32);
  return { ...planMemory(model, shapes), optimizerBytes: total(trained) * (2 + averages) };
}

/** How many times its plan a run may really take, with what kernels need for themselves: the largest that was seen, on the CPU. */
export const kernelFactor = 1.8;

/** The same with ONNX Runtime's arena, which rounds up and keeps what lies between: 2.2 to 2.5 for EfficientNet-Lite0 with 1 to 4 images. */
export const arenaFactor = 2.5;

/** The largest batch whose bytes are within the limit, at most `most`; 0 where not even one image is. Bytes must grow with the batch. */
export function largestBatch(bytesAt: (batch: number) => number, limitBytes: number, most: number): number {
  let [fits, exceeds] = [0, most + 1];
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2);
    if (bytesAt(middle) <= limitBytes) fits = middle;
    else exceeds = middle;
  }
  return fits;
}

/** Values that a session computes once, when it is made. */
function constantNames(nodes: readonly NodeProto[], initializers: readonly { readonly name: string }[]): Set<string> {
  const known = new Set(initializers.map(({ name }) => name));
  for (const node of nodes)
    if (usedNames(node).every((name) => known.has(name))) for (const name of node.output) known.add(name);
  return known;
}

/** The result is the first input's memory under another shape. */
const views: ReadonlySet<string> = new Set(["Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/** Element by element: the result may take the place of an operand that nothing needs any more. */
const inPlace: ReadonlySet<string> = new Set(
  (
    "Abs Add Ceil Clip Div Elu Exp Floor HardSigmoid HardSwish LeakyRelu Log Mul Neg Reciprocal Relu Selu Sigmoid Softplus " +
    "Softsign Sqrt Sub Sum Tanh"
  ).split(" "),
);

/** A piece of memory and the last node that needs it. */
interface Room {
  readonly bytes: number;
  until: number;
}

class Plan {
  readonly #sizeOf: (name: string) => number;
  /** The last node that uses each value; Infinity for outputs. */
  readonly #lastUse: ReadonlyMap<string, number>;
  readonly #rooms = new Map<string, Room>();
  #liveBytes = 0;
  peakBytes = 0;
  peakNode: string | null = null;

  constructor(nodes: readonly NodeProto[], outputs: readonly string[], sizeOf: (name: string) => number) {
    this.#sizeOf = sizeOf;
    const uses = nodes.flatMap((node, at) => usedNames(node).map((name) => [name, at] as const));
    this.#lastUse = new Map([...uses, ...outputs.map((name) => [name, Infinity] as const)]);
  }

  /** Values that are there before and after the run. */
  hold(names: readonly string[]): void {
    for (const name of names) this.#take(name, Infinity);
    this.peakBytes = this.#liveBytes;
  }

  step(node: NodeProto, at: number): void {
    for (const name of node.output.filter(Boolean)) {
      const until = this.#lastUse.get(name) ?? at;
      const room = this.#shared(node, name, at);
      if (room) {
        room.until = Math.max(room.until, until);
        this.#rooms.set(name, room);
      } else this.#take(name, until);
    }
    if (this.#liveBytes > this.peakBytes) {
      this.peakBytes = this.#liveBytes;
      this.peakNode = node.name || node.output[0] || node.opType;
    }
    const touched = new Set([...usedNames(node), ...node.output].map((name) => this.#rooms.get(name)));
    for (const room of touched) if (room && room.until <= at) this.#liveBytes -= room.bytes;
  }

  #take(name: string, until: number): void {
    const room = { bytes: this.#sizeOf(name), until };
    this.#rooms.set(name, room);
    this.#liveBytes += room.bytes;
  }

  /** The memory that a node's result needs no new one for. */
  #shared(node: NodeProto, name: string, at: number): Room | undefined {
    if (node.domain !== "" && node.domain !== "ai.onnx") return undefined;
    if (views.has(node.opType) && name === node.output[0]) return this.#rooms.get(node.input[0] ?? "");
    if (!inPlace.has(node.opType)) return undefined;
    const bytes = this.#sizeOf(name);
    return node.input.map((input) => this.#rooms.get(input)).find((room) => room?.until === at && room.bytes === bytes);
  }
}

const elementBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  bool: 1,
};

function bytesOf(name: string, shapes: ValueShapes): number {
  return count(name, shapes) * elementBytes[shapes.get(name)!.type];
}

function count(name: string, shapes: ValueShapes): number {
  const shape = shapes.get(name);
  if (!shape) throw new Fault("model-invalid", { what: `the size of the value ${quoteName(name)} is not known` });
  return shape.dims.reduce((all, size) => all * size, 1);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
