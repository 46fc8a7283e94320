/** What a head is learned from, and checks of it. */
import type { HalfMatrix } from "../core/index.js";

export interface TrainingSet {
  /** Raw features, each view [images, width], the same images in the same order; every view of an image is a row of equal weight. */
  readonly views: readonly HalfMatrix[];
  /** Class index of each image. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** How much each image counts, not negative; all alike unless given. */
  readonly weights?: Float32Array | undefined;
}

/** Throws a RangeError for shapes that do not fit, labels that are no classes, and weights that are no weights. */
export function checkTrainingSet({ views, labels, classes, weights }: TrainingSet): void {
  const [first] = views;
  if (!first) throw new RangeError("no view to learn from");
  for (const view of views) checkMatrix(view, labels.length, first.width);
  if (!(classes >= 2)) throw new RangeError(`${classes} classes; a head needs two`);
  if (!labels.every((label) => label >= 0 && label < classes)) throw new RangeError("a label is no class");
  if (weights && weights.length !== labels.length)
    throw new RangeError(`${weights.length} weights for ${labels.length} images`);
  if (weights && !(weights.every((weight) => weight >= 0 && weight < Infinity) && weights.some((weight) => weight > 0)))
    throw new RangeError("weights must be finite, not negative, and not all zero");
}

/** Throws a RangeError unless the matrix is [rows, width]. */
export function checkMatrix(matrix: HalfMatrix, rows: number, width: number): void {
  if (matrix.rows !== rows || matrix.width !== width || matrix.data.length !== rows * width)
    throw new RangeError(
      `features ${matrix.rows} × ${matrix.width} with ${matrix.data.length} numbers are not ${rows} × ${width}`,
    );
}

/** The weight of an image. */
export function weightOf(weights: Float32Array | undefined, image: number): number {
  return weights?.[image] ?? 1;
}
