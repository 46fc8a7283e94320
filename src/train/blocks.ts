/**
 * Graphs over many rows of features, block by block. The features stay in half precision until a graph widens and standardizes
 * them. Small ones are constants of the graphs: they cross to the worker once, ONNX Runtime folds that work away and packs them
 * for its matrix products. Large ones are handed over anew at each run, so that one block at a time is in single precision.
 */
import { type HalfMatrix, mapBounded } from "../core/index.js";
import {
  type Engine,
  type Feeds,
  float32,
  GraphBuilder,
  type Session,
  type Tensor,
  type ValueShape,
} from "../onnx/index.js";
import type { Scaling } from "./standardize.js";

export interface BlockOptions {
  /** All of one width; each with the same images in the same order. */
  readonly matrices: readonly HalfMatrix[];
  readonly scaling: Scaling;
  /** Rows of one block at most. */
  readonly blockRows: number;
  /** Whether the features become constants. */
  readonly constant: boolean;
  readonly threads: number;
  /** What else there is for each row, given for images `from` to `to`: tensors whose first dimension counts rows. */
  readonly besides: (from: number, to: number) => Feeds;
  /** Continues the graph from standardized features [rows, width] and from the tensors of `besides`, by their names. */
  readonly build: (graph: GraphBuilder, features: string) => void;
}

/** Runs the graph on every block and hands over each block's outputs, in the order of the rows. */
export type RunBlocks = (feeds: Feeds, outputs: readonly string[], take: (part: Part) => void) => Promise<void>;

export type Part = Readonly<Record<string, Tensor>>;

/**
 * Features that are constants at most, in bytes of single precision. With the packed copies they take four times that: 250 MB of
 * them took 1.1 GB where 0.3 GB did when handed over, for a quarter less time.
 */
export const constantBytes = 64e6;

/** Bytes of matrices in single precision. */
export function widenedBytes(matrices: readonly HalfMatrix[]): number {
  return matrices.reduce((sum, { data }) => sum + data.length * 4, 0);
}

/** Throws `engine-failed`. */
export async function openBlocks(engine: Engine, options: BlockOptions): Promise<RunBlocks> {
  const blocks = options.matrices.flatMap((matrix) => cut(matrix, options));
  return options.constant ? openConstant(engine, blocks, options) : openStreamed(engine, blocks, options);
}

interface Block {
  readonly features: HalfMatrix;
  /** The images it shows. */
  readonly from: number;
  readonly to: number;
}

function cut({ rows, width, data }: HalfMatrix, { blockRows }: BlockOptions): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(rows, from + blockRows);
    blocks.push({ features: { rows: to - from, width, data: data.subarray(from * width, to * width) }, from, to });
  }
  return blocks;
}

/** A session for each block. */
async function openConstant(engine: Engine, blocks: readonly Block[], options: BlockOptions): Promise<RunBlocks> {
  const { scaling, threads, besides, build } = options;
  const sessions: Session[] = [];
  for (const { features, from, to } of blocks) {
    const graph = new GraphBuilder();
    const raw = graph.constant(halfTensor(features));
    for (const [name, tensor] of Object.entries(besides(from, to))) graph.constant(tensor, name);
    build(graph, standardizeIn(graph, raw, scaling));
    sessions.push(await engine.open(graph.serialize(), { threads }));
  }
  return async (feeds, outputs, take) => {
    for (const session of sessions) take(await session.run(feeds, outputs));
  };
}

/** One session for all blocks, so that its memory is that of one. */
async function openStreamed(engine: Engine, blocks: readonly Block[], options: BlockOptions): Promise<RunBlocks> {
  const { besides } = options;
  const session = await engine.open(streamedGraph(options), { threads: options.threads });
  return async (feeds, outputs, take) => {
    // Two at a time: one is copied while the other runs. The worker answers in the order it was asked.
    await mapBounded(blocks, 2, async ({ features, from, to }) => {
      const data = features.data.slice();
      const given = { ...feeds, ...besides(from, to), features: halfTensor({ ...features, data }) };
      take(await session.run(given, outputs, [data.buffer]));
    });
  };
}

/** The graph with features, and all that `besides` gives, as inputs. */
export function streamedGraph({
  scaling,
  besides,
  build,
}: Pick<BlockOptions, "scaling" | "besides" | "build">): Uint8Array {
  const graph = new GraphBuilder();
  graph.input({ name: "features", type: "float16", dims: ["rows", scaling.shift.length] });
  for (const [name, tensor] of Object.entries(besides(0, 0))) graph.input(rowsOf(name, tensor));
  build(graph, standardizeIn(graph, "features", scaling));
  return graph.serialize();
}

function rowsOf(name: string, { type, dims }: Tensor): ValueShape {
  return { name, type, dims: ["rows", ...dims.slice(1)] };
}

export function halfTensor({ rows, width, data }: HalfMatrix): Tensor {
  return { type: "float16", dims: [rows, width], data };
}

const singlePrecision = 1n; // TensorProto.FLOAT

function standardizeIn(graph: GraphBuilder, raw: string, { shift, scale }: Scaling): string {
  const widened = graph.node("Cast", [raw], { to: singlePrecision });
  const centered = graph.node("Sub", [widened, graph.constant(float32([shift.length], Float32Array.from(shift)))]);
  return graph.node("Mul", [centered, graph.constant(float32([scale.length], Float32Array.from(scale)))]);
}
