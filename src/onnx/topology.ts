/** Who makes and who uses which value of a graph. */
import { Fault, quoteName } from "../core/index.js";
import { subgraphs } from "./contents.js";
import { type GraphProto, type NodeProto, revise } from "./proto.js";

/** The node that makes each value. */
export function producers(graph: GraphProto): Map<string, NodeProto> {
  return new Map(graph.node.flatMap((node) => node.output.filter(Boolean).map((name) => [name, node] as const)));
}

/** The nodes that use each value, each node once, in their order; what a branch or a loop's body takes from outside counts. */
export function consumers(graph: GraphProto): Map<string, NodeProto[]> {
  const users = new Map<string, NodeProto[]>();
  for (const node of graph.node)
    for (const name of new Set(usedNames(node))) users.set(name, [...(users.get(name) ?? []), node]);
  return users;
}

/** Values that a node needs: its inputs, and what the graphs inside it take from outside. */
export function usedNames(node: NodeProto): string[] {
  return [...node.input.filter(Boolean), ...subgraphs(node).flatMap(capturedNames)];
}

/** What a graph inside a node takes from the graph around it. */
function capturedNames(graph: GraphProto): string[] {
  const own = definedNames(graph);
  const used = [...graph.node.flatMap(usedNames), ...graph.output.map(({ name }) => name)];
  return used.filter((name) => !own.has(name));
}

/** Every value that a graph itself defines. */
export function definedNames(graph: GraphProto): Set<string> {
  return new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...graph.node.flatMap(({ output }) => output.filter(Boolean)),
  ]);
}

/**
 * Checks that each value is made once and before it is used, as ONNX demands of the order of nodes. Throws `model-invalid` that
 * names the node and the value.
 */
export function checkOrder(graph: GraphProto): void {
  const known = definedNames(revise(graph, { node: [] }));
  for (const node of graph.node) {
    for (const name of usedNames(node)) if (!known.has(name)) throw disordered(node, name, "is not there before it");
    for (const name of node.output.filter(Boolean)) {
      if (known.has(name)) throw disordered(node, name, "is made twice");
      known.add(name);
    }
  }
  const missing = graph.output.find(({ name }) => !known.has(name));
  if (missing)
    throw new Fault("model-invalid", { what: `nothing in the graph makes its output ${quoteName(missing.name)}` });
}

function disordered(node: NodeProto, value: string, problem: string): Fault {
  return new Fault("model-invalid", {
    what: `the node ${quoteName(node.name || node.opType)} (${node.opType}): the value ${quoteName(value)} ${problem}`,
  });
}

/** Gives names that nothing in the graph has: `stem` itself where it is free, else with a number. */
export function freshNames(graph: GraphProto): (stem: string) => string {
  const taken = definedNames(graph);
  return (stem) => {
    let name = stem;
    for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
    taken.add(name);
    return name;
  };
}
