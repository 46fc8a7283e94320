/** A network made ready to be differentiated: plain weights, one kind of constant, one family of operator sets. */
import { Fault, quoteName } from "../core/index.js";
import {
  copyModel,
  expandHalf,
  foldConstants,
  type ModelProto,
  resizeValue,
  tensorData,
  type TensorProto,
  valueDims,
} from "../onnx/index.js";
import { raiseOperatorSet } from "./operator-set.js";
import { inputDims, type InputSizes } from "./shape.js";

/** A copy to work on; the bytes of weights are shared with the original. */
export function prepare(model: ModelProto): ModelProto {
  const forward = copyModel(model);
  const graph = forward.graph!;
  expandHalf(forward);
  foldConstants(graph);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  // Constants that older networks list as inputs too would not be optimized as constants.
  graph.input = graph.input.filter(({ name }) => !constants.has(name));
  raiseOperatorSet(forward);
  return forward;
}

/** Writes known sizes, and that of the batch, into the declared inputs. */
export function fixInputs(model: ModelProto, sizes: InputSizes, batch?: number): void {
  const graph = model.graph!;
  graph.input = graph.input.map((value) => {
    const declared = valueDims(value);
    const dims = inputDims(value.name, declared, sizes).map((size, axis) => size ?? batch ?? declared[axis]!);
    return resizeValue(value, dims);
  });
}

/** Float32 initializers that are to be trained. Throws `model-invalid` where one of them holds a number that is none. */
export function trainableNames(
  model: ModelProto,
  trainable: (name: string, dims: readonly number[]) => boolean,
): readonly string[] {
  const chosen = model.graph!.initializer.filter(
    (tensor) => tensor.dataType === floatCode && trainable(tensor.name, tensor.dims.map(Number)),
  );
  for (const tensor of chosen) checkFinite(tensor);
  return chosen.map(({ name }) => name);
}

/** TensorProto.FLOAT. */
const floatCode = 1;

function checkFinite(tensor: TensorProto): void {
  const wrong = tensorData(tensor).data.findIndex((value: number | bigint) => !Number.isFinite(Number(value)));
  if (wrong < 0) return;
  throw new Fault("model-invalid", {
    what: `the weight ${quoteName(tensor.name)} holds a value that is not finite, at ${wrong}`,
    remedy: "export the network again from a sound checkpoint",
  });
}
