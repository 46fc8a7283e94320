/** Features with mean 0 and deviation 1, and heads folded back to act on raw ones. */
import { Fault } from "../core/index.js";
import type { HeadParameters } from "./loss-graph.js";

/** Row-major features [rows, width]. */
export interface Features {
  readonly rows: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Standardized is (raw − shift)·scale; scale 0 removes a feature that does not vary. */
export interface Scaling {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** A feature whose deviation is below this share of its size varies by rounding only. */
const rounding = 1e-6;

/** The scaling of all rows. Throws `model-invalid` for features that are not finite. */
export function measureScaling({ rows, width, data }: Features): Scaling {
  const shift = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let row = 0, at = 0; row < rows; row++) for (let i = 0; i < width; i++, at++) shift[i]! += data[at]!;
  for (let i = 0; i < width; i++) shift[i]! /= Math.max(1, rows);
  for (let row = 0, at = 0; row < rows; row++)
    for (let i = 0; i < width; i++, at++) squares[i]! += (data[at]! - shift[i]!) ** 2;
  if (!squares.every(Number.isFinite))
    throw new Fault("model-invalid", { what: "the network gave features that are not finite numbers" });
  const scale = squares.map((sum, i) => {
    const deviation = Math.sqrt(sum / Math.max(1, rows));
    return deviation > rounding * Math.abs(shift[i]!) ? 1 / deviation : 0;
  });
  return { shift, scale };
}

/** Standardized features [rows, width]. */
export function standardize({ rows, width, data }: Features, { shift, scale }: Scaling): Float32Array {
  const out = new Float32Array(rows * width);
  for (let row = 0, at = 0; row < rows; row++)
    for (let i = 0; i < width; i++, at++) out[at] = (data[at]! - shift[i]!) * scale[i]!;
  return out;
}

/**
 * For each fold the scaling that its own training rows, those of the other folds, would have had: relative to features
 * [rows, width] that are standardized already, so that all folds can share these.
 */
export function measureFoldScalings(standardized: Float32Array, assigned: Int32Array, folds: number): Scaling[] {
  const width = standardized.length / assigned.length;
  const counts = new Float64Array(folds);
  const sums = Array.from({ length: folds }, () => new Float64Array(width));
  const squares = Array.from({ length: folds }, () => new Float64Array(width));
  for (let row = 0, at = 0; row < assigned.length; row++) {
    const sum = sums[assigned[row]!]!;
    const square = squares[assigned[row]!]!;
    counts[assigned[row]!]!++;
    for (let i = 0; i < width; i++, at++) {
      const value = standardized[at]!;
      sum[i]! += value;
      square[i]! += value * value;
    }
  }
  return sums.map((_, fold) => {
    const rows = assigned.length - counts[fold]!;
    const shift = Float64Array.from({ length: width }, (_empty, i) => others(sums, fold, i) / rows);
    const scale = shift.map((mean, i) => {
      const variance = others(squares, fold, i) / rows - mean * mean;
      return variance > rounding ? 1 / Math.sqrt(variance) : 0;
    });
    return { shift, scale };
  });
}

/** Sum at `i` over the parts of all folds but one. */
function others(parts: readonly Float64Array[], fold: number, i: number): number {
  return parts.reduce((total, part, other) => (other === fold ? total : total + part[i]!), 0);
}

/** Parameters on scaled features → the parameters on unscaled ones that give the same logits. */
export function unscale(parameters: HeadParameters, { shift, scale }: Scaling, classes: number): HeadParameters {
  const width = shift.length;
  const out = Float64Array.from(parameters);
  for (let k = 0, at = 0; k < classes; k++) {
    let moved = 0;
    for (let i = 0; i < width; i++, at++) {
      const weight = parameters[at]! * scale[i]!;
      out[at] = weight;
      moved += weight * shift[i]!;
    }
    out[classes * width + k]! -= moved;
  }
  return out;
}

/** The transpose of `unscale`: a gradient by unscaled parameters becomes, in place, the one by scaled parameters. */
export function scaleGradient(gradient: Float64Array, { shift, scale }: Scaling, classes: number): void {
  const width = shift.length;
  for (let k = 0, at = 0; k < classes; k++) {
    const bias = gradient[classes * width + k]!;
    for (let i = 0; i < width; i++, at++) gradient[at] = (gradient[at]! - shift[i]! * bias) * scale[i]!;
  }
}
