/** Shapes and types of every value of a graph, from a run of it: the runtime knows its own shape inference best. */
import { type ModelProto, makeOutput, elementType, revise } from "./proto.js";
import { Engine } from "./session.js";
import { splitModel } from "./split.js";
import type { ElementType, Feeds } from "./tensor.js";

/** Type and size of a value in one run. */
export interface ValueProbe {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/**
 * Runs a model once and returns what its values were: inputs, initializers and the results of nodes, or those of them that are
 * named. What is no tensor of numbers, and what no node makes, is left out; the graph inside a branch or loop is not looked at.
 * All values of the run are in memory at once. The run takes place in `engine`, or in a thread of its own. Throws `engine-failed`.
 */
export async function probeShapes(
  model: ModelProto,
  feeds: Feeds,
  names: Iterable<string> | null = null,
  engine?: Engine,
): Promise<ReadonlyMap<string, ValueProbe>> {
  const graph = model.graph!;
  const wanted = names === null ? null : new Set(names);
  const isWanted = (name: string): boolean => name !== "" && (wanted === null || wanted.has(name));
  const made = graph.node.flatMap(({ output }) => output).filter(isWanted);
  const probes = new Map<string, ValueProbe>();
  for (const { name, dataType, dims } of graph.initializer) {
    const type = elementType(dataType);
    if (type && isWanted(name)) probes.set(name, { type, dims: dims.map(Number) });
  }
  for (const [name, { type, dims }] of Object.entries(feeds)) if (isWanted(name)) probes.set(name, { type, dims });
  for (const [name, probe] of made.length > 0 ? await runProbe(model, feeds, made, engine) : [])
    probes.set(name, probe);
  return probes;
}

async function runProbe(
  model: ModelProto,
  feeds: Feeds,
  made: readonly string[],
  engine?: Engine,
): Promise<readonly (readonly [string, ValueProbe])[]> {
  const output = made.map(makeOutput);
  const probing = revise(model, { graph: revise(model.graph!, { output }) });
  const own = engine ?? new Engine();
  try {
    const session = await own.open(splitModel(probing), { threads: 1, optimization: "disabled" });
    const shapes = Object.entries(await session.shapes(feeds));
    await session.release();
    return shapes;
  } finally {
    if (!engine) await own.close();
  }
}
