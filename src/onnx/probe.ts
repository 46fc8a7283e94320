/** Shapes and types of every value of a graph, by the runtime, which knows its own shape inference best. */
import { type Dimension, elementType, makeOutput, type ModelProto, resizeValue, revise } from "./proto.js";
import { Engine, type Session } from "./session.js";
import { splitModel } from "./split.js";
import type { ElementType, Feeds } from "./tensor.js";

/** Type and size of a value in one run. */
export interface ValueProbe {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/**
 * Types and sizes of a model's values when it is fed so: inputs, initializers and the results of nodes, or those of them that are named.
 * What the runtime infers without running is taken as it is; the rest comes from one run. What is no tensor of numbers, and what no node
 * makes, is left out; the graph inside a branch or loop is not looked at. All happens in `engine`, or in a thread of its own. Throws
 * `engine-failed`.
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
  for (const [name, probe] of made.length > 0 ? await probeNodes(model, feeds, made, engine) : [])
    probes.set(name, probe);
  return probes;
}

async function probeNodes(
  model: ModelProto,
  feeds: Feeds,
  made: readonly string[],
  engine?: Engine,
): Promise<readonly (readonly [string, ValueProbe])[]> {
  const own = engine ?? new Engine();
  try {
    const fixed = fixInputs(model, feeds);
    const declared = await inSession(fixed, made, own, (session) => session.declared());
    const open = declared.filter(([, { dims }]) => !isKnown(dims)).map(([name]) => name);
    const measured =
      open.length === 0
        ? []
        : await inSession(fixed, open, own, async (session) => Object.entries(await session.shapes(feeds)));
    return [
      ...declared.flatMap(([name, { type, dims }]) => (isKnown(dims) ? [[name, { type, dims }] as const] : [])),
      ...measured,
    ];
  } finally {
    if (!engine) await own.close();
  }
}

/** The runtime says nothing of a shape that it does not know: the same as of a scalar. */
function isKnown(dims: readonly Dimension[]): dims is readonly number[] {
  return dims.length > 0 && dims.every((size) => typeof size === "number" && size >= 0);
}

/** With the sizes of the feeds, and without what the file claims about values: the runtime would believe it. */
function fixInputs(model: ModelProto, feeds: Feeds): ModelProto {
  const graph = model.graph!;
  const input = graph.input.map((value) => {
    const feed = feeds[value.name];
    return feed ? resizeValue(value, feed.dims) : value;
  });
  return revise(model, { graph: revise(graph, { input, valueInfo: [] }) });
}

async function inSession<T>(
  model: ModelProto,
  outputs: readonly string[],
  engine: Engine,
  ask: (session: Session) => Promise<T>,
): Promise<T> {
  const probing = revise(model, { graph: revise(model.graph!, { output: outputs.map(makeOutput) }) });
  const session = await engine.open(splitModel(probing), { threads: 1, optimization: "disabled" });
  const answer = await ask(session);
  await session.release();
  return answer;
}
