/** Checks of row-major score matrices: a shape that does not fit is a mistake of the caller. */

/** The number of rows of `scores` [n, classes]. Throws a RangeError when it is no whole number. */
export function countRows(scores: ArrayLike<number>, classes: number): number {
  if (!Number.isSafeInteger(classes) || classes < 1) throw new RangeError(`${classes} classes`);
  if (scores.length % classes !== 0) throw new RangeError(`${scores.length} scores are no rows of ${classes} classes`);
  return scores.length / classes;
}

/** The number of rows, given labels for each of them. Throws a RangeError for other lengths or a label that is no class. */
export function checkLabels(labels: ArrayLike<number>, rows: number, classes: number): void {
  if (labels.length !== rows) throw new RangeError(`${labels.length} labels for ${rows} rows`);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`label ${label} of row ${row} is none of ${classes} classes`);
  }
}
