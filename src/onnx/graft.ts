/** A network inside another graph: the same one twice for two views, or two side by side. */
import { Fault, quoteName } from "../core/index.js";
import { graphsWithin } from "./contents.js";
import { copyModel, type GraphProto, type ModelProto, revise } from "./proto.js";

/** Renames values wherever a graph and the graphs inside it define or use them, in place; "" (an input left out) stays. */
export function renameValues(graph: GraphProto, rename: (name: string) => string): void {
  const renamed = (name: string): string => (name === "" ? "" : rename(name));
  for (const part of graphsWithin(graph)) {
    for (const node of part.node) {
      node.input = node.input.map(renamed);
      node.output = node.output.map(renamed);
    }
    for (const value of [...part.input, ...part.output]) value.name = renamed(value.name);
    // Tensors and inferred shapes may be shared with another model: replaced, not changed.
    part.initializer = part.initializer.map((tensor) => revise(tensor, { name: renamed(tensor.name) }));
    part.sparseInitializer = part.sparseInitializer.map((sparse) =>
      sparse.values ? revise(sparse, { values: revise(sparse.values, { name: renamed(sparse.values.name) }) }) : sparse,
    );
    part.valueInfo = part.valueInfo.map((value) => revise(value, { name: renamed(value.name) }));
  }
}

export interface GraftOptions {
  /** Goes before the name of every node and of every value that the network computes. */
  readonly prefix: string;
  /** Inputs of the network → values of the graph that they become. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Goes before the names of its constants; a second graft with the same one shares the constants of the first. */
  readonly constantPrefix?: string;
}

/**
 * Adds the nodes of a network behind those of `target`, in place, and returns the new name of each of its outputs. Inputs that are
 * not bound become inputs of the graph. Throws `model-invalid` when the two are of different operator sets.
 */
export function graft(
  target: ModelProto,
  network: ModelProto,
  options: GraftOptions,
): Readonly<Record<string, string>> {
  const { prefix, bindings, constantPrefix = prefix } = options;
  checkOperatorSets(target, network);
  const { graph } = copyModel(network);
  const into = target.graph;
  if (!graph || !into) throw new Fault("model-invalid", { what: "a model without a graph" });
  const outputs = graph.output.map(({ name }) => name);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const rename = (name: string): string => bindings[name] ?? `${constants.has(name) ? constantPrefix : prefix}${name}`;
  renameValues(graph, rename);
  // Names of nodes must differ where there are any.
  for (const node of graph.node) if (node.name !== "") node.name = `${prefix}${node.name}`;
  const present = new Set([...into.initializer, ...into.input].map(({ name }) => name));
  // Constants that older networks list as inputs too would not be optimized as constants.
  const bound = new Set([...Object.values(bindings), ...graph.initializer.map(({ name }) => name)]);
  into.node.push(...graph.node);
  into.initializer.push(...graph.initializer.filter(({ name }) => !present.has(name)));
  into.input.push(...graph.input.filter(({ name }) => !bound.has(name)));
  into.valueInfo.push(...graph.valueInfo.filter(({ name }) => !bound.has(name)));
  target.functions.push(...network.functions.filter((one) => !target.functions.includes(one)));
  return Object.fromEntries(outputs.map((name) => [name, rename(name)]));
}

function checkOperatorSets(target: ModelProto, network: ModelProto): void {
  for (const { domain, version } of network.opsetImport) {
    const own = target.opsetImport.find((one) => one.domain === domain);
    if (!own) target.opsetImport.push({ $typeName: "onnx.OperatorSetIdProto", domain, version });
    else if (own.version !== version)
      throw new Fault("model-invalid", {
        what: `the two networks are of different operator sets of the domain ${quoteName(domain)}`,
        expected: String(own.version),
        got: String(version),
        remedy: "export both with the same operator set",
      });
  }
}
