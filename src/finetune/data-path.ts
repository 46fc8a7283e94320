/** How the data of an image flow through a graph, and where all of it is in one value. */
import { type GraphProto, type NodeProto, usedNames } from "../onnx/index.js";

/** What carries an image's data to an output. */
export interface DataPath {
  /** In the order of the graph. */
  readonly nodes: readonly NodeProto[];
  /** Inputs of the graph and results of nodes. */
  readonly values: ReadonlySet<string>;
}

/** Nodes and values between the inputs and an output; who asks for the size of a value carries none of its data. */
export function traceData({ input, initializer, node }: GraphProto, output: string): DataPath {
  const constants = new Set(initializer.map(({ name }) => name));
  const reached = new Set(input.map(({ name }) => name).filter((name) => !constants.has(name)));
  const forward = node.filter((one) => {
    const carries = !asksSize(one) && usedNames(one).some((name) => reached.has(name));
    if (carries) for (const name of one.output.filter(Boolean)) reached.add(name);
    return carries;
  });
  const needed = new Set([output]);
  const backward = forward.toReversed().filter((one) => {
    const leads = one.output.some((name) => needed.has(name));
    if (leads) for (const name of usedNames(one)) needed.add(name);
    return leads;
  });
  return { nodes: backward.toReversed(), values: new Set([...needed].filter((name) => reached.has(name))) };
}

export function asksSize({ opType }: NodeProto): boolean {
  return opType === "Shape";
}

/**
 * For each node of a path the one value that carries everything across the gap behind it, null where several do. A node that is
 * neither before nor behind a value is a way around it, so whatever order the nodes have, none that is a cut is missed.
 */
export function soleValues({ nodes, values }: DataPath): readonly (string | null)[] {
  const lastUse = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const name of usedNames(node)) lastUse.set(name, i);
  const made = new Set(nodes.flatMap(({ output }) => output));
  const live = new Set([...values].filter((name) => !made.has(name)));
  return nodes.map((node, i) => {
    for (const name of node.output) if (values.has(name)) live.add(name);
    for (const name of usedNames(node)) if (lastUse.get(name) === i) live.delete(name);
    return live.size === 1 ? [...live][0]! : null;
  });
}
