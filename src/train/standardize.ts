/** Features with mean 0 and deviation 1, and heads folded back to act on raw ones. */
import { decodeFloat16, Fault, type HalfMatrix } from "../core/index.js";
import type { HeadParameters } from "./loss.js";

/** Standardized is (raw − shift)·scale; scale 0 removes a feature that does not vary. */
export interface Scaling {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** A feature whose deviation is below this share of its size varies by rounding only. */
const rounding = 1e-6;

/** That of features left as they are. */
export function unitScaling(width: number): Scaling {
  return { shift: new Float64Array(width), scale: new Float64Array(width).fill(1) };
}

/**
 * The scaling of all rows of all views, in numbers of single precision, as graphs take them. Throws `model-invalid` for features
 * that are not finite.
 */
export function measureScaling(views: readonly HalfMatrix[]): Scaling {
  const width = views[0]!.width;
  const rows = views.reduce((sum, view) => sum + view.rows, 0);
  const shift = new Float64Array(width);
  const squares = new Float64Array(width);
  forEachRow(views, (row) => {
    for (let i = 0; i < width; i++) shift[i]! += row[i]!;
  });
  for (let i = 0; i < width; i++) shift[i]! /= Math.max(1, rows);
  forEachRow(views, (row) => {
    for (let i = 0; i < width; i++) squares[i]! += (row[i]! - shift[i]!) ** 2;
  });
  if (!squares.every(Number.isFinite)) throw notFinite();
  const scale = squares.map((sum, i) => {
    const deviation = Math.sqrt(sum / Math.max(1, rows));
    return deviation > rounding * Math.abs(shift[i]!) ? Math.fround(1 / deviation) : 0;
  });
  return { shift: shift.map(Math.fround), scale };
}

/** Throws `model-invalid` for features that are not finite. */
export function checkFinite({ data }: HalfMatrix): void {
  for (let at = 0; at < data.length; at++) if ((data[at]! & 0x7c00) === 0x7c00) throw notFinite();
}

function notFinite(): Fault {
  return new Fault("model-invalid", { what: "the network gave features that are not finite numbers" });
}

/**
 * For each fold the scaling that its own training rows, those of the images in other folds, would have had: relative to features
 * that are standardized already, so that all folds can share these.
 */
export function measureFoldScalings(
  views: readonly HalfMatrix[],
  { shift, scale }: Scaling,
  assigned: Int32Array,
  folds: number,
): Scaling[] {
  const width = shift.length;
  const counts = new Float64Array(folds);
  const sums = Array.from({ length: folds }, () => new Float64Array(width));
  const squares = Array.from({ length: folds }, () => new Float64Array(width));
  if (folds > 0)
    forEachRow(views, (row, image) => {
      const sum = sums[assigned[image]!]!;
      const square = squares[assigned[image]!]!;
      counts[assigned[image]!]!++;
      for (let i = 0; i < width; i++) {
        const value = (row[i]! - shift[i]!) * scale[i]!;
        sum[i]! += value;
        square[i]! += value * value;
      }
    });
  const total = counts.reduce((a, b) => a + b, 0);
  return sums.map((_, fold) => {
    const rows = total - counts[fold]!;
    const own = Float64Array.from({ length: width }, (_empty, i) => others(sums, fold, i) / rows);
    const factors = own.map((mean, i) => {
      const variance = others(squares, fold, i) / rows - mean * mean;
      return variance > rounding ? 1 / Math.sqrt(variance) : 0;
    });
    return { shift: own, scale: factors };
  });
}

/** Sum at `i` over the parts of all folds but one. */
function others(parts: readonly Float64Array[], fold: number, i: number): number {
  return parts.reduce((total, part, other) => (other === fold ? total : total + part[i]!), 0);
}

/** Calls with each row in turn, decoded into memory that is used again, and the image it shows. */
function forEachRow(views: readonly HalfMatrix[], use: (row: Float32Array, image: number) => void): void {
  for (const { rows, width, data } of views) {
    const row = new Float32Array(width);
    for (let image = 0, at = 0; image < rows; image++) {
      for (let i = 0; i < width; i++, at++) row[i] = decodeFloat16(data[at]!);
      use(row, image);
    }
  }
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
