/**
 * Mixed precision as a transformation of a gradient graph (Micikevicius 2018, 1710.03740): products in float16, what adds up or has a
 * wide range in float32, float32 weights, and a loss scale that keeps small gradients from vanishing.
 */
import { copyModel, freshNames, GraphBuilder, keepOutputs, makeNode, revise } from "../onnx/index.js";
import type { Gradient } from "./gradient.js";
import { HalfWriter } from "./half-writer.js";
import type { ValueShapes } from "./memory.js";

export interface HalfGradient extends Gradient {
  /** Input, one float32 number: what the loss is multiplied by before the way back. Gradients come out without it. */
  readonly lossScale: string;
}

/**
 * The same gradient in mixed precision, for devices on which float16 is fast. Weights keep their names and stay float32, so that
 * `replaceWeights` and optimizers work as before; so do inputs, outputs and gradients. `shapes` are those of the gradient's model for any
 * batch. The model given stays as it is. Its lowering should be of standard operators: others keep float32.
 */
export function toHalfPrecision(gradient: Gradient, shapes: ValueShapes): HalfGradient {
  const model = copyModel(gradient.model);
  const graph = model.graph!;
  const fresh = freshNames(graph);
  const [lossScale, inverse, seed] = [fresh("loss_scale"), fresh("inverse_scale"), fresh("scaled_seed")];
  const nodes = [makeNode("Mul", [gradient.seed, lossScale], [seed]), makeNode("Reciprocal", [lossScale], [inverse])];
  const types = new Map([...shapes].map(([name, { type }]) => [name, type] as const)).set(seed, "float32");
  const gradients = new Set(gradient.gradients.values());
  const constants = graph.initializer.map(({ name }) => name);
  const writer = new HalfWriter({ types, fresh, nodes, constants, gradients, inverse });
  for (const node of graph.node) {
    const input = node.input.map((name) => (name === gradient.seed ? seed : name));
    writer.add(revise(node, { input }));
  }
  const outputs = graph.output.map(({ name }) => name);
  for (const name of outputs) if (types.get(name) === "float32") writer.form(name, "full");
  new GraphBuilder(model).input({ name: lossScale, type: "float32", dims: [] });
  graph.node = nodes;
  graph.valueInfo = [];
  keepOutputs(model, outputs);
  return { ...gradient, model, lossScale };
}
