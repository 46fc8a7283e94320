/** From the features of single taps to those of a recipe: averaged over the looks, the branches side by side. */
import { type Recipe, wholeLook } from "../backbone/index.js";
import { decodeFloat16, encodeFloat16, type HalfMatrix } from "../core/index.js";

/** Features [rows, width] of a recipe from those of its taps, in the order of `recipeTaps`: what its graph computes at once. */
export function assembleFeatures({ looks, branches }: Recipe, taps: readonly HalfMatrix[]): HalfMatrix {
  const parts = branches.map((_, branch) => average(taps.slice(branch * looks.length, (branch + 1) * looks.length)));
  return parts.length === 1 ? parts[0]! : besides(parts);
}

/** What a head learns from. */
export interface Views {
  /** As the model will see the photographs. */
  readonly clean: HalfMatrix;
  /** One matrix for each random view. */
  readonly drawn: readonly HalfMatrix[];
}

/** Features of a recipe and of its random views from those of its taps, in the order of `learningTaps`. */
export function assembleViews(recipe: Recipe, taps: readonly HalfMatrix[]): Views {
  const { looks, branches, draws = 0 } = recipe;
  const own = looks.length * branches.length;
  const drawn = Array.from({ length: draws }, (_, draw) => {
    const from = own + draw * branches.length;
    return assembleFeatures({ ...recipe, looks: [wholeLook] }, taps.slice(from, from + branches.length));
  });
  return { clean: assembleFeatures(recipe, taps.slice(0, own)), drawn };
}

function average(matrices: readonly HalfMatrix[]): HalfMatrix {
  const [first, ...others] = matrices;
  if (others.length === 0) return first!;
  const data = new Uint16Array(first!.data.length);
  for (let i = 0; i < data.length; i++) {
    let sum = decodeFloat16(first!.data[i]!);
    for (const other of others) sum += decodeFloat16(other.data[i]!);
    data[i] = encodeFloat16(sum / matrices.length);
  }
  return { ...first!, data };
}

function besides(parts: readonly HalfMatrix[]): HalfMatrix {
  const { rows } = parts[0]!;
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const data = new Uint16Array(rows * width);
  let column = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++)
      data.set(part.data.subarray(row * part.width, (row + 1) * part.width), row * width + column);
    column += part.width;
  }
  return { rows, width, data };
}

/** Columns of one branch, by its place in the recipe. */
export function takeBranch({ branches }: Recipe, place: number, { rows, width, data }: HalfMatrix): HalfMatrix {
  const own = branches[place]!.backbone.row.width;
  const from = branches.slice(0, place).reduce((sum, { backbone }) => sum + backbone.row.width, 0);
  const out = new Uint16Array(rows * own);
  for (let row = 0; row < rows; row++) out.set(data.subarray(row * width + from, row * width + from + own), row * own);
  return { rows, width: own, data: out };
}

/** The named rows of a matrix, in that order. */
export function takeRows({ width, data }: HalfMatrix, rows: readonly number[]): HalfMatrix {
  const out = new Uint16Array(rows.length * width);
  for (const [to, from] of rows.entries()) out.set(data.subarray(from * width, (from + 1) * width), to * width);
  return { rows: rows.length, width, data: out };
}

/** Rows of several matrices below each other. */
export function stackRows(matrices: readonly HalfMatrix[]): HalfMatrix {
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const { width } = matrices[0]!;
  const data = new Uint16Array(rows * width);
  let at = 0;
  for (const matrix of matrices) {
    data.set(matrix.data, at);
    at += matrix.data.length;
  }
  return { rows, width, data };
}
