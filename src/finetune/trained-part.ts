/** The part of a network that is trained, and the frozen one before it whose output can be kept. */
import { GraphBuilder, type ModelProto, revise } from "../onnx/index.js";
import { names } from "../backbone/index.js";
import type { Cut } from "./cut.js";
import { cutModel } from "./cut-model.js";
import type { Network } from "./network.js";

/** What enters the trained part, for one image. */
export interface PartInput {
  readonly name: string;
  /** Pixels as they are, or frozen activations in half precision. */
  readonly type: "uint8" | "float16";
  readonly dims: readonly number[];
  /** Of one image. */
  readonly bytes: number;
}

export interface TrainedPart {
  /** `input` → `logits`. */
  readonly model: ModelProto;
  readonly input: PartInput;
  /** `image` → `input`; null where everything is trained. */
  readonly prefix: ModelProto | null;
}

/** Divides a network at a cut; null: everything is trained. `side` is that of its pictures. */
export function divide({ model }: Network, side: number, cut: Cut | null): TrainedPart {
  if (cut === null) {
    const dims = [side, side, 3];
    return { model, input: { name: names.image, type: "uint8", dims, bytes: side * side * 3 }, prefix: null };
  }
  const { prefix, suffix } = cutModel(model, cut);
  const name = `${cut.value}_kept`;
  const bytes = 2 * cut.dims.reduce((size, length) => size * length, 1);
  return {
    model: takeHalf(suffix, cut.value, name, cut.dims),
    input: { name, type: "float16", dims: cut.dims, bytes },
    prefix: giveHalf(prefix, cut.value, name),
  };
}

/** TensorProto.FLOAT and FLOAT16. */
const [single, half] = [1, 10];

function takeHalf(model: ModelProto, value: string, name: string, dims: readonly number[]): ModelProto {
  const own = revise(model, { graph: revise(model.graph!, { node: [...model.graph!.node], input: [] }) });
  const builder = new GraphBuilder(own);
  builder.input({ name, type: "float16", dims: ["n", ...dims] });
  builder.node("Cast", [name], { to: BigInt(single) }, value);
  const { node } = own.graph!;
  node.unshift(node.pop()!);
  return own;
}

function giveHalf(model: ModelProto, value: string, name: string): ModelProto {
  const own = revise(model, { graph: revise(model.graph!, { node: [...model.graph!.node], output: [] }) });
  const builder = new GraphBuilder(own);
  builder.node("Cast", [value], { to: BigInt(half) }, name);
  builder.result(name);
  return own;
}
