/**
 * One session for all steps of an optimizer. ONNX Runtime computes fastest with weights that are constants: it lays them out in blocks and
 * fuses what follows, when a session is made. A session for every step pays for that every time (a tenth to a third of a step) and begins
 * with cold memory (a quarter of a run). Here the graph that the runtime made of the constants is written to a file and read back, with the
 * weights that it laid out again as inputs. Which number went where is learned from two trials, with weights that all differ: what
 * the runtime only moved shows it in both.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BoundInput,
  type Engine,
  makeValue,
  type ModelProto,
  readModel,
  splitModel,
  type SplitModel,
  type TensorProto,
  tensorData,
} from "../onnx/index.js";
import { joinReorders } from "./reorders.js";
import { readWeights, replaceWeights } from "./weights.js";

/** A model whose weights are inputs; for the processor and the runtime that it was made with, and for a session that optimizes nothing. */
export interface ResidentModel {
  readonly model: SplitModel;
  /** What the inputs are made of: positions in the weights, one behind the other in the order that was given. */
  readonly inputs: readonly BoundInput[];
}

/**
 * Turns the named float32 initializers into inputs of the optimized graph; null where the runtime did more with them than move them, or
 * the graph cannot be written.
 */
export async function makeResident(
  model: ModelProto,
  names: readonly string[],
  engine: Engine,
): Promise<ResidentModel | null> {
  const folder = await mkdtemp(join(tmpdir(), "assay-graph-")).catch(() => null);
  if (folder === null) return null;
  try {
    const weights = [...readWeights(model, names)];
    const count = weights.reduce((sum, [, { length }]) => sum + length, 0);
    const trial = (code: (position: number) => number, file: string): Promise<ModelProto> =>
      optimized(replaceWeights(model, encode(weights, code)), engine, join(folder, file));
    // One after the other: each takes several times the weights' memory.
    const first = await trial((position) => position, "first.onnx");
    const second = await trial((position) => count - 1 - position, "second.onnx");
    joinReorders(first);
    return openInputs(first, second, count);
  } catch {
    return null; // a session for every step says what is wrong, if anything is
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function optimized(model: ModelProto, engine: Engine, file: string): Promise<ModelProto> {
  const session = await engine.open(splitModel(model), { threads: 1, optimizedTo: file, shortLived: true });
  await session.release();
  return readModel(file);
}

/** The bits of 1.236…: from there on all numbers are ordinary ones, for more weights than memory holds, and none is a usual constant. */
const firstCode = 0x3f9e3779;

/** Numbers that say their position. */
function encode(
  weights: readonly (readonly [string, Float32Array])[],
  code: (position: number) => number,
): Map<string, Float32Array> {
  let position = 0;
  return new Map(
    weights.map(([name, { length }]) => {
      const bits = new Uint32Array(length);
      for (let i = 0; i < length; i++) bits[i] = firstCode + code(position++);
      return [name, new Float32Array(bits.buffer)];
    }),
  );
}

function openInputs(first: ModelProto, second: ModelProto, count: number): ResidentModel | null {
  const others = new Map(second.graph!.initializer.map((tensor) => [tensor.name, tensor]));
  const inputs: BoundInput[] = [];
  for (const tensor of first.graph!.initializer) {
    const other = others.get(tensor.name);
    const positions = other ? findPositions(tensor, other, count) : null;
    if (positions === null) return null;
    if (positions !== "constant") inputs.push({ name: tensor.name, dims: tensor.dims.map(Number), positions });
  }
  const graph = first.graph!;
  const opened = new Set(inputs.map(({ name }) => name));
  graph.initializer = graph.initializer.filter(({ name }) => !opened.has(name));
  const declared = graph.input.filter(({ name }) => !opened.has(name));
  graph.input = [...declared, ...inputs.map(({ name, dims }) => makeValue({ name, type: "float32", dims }))];
  return { model: splitModel(first), inputs };
}

/** Where the elements of an initializer come from, in shared memory; null where they are no weights that were moved. */
function findPositions(first: TensorProto, second: TensorProto, count: number): Int32Array | "constant" | null {
  const [{ type, data }, other] = [tensorData(first), tensorData(second)];
  if (Buffer.compare(bytesOf(data), bytesOf(other.data)) === 0) return "constant";
  if (type !== "float32" || data.length !== other.data.length) return null;
  const [a, b] = [data, other.data].map((values) => new Uint32Array(bytesOf(values).slice().buffer));
  const positions = new Int32Array(new SharedArrayBuffer(data.length * 4));
  for (let i = 0; i < positions.length; i++) {
    const isPadding = a![i] === 0 && b![i] === 0;
    const position = a![i]! - firstCode;
    if (!isPadding && (position < 0 || position >= count || position !== count - 1 - (b![i]! - firstCode))) return null;
    positions[i] = isPadding ? -1 : position;
  }
  return positions;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
