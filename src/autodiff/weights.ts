/** The weights in a gradient graph, read and replaced: an optimizer's step makes a new session of the same graph. */
import { Fault, quoteName } from "../core/index.js";
import { makeTensor, type ModelProto, revise, tensorData } from "../onnx/index.js";

/** Copies of float32 initializers by name. Throws `model-invalid` where there is none of a name. */
export function readWeights(model: ModelProto, names: Iterable<string>): Map<string, Float32Array> {
  const tensors = new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensor]));
  return new Map(
    [...names].map((name) => {
      const tensor = tensors.get(name);
      const read = tensor && tensorData(tensor);
      if (read?.type !== "float32") throw noWeight(name, read?.type ?? "nothing of that name");
      return [name, Float32Array.from(read.data)];
    }),
  );
}

/**
 * The model with other numbers in some initializers; everything else is shared with it, and the numbers are not copied: change them
 * only after the session is made. Throws `model-invalid` where a weight is not there or has another size.
 */
export function replaceWeights(model: ModelProto, weights: ReadonlyMap<string, Float32Array>): ModelProto {
  const graph = model.graph!;
  const missing = new Set(weights.keys());
  const initializer = graph.initializer.map((tensor) => {
    const data = weights.get(tensor.name);
    if (!data) return tensor;
    missing.delete(tensor.name);
    const dims = tensor.dims.map(Number);
    const size = dims.reduce((total, length) => total * length, 1);
    if (data.length !== size) throw noWeight(tensor.name, `${size} numbers in the graph, ${data.length} given`);
    return makeTensor(tensor.name, { type: "float32", dims, data });
  });
  for (const name of missing) throw noWeight(name, "nothing of that name");
  return revise(model, { graph: revise(graph, { initializer }) });
}

function noWeight(name: string, got: string): Fault {
  return new Fault("model-invalid", { what: `the weight ${quoteName(name)}`, expected: "a float32 initializer", got });
}
