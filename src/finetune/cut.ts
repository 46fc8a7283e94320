/** A network cut in two at a value that every path from the image to the output goes through. */
import { type Extent, inferShapes, type InputSizes, type Knowledge } from "../autodiff/index.js";
import { nodeMultiplyAdds } from "../backbone/index.js";
import { attribute, copyModel, type Engine, expandHalf, type ModelProto, type NodeProto } from "../onnx/index.js";
import { asksSize, soleValues, traceData } from "./data-path.js";
import { findWeights } from "./weight-use.js";

/** A place to cut: what is before it can be frozen and its result kept, what is behind it is trained. */
export interface Cut {
  readonly value: string;
  /** Of one image, without the batch. */
  readonly dims: readonly number[];
  /** Of one image, from the input to this value, and from here to the output. */
  readonly prefixMultiplyAdds: number;
  readonly suffixMultiplyAdds: number;
  /** Weights behind the cut that nothing before it uses, by their float32 names, in the order of the graph. */
  readonly suffixWeights: readonly string[];
  /** Numbers in them. */
  readonly parameters: number;
  /** What nodes ask of the sizes of values: the output of each Shape → its numbers, by batch. */
  readonly sizes: ReadonlyMap<string, readonly Extent[]>;
}

export interface CutOptions {
  /** Sizes of one image where the graph leaves them free. */
  readonly sizes?: InputSizes;
  /** The output that counts; the first one where it is left out. */
  readonly output?: string;
  /** A thread to infer shapes in; one is made and ended where it is left out. */
  readonly engine?: Engine;
}

/**
 * The places to cut, from the input to the output; fold batch-norm first. Of those with no convolution or matrix product between them
 * the smallest is kept, the last of equals. Cuts are float32 of shape [n, …]; inputs and outputs are none. Throws what `inferShapes` does.
 */
export async function findCuts(model: ModelProto, options: CutOptions = {}): Promise<readonly Cut[]> {
  const whole = copyModel(model);
  expandHalf(whole);
  const graph = whole.graph!;
  const output = options.output ?? graph.output[0]!.name;
  const knowledge = await inferShapes(whole, options.sizes ?? {}, options.engine);
  const path = traceData(graph, output);
  const weights = findWeights(graph, path, knowledge);
  const work = sums(path.nodes.map((node) => multiplyAddsOf(node, knowledge)));
  const sizes = askedSizes(graph.node, knowledge);
  const places = soleValues(path).flatMap((value, i) => {
    const dims = value === null || value === output ? null : imageDims(value, knowledge);
    if (value === null || dims === null || work[i] === 0) return [];
    const behind = weights.filter(({ first }) => first > i);
    return {
      value,
      dims,
      prefixMultiplyAdds: work[i]!,
      suffixMultiplyAdds: (work.at(-1) ?? 0) - work[i]!,
      suffixWeights: behind.map(({ name }) => name),
      parameters: behind.reduce((total, { count }) => total + count, 0),
      sizes,
    };
  });
  return places.filter((cut) => cut === smallest(places, cut.prefixMultiplyAdds));
}

/** Numbers that cross a cut for one image. */
export function cutElements({ dims }: Pick<Cut, "dims">): number {
  return dims.reduce((total, size) => total * size, 1);
}

function smallest(cuts: readonly Cut[], prefixMultiplyAdds: number): Cut {
  const same = cuts.filter((cut) => cut.prefixMultiplyAdds === prefixMultiplyAdds);
  const least = Math.min(...same.map(cutElements));
  return same.findLast((cut) => cutElements(cut) === least)!;
}

/** Of each number and all before it. */
function sums(numbers: readonly number[]): readonly number[] {
  let total = 0;
  return numbers.map((number) => (total += number));
}

/** Of one image. */
function multiplyAddsOf(node: NodeProto, { values }: Knowledge): number {
  const dims = (name: string): readonly number[] =>
    (values.get(name)?.shape ?? []).map(({ fixed, perImage }) => fixed + perImage);
  return nodeMultiplyAdds(node, node.input.map(dims), dims(node.output[0]!));
}

/** The dimensions behind the batch of a float32 value [n, …]; null for any other value. */
function imageDims(value: string, { values }: Knowledge): readonly number[] | null {
  const { type, shape } = values.get(value) ?? { type: null, shape: [] };
  const [batch, ...rest] = shape;
  const isBatch = batch !== undefined && batch.fixed === 0 && batch.perImage === 1;
  return type === "float32" && isBatch && rest.every(({ perImage }) => perImage === 0)
    ? rest.map(({ fixed }) => fixed)
    : null;
}

function askedSizes(nodes: readonly NodeProto[], { values }: Knowledge): Cut["sizes"] {
  return new Map(
    nodes.filter(asksSize).flatMap((node) => {
      const shape = values.get(node.input[0]!)?.shape;
      if (!shape) return [];
      const [start, end] = ["start", "end"].map((name) => attribute(node, name, "int"));
      return [[node.output[0]!, shape.slice(start ?? 0, end)] as const];
    }),
  );
}
