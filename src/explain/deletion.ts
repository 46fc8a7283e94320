/**
 * Deletion (RISE, Petsiuk 2018, 1806.07421): when the cells that a map calls important are blurred away first, the class's
 * probability must fall sooner than in random order.
 */
import { names } from "../backbone/index.js";
import { checkInterrupted, mapBounded, type Progress, random, silent } from "../core/index.js";
import { blurPixels, prepare } from "../image/index.js";
import { floats } from "../onnx/index.js";
import { explainSquare } from "./explain-photograph.js";
import { lookSide } from "./place.js";
import type { Explainable } from "./model.js";

/** A photograph for the measurement; its random orders follow from the name. */
export interface NamedPhotograph {
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

export interface DeletionOptions {
  readonly seed?: number;
  /** Random orders of the cells of each photograph. */
  readonly randomOrders?: number;
  /** Steps from nothing to everything deleted. */
  readonly steps?: number;
  /** Photographs in work at a time. */
  readonly atOnce?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Areas under the curve of the class's probability against the share of cells deleted: small is soon. */
export interface DeletionScore {
  readonly name: string;
  /** Index of the class that the model answers with. */
  readonly chosen: number;
  readonly map: number;
  /** The mean over the random orders. */
  readonly random: number;
}

/** Scores each photograph. Throws `not-explainable`, `image-unreadable`, `engine-failed`, `interrupted`. */
export async function deletionScores(
  model: Explainable,
  photographs: readonly NamedPhotograph[],
  options: DeletionOptions = {},
): Promise<DeletionScore[]> {
  const { atOnce = 2, progress = silent, signal } = options;
  let done = 0;
  return mapBounded(photographs, atOnce, async (photograph) => {
    checkInterrupted(signal);
    const score = await scorePhotograph(model, photograph, options);
    progress({ stage: "explain", done: ++done, total: photographs.length, unit: "images" });
    return score;
  });
}

async function scorePhotograph(
  model: Explainable,
  { name, read }: NamedPhotograph,
  { seed = 1, randomOrders = 1, steps = 4 }: DeletionOptions,
): Promise<DeletionScore> {
  const square = await prepare(await read(), model.manifest.preprocessing);
  const { chosen, confidence, map } = await explainSquare(model, square, null);
  const cells = [...map.values.keys()];
  const byMap = cells.toSorted((a, b) => map.values[b]! - map.values[a]!);
  const source = random(seed, "deletion", name);
  const orders = [byMap, ...Array.from({ length: randomOrders }, () => source.shuffle(cells))];
  const areas = await deletionAreas(model, square, {
    orders,
    steps,
    chosen,
    whole: confidence,
    rows: map.height,
    columns: map.width,
  });
  return { name, chosen, map: areas[0]!, random: mean(areas.slice(1)) };
}

interface Deletion {
  readonly orders: readonly (readonly number[])[];
  readonly steps: number;
  readonly chosen: number;
  /** The probability with nothing deleted. */
  readonly whole: number;
  readonly rows: number;
  readonly columns: number;
}

/** The area of each order. Both ends of the curve are the same for all: nothing deleted, and everything. */
async function deletionAreas(model: Explainable, square: Uint8Array, deletion: Deletion): Promise<number[]> {
  const { orders, steps, chosen, whole } = deletion;
  const { preprocessing, looks } = model.manifest;
  const side = preprocessing.size;
  const blurred = await blurPixels(square, side, side, side * blurShare);
  const cells = cellMask(side, lookSide(side, looks), deletion);
  const deleted = (order: readonly number[], step: number): Uint8Array =>
    replaceCells(square, blurred, cells, order.slice(0, Math.round((order.length * step) / steps)));
  const inner = Array.from({ length: steps - 1 }, (_, i) => i + 1);
  const squares = orders.flatMap((order) => inner.map((step) => deleted(order, step)));
  const values = await classProbabilities(model, [deleted(orders[0]!, steps), ...squares], chosen);
  const ends = (whole + values[0]!) / 2;
  // The trapezoidal rule over equal steps.
  return orders.map((_, order) => {
    const start = 1 + order * inner.length;
    return values.slice(start, start + inner.length).reduce((sum, value) => sum + value, ends) / steps;
  });
}

/** Standard deviation of the blur that takes a cell away, over the side of the square. */
const blurShare = 0.1;

/** Pictures in one run of the model. */
const runSize = 4;

async function classProbabilities(
  model: Explainable,
  squares: readonly Uint8Array[],
  chosen: number,
): Promise<number[]> {
  const runs = Array.from({ length: Math.ceil(squares.length / runSize) }, (_, i) =>
    squares.slice(i * runSize, (i + 1) * runSize),
  );
  const classes = model.manifest.labels.length;
  const answers = await mapBounded(runs, 2, async (run) => {
    const outputs = await model.infer(Buffer.concat(run), run.length, [names.probabilities]);
    const probabilities = floats(outputs[names.probabilities]);
    return run.map((_, row) => probabilities[row * classes + chosen]!);
  });
  return answers.flat();
}

/** The cell of each pixel of the square; −1 outside of the middle that the looks see. */
function cellMask(side: number, seen: number, { rows, columns }: Pick<Deletion, "rows" | "columns">): Int32Array {
  const offset = Math.floor((side - seen) / 2);
  const cellOf = (pixel: number, cells: number): number => {
    const place = pixel - offset;
    return place < 0 || place >= seen ? -1 : Math.floor((place * cells) / seen);
  };
  return Int32Array.from({ length: side * side }, (_, pixel) => {
    const row = cellOf(Math.floor(pixel / side), rows);
    const column = cellOf(pixel % side, columns);
    return row < 0 || column < 0 ? -1 : row * columns + column;
  });
}

function replaceCells(square: Uint8Array, by: Uint8Array, cellOf: Int32Array, deleted: readonly number[]): Uint8Array {
  const gone = new Set(deleted);
  const result = square.slice();
  for (let pixel = 0; pixel < cellOf.length; pixel++)
    if (gone.has(cellOf[pixel]!)) for (let i = pixel * 3; i < pixel * 3 + 3; i++) result[i] = by[i]!;
  return result;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
