/** A network as two: what is before a cut, and what is behind it. */
import type { Extent } from "../autodiff/index.js";
import { Fault, quoteName } from "../core/index.js";
import {
  copyModel,
  freshNames,
  GraphBuilder,
  keepOutputs,
  type ModelProto,
  producers,
  usedNames,
} from "../onnx/index.js";
import type { Cut } from "./cut.js";
import { asksSize } from "./data-path.js";

/** The two halves of a network. */
export interface CutNetwork {
  /** From the inputs of the network to the cut, its only output. */
  readonly prefix: ModelProto;
  /** From the cut, float32 [n, …dims], to those outputs of the network that need nothing else of the image. */
  readonly suffix: ModelProto;
}

/**
 * Cuts a network at a cut that `findCuts` found in it; the network stays as it is, and both halves share the bytes of its weights. Throws
 * `usage` where the network has no such value.
 */
export function cutModel(model: ModelProto, cut: Cut): CutNetwork {
  if (!producers(model.graph!).has(cut.value))
    throw new Fault("usage", { what: `nothing in the network makes the value ${quoteName(cut.value)} to cut at` });
  return { prefix: makePrefix(model, cut), suffix: makeSuffix(model, cut) };
}

function makePrefix(model: ModelProto, { value, dims }: Cut): ModelProto {
  const prefix = copyModel(model);
  const graph = prefix.graph!;
  const constants = new Set(graph.initializer.map(({ name }) => name));
  graph.input = graph.input.filter(({ name }) => !constants.has(name));
  graph.output = [];
  graph.valueInfo = [];
  new GraphBuilder(prefix).output({ name: value, type: "float32", dims: ["n", ...dims] });
  keepOutputs(prefix, [value]);
  return prefix;
}

function makeSuffix(model: ModelProto, { value, dims, sizes }: Cut): ModelProto {
  const suffix = copyModel(model);
  const graph = suffix.graph!;
  const named = freshNames(graph);
  const nodes = graph.node;
  const known = new Set([...graph.initializer.map(({ name }) => name), value]);
  graph.node = [];
  graph.input = [];
  graph.valueInfo = [];
  const builder = new GraphBuilder(suffix);
  builder.input({ name: value, type: "float32", dims: ["n", ...dims] });
  for (const node of nodes) {
    const asked = asksSize(node) ? sizes.get(node.output[0]!) : undefined;
    const isReady = usedNames(node).every((name) => known.has(name));
    if (node.output.includes(value) || !(isReady || asked)) continue;
    if (isReady) graph.node.push(node);
    else writeSize(builder, value, asked!, node.output[0]!, named);
    for (const name of node.output) known.add(name);
  }
  const outputs = graph.output.map(({ name }) => name).filter((name) => name !== value && known.has(name));
  keepOutputs(suffix, outputs);
  return suffix;
}

/** fixed + perImage · n, with n from the value at the cut: the size of a value that is no longer there. */
function writeSize(
  builder: GraphBuilder,
  cut: string,
  extents: readonly Extent[],
  output: string,
  named: (stem: string) => string,
): void {
  const constant = (numbers: readonly number[]): string =>
    builder.constant(
      { type: "int64", dims: [numbers.length], data: BigInt64Array.from(numbers, BigInt) },
      named(`${output}/constant`),
    );
  const node = (opType: string, inputs: readonly string[]): string =>
    builder.node(opType, inputs, {}, named(`${output}/${opType.toLowerCase()}`));
  const batch = node("Gather", [node("Shape", [cut]), constant([0])]);
  const grown = node("Mul", [batch, constant(extents.map(({ perImage }) => perImage))]);
  builder.node("Add", [grown, constant(extents.map(({ fixed }) => fixed))], {}, output);
}
