/** Building and editing graphs: add nodes and constants, choose the outputs, drop what no output needs. */
import {
  type Attributes,
  makeModel,
  makeNode,
  makeOutput,
  makeTensor,
  makeValue,
  type ModelProto,
  serializeModel,
  type ValueShape,
} from "./proto.js";
import type { Tensor } from "./tensor.js";
import { definedNames, usedNames } from "./topology.js";

/** The operator set that assay writes. */
export const opset = 17;

/** A graph under construction. Names are its own affair unless given. */
export class GraphBuilder {
  readonly model: ModelProto;
  #count = 0;
  #taken: ReadonlySet<string> | null = null;

  constructor(model: ModelProto = makeModel(opset)) {
    this.model = model;
  }

  get #graph() {
    return this.model.graph!;
  }

  input(shape: ValueShape): string {
    this.#graph.input.push(makeValue(shape));
    return shape.name;
  }

  output(shape: ValueShape): void {
    this.#graph.output.push(makeValue(shape));
  }

  /** Gives out a value, of whatever type and shape the runtime infers. */
  result(name: string): void {
    this.#graph.output.push(makeOutput(name));
  }

  /** Declares that nodes of another domain are used. */
  importDomain(domain: string, version = 1): void {
    const { opsetImport } = this.model;
    if (opsetImport.every((one) => one.domain !== domain))
      opsetImport.push({ $typeName: "onnx.OperatorSetIdProto", domain, version: BigInt(version) });
  }

  constant(tensor: Tensor, name = this.freshName("constant")): string {
    this.#graph.initializer.push(makeTensor(name, tensor));
    return name;
  }

  /** A float32 constant of any shape. */
  floats(values: ArrayLike<number>, dims: readonly number[] = [values.length], name?: string): string {
    return this.constant({ type: "float32", dims, data: Float32Array.from(values) }, name);
  }

  /** Adds a node with one output and returns that output's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    output = this.freshName(opType),
    domain = "",
  ): string {
    this.#graph.node.push(makeNode(opType, inputs, [output], attributes, domain));
    return output;
  }

  /** Adds a node with any number of outputs, whose names are given. */
  operator(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}): void {
    this.#graph.node.push(makeNode(opType, inputs, outputs, attributes));
  }

  /** Adds nodes before all others: for what must come ahead of a network that is already there. */
  prepend(build: (front: GraphBuilder) => void): void {
    const tail = this.#graph.node.splice(0);
    build(this);
    this.#graph.node.push(...tail);
  }

  serialize(): Uint8Array {
    return serializeModel(this.model);
  }

  /** A name that nothing in the graph has; a model may hold names of an earlier builder. */
  freshName(stem: string): string {
    this.#taken ??= definedNames(this.#graph);
    let name: string;
    do name = `assay_${stem.toLowerCase()}_${this.#count++}`;
    while (this.#taken.has(name));
    return name;
  }
}

/** Renames a value wherever nodes or outputs use it; a graph input of that name is removed. */
export function rewire(model: ModelProto, from: string, to: string): void {
  const graph = model.graph!;
  for (const node of graph.node) node.input = node.input.map((name) => (name === from ? to : name));
  graph.input = graph.input.filter((value) => value.name !== from);
}

/** Keeps only the named outputs and whatever they need. */
export function keepOutputs(model: ModelProto, outputs: readonly string[]): void {
  const graph = model.graph!;
  const needed = new Set(outputs);
  for (const node of graph.node.toReversed()) {
    if (node.output.some((name) => needed.has(name))) for (const name of usedNames(node)) needed.add(name);
  }
  graph.node = graph.node.filter((node) => node.output.some((name) => needed.has(name)));
  graph.initializer = graph.initializer.filter((tensor) => needed.has(tensor.name));
  graph.input = graph.input.filter((value) => needed.has(value.name));
  graph.output = graph.output.filter((value) => outputs.includes(value.name));
  graph.valueInfo = graph.valueInfo.filter((value) => needed.has(value.name));
}

/** Sets metadata entries, replacing those of the same key. */
export function setMetadata(model: ModelProto, entries: Readonly<Record<string, string>>): void {
  const kept = model.metadataProps.filter(({ key }) => !(key in entries));
  const added = Object.entries(entries).map(([key, value]) => ({
    $typeName: "onnx.StringStringEntryProto" as const,
    key,
    value,
  }));
  model.metadataProps = [...kept, ...added];
}

export function getMetadata(model: ModelProto): Readonly<Record<string, string>> {
  return Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
}
