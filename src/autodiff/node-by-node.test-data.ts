/** Runs a graph one node at a time, so that every value is rounded to its own type: a session of the CPU leaves float16 out in between. */
import {
  type Engine,
  type Feeds,
  GraphBuilder,
  makeModel,
  type ModelProto,
  revise,
  type Tensor,
  tensorData,
  usedNames,
} from "../onnx/index.js";
import { operatorSetOf } from "./operator-set.js";

/** The values of the graph's outputs. */
export async function runNodeByNode(model: ModelProto, feeds: Feeds, engine: Engine): Promise<Record<string, Tensor>> {
  const graph = model.graph!;
  const values = new Map<string, Tensor>(Object.entries(feeds));
  for (const tensor of graph.initializer) values.set(tensor.name, tensorData(tensor));
  for (const node of graph.node) {
    const own = Object.fromEntries([...new Set(usedNames(node))].map((name) => [name, values.get(name)!]));
    const builder = new GraphBuilder(makeModel(operatorSetOf(model)));
    for (const [name, { type, dims }] of Object.entries(own)) builder.input({ name, type, dims });
    builder.model.graph!.node.push(revise(node, {}));
    for (const name of node.output.filter(Boolean)) builder.result(name);
    const session = await engine.open(builder.serialize(), { threads: 1, optimization: "disabled" });
    for (const [name, value] of Object.entries(await session.run(own))) values.set(name, value);
    await session.release();
  }
  return Object.fromEntries(graph.output.map(({ name }) => [name, values.get(name)!]));
}
