/** The gradient of a graph: the forward graph, the loss, and the way back from it to the trainable weights. */
import { Fault, quoteName } from "../core/index.js";
import { type Engine, GraphBuilder, keepOutputs, type ModelProto, valueDims } from "../onnx/index.js";
import { addLoss, type Loss, type LossInputs } from "./loss.js";
import { type Lowering, plainLowering } from "./lowering.js";
import { fixInputs, prepare, trainableNames } from "./prepare.js";
import { describeExtent, inferShapes, type InputSizes, isOne, type Value } from "./shape.js";
import { Sweep } from "./sweep.js";

export interface GradientOptions {
  readonly loss: Loss;
  /** Which float32 initializers are trained; the others are constants, and so are the settings of nodes, such as the bounds of Clip. */
  readonly trainable: (name: string, dims: readonly number[]) => boolean;
  /** Inputs of the graph whose gradient is wanted too. */
  readonly inputs?: readonly string[];
  /** Further values of the graph to give out, such as logits. */
  readonly outputs?: readonly string[];
  /** Sizes of one image for inputs whose graph leaves them free. */
  readonly sizes?: InputSizes;
  /** Images in a run; left out, the batch stays as free as the graph has it. Some lowerings need it. */
  readonly batch?: number;
  /** How the costly parts are written; standard operators where it is left out. */
  readonly lowering?: Lowering;
  /** A thread to infer shapes in; one is made and ended where it is left out. */
  readonly engine?: Engine;
}

export interface Gradient {
  /** Its outputs are the loss, what `outputs` asked for, and the gradients; the weights are its initializers, by their names. */
  readonly model: ModelProto;
  /** Weight or input → the output that is its gradient, of the same shape. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Output with one element. */
  readonly loss: string;
  readonly lossInputs: LossInputs;
  /** The constant 1 that the way back begins with. */
  readonly seed: string;
}

/**
 * Differentiates what lies between a loss and the trainable weights. The model given stays as it is. Throws `gradient-unsupported`
 * that names the operator and the node where there is no rule, `model-invalid`, `usage`, `engine-failed`.
 */
export async function gradient(model: ModelProto, options: GradientOptions): Promise<Gradient> {
  const { loss: kind, inputs = [], outputs = [], sizes = {}, lowering = plainLowering, engine } = options;
  const forward = prepare(model);
  fixInputs(forward, sizes, options.batch);
  // Chosen before the loss adds constants of its own.
  const chosen = new Set(trainableNames(forward, options.trainable));
  const builder = new GraphBuilder(forward);
  const { value: loss, inputs: lossInputs } = addLoss(builder, kind, batchOf(forward));
  chooseOutputs(builder, [loss, ...outputs]);
  const knowledge = await inferShapes(forward, sizes, engine);
  checkLoss(loss, knowledge.values);
  const weights = forward.graph!.initializer.map(({ name }) => name).filter((name) => chosen.has(name));
  const rank = knowledge.values.get(loss)!.shape.length;
  const seed = builder.floats([1], Array<number>(rank).fill(1));
  const gradients = new Sweep(builder, knowledge, lowering, [...weights, ...inputs]).run(loss, seed);
  chooseOutputs(builder, [loss, ...outputs, ...gradients.values()]);
  return { model: forward, gradients, loss, lossInputs, seed };
}

/** The first dimension of the first input that has one. */
function batchOf({ graph }: ModelProto): number | string {
  return graph!.input.map((value) => valueDims(value)[0]).find((size) => size !== undefined) ?? "n";
}

/** Declares outputs, of whatever shape they have, and drops what none of them needs. */
function chooseOutputs(builder: GraphBuilder, names: readonly string[]): void {
  builder.model.graph!.output = [];
  for (const name of new Set(names)) builder.result(name);
  keepOutputs(builder.model, names);
}

function checkLoss(loss: string, values: ReadonlyMap<string, Value>): void {
  const value = values.get(loss);
  if (value?.type === "float32" && value.shape.every(isOne)) return;
  const got = value ? `${value.type} [${value.shape.map(describeExtent).join(", ")}]` : "no such value";
  throw new Fault("usage", { what: `the loss ${quoteName(loss)}`, expected: "one float32 element", got });
}
