/** Which weights a graph has, and how early their first user comes. */
import type { Knowledge } from "../autodiff/index.js";
import { type GraphProto, type NodeProto, usedNames } from "../onnx/index.js";
import type { DataPath } from "./data-path.js";

export interface WeightUse {
  readonly name: string;
  readonly count: number;
  /** Place on the data's path of the first node that it reaches. */
  readonly first: number;
}

/** Inputs that are settings of a node and no weights: bounds, statistics, exponents, scales. */
const settings: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  Clip: [1, 2],
  Dropout: [1, 2],
  Pad: [2],
  Pow: [1],
  Resize: [1, 2],
  Upsample: [1],
};

/** Float32 initializers with a dimension whose numbers reach the data, in the order of the graph, directly or through nodes of constants. */
export function findWeights(graph: GraphProto, { nodes, values }: DataPath, knowledge: Knowledge): WeightUse[] {
  const sources = new Map(
    graph.initializer
      .filter(({ name, dims }) => dims.length > 0 && knowledge.values.get(name)?.type === "float32")
      .map(({ name }) => [name, [name]] as const),
  );
  const reach = new Map<string, readonly string[]>(sources);
  const place = new Map(nodes.map((node, i) => [node, i]));
  const first = new Map<string, number>();
  for (const node of graph.node) {
    const used = weightsOf(node).flatMap((name) => reach.get(name) ?? []);
    const i = place.get(node);
    if (i !== undefined) for (const name of used) if (!first.has(name)) first.set(name, i);
    if (i === undefined && !node.output.some((name) => values.has(name)))
      for (const name of node.output) if (knowledge.values.get(name)?.type === "float32") reach.set(name, used);
  }
  return graph.initializer.flatMap(({ name, dims }) => {
    const use = first.get(name);
    return use === undefined ? [] : [{ name, count: dims.map(Number).reduce((a, b) => a * b, 1), first: use }];
  });
}

function weightsOf(node: NodeProto): readonly string[] {
  const skipped = settings[node.opType] ?? [];
  const fed = node.input.filter((name, i) => name !== "" && !skipped.includes(i));
  return [...fed, ...usedNames(node).filter((name) => !node.input.includes(name))];
}
