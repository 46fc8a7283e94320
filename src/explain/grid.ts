/** A grid of numbers over a region, and its change to another grid. */

export interface Grid {
  readonly height: number;
  readonly width: number;
  /** [height, width], row-major. */
  readonly values: Float32Array;
}

/** The same region in other cells: each gets the mean of what it covers, so the mean over the region stays. */
export function regrid(grid: Grid, height: number, width: number): Grid {
  if (grid.height === height && grid.width === width) return grid;
  const rows = overlaps(grid.height, height);
  const columns = overlaps(grid.width, width);
  const values = Float32Array.from({ length: height * width }, (_, cell) => {
    let sum = 0;
    for (const [row, rowShare] of rows[Math.floor(cell / width)]!)
      for (const [column, columnShare] of columns[cell % width]!)
        sum += rowShare * columnShare * grid.values[row * grid.width + column]!;
    return sum;
  });
  return { height, width, values };
}

/** For each new cell of a side the old ones that it covers, each with its share of the new one. */
function overlaps(from: number, to: number): (readonly [cell: number, share: number])[][] {
  return Array.from({ length: to }, (_, cell) => {
    const [start, end] = [(cell * from) / to, ((cell + 1) * from) / to];
    const last = Math.min(from - 1, Math.ceil(end) - 1);
    return Array.from({ length: last - Math.floor(start) + 1 }, (_unused, i) => {
      const old = Math.floor(start) + i;
      return [old, (Math.min(end, old + 1) - Math.max(start, old)) / (end - start)] as const;
    });
  });
}

/**
 * The value at a place in [0, 1] × [0, 1] of the region, between the middles of the cells by the cubic B-spline's weights: smooth,
 * and never beyond the values around. Weights of a side by `splineWeights`.
 */
export function sample(grid: Grid, across: SplineWeights, down: SplineWeights): number {
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = down.cells[j]! * grid.width;
    let line = 0;
    for (let i = 0; i < 4; i++) line += across.weights[i]! * grid.values[row + across.cells[i]!]!;
    sum += down.weights[j]! * line;
  }
  return sum;
}

export interface SplineWeights {
  readonly cells: readonly number[];
  readonly weights: readonly number[];
}

/** The four cells of a side that count at a place in [0, 1], and how much; beyond the ends the last cell goes on. */
export function splineWeights(place: number, cells: number): SplineWeights {
  const position = place * cells - 0.5;
  const below = Math.floor(position);
  const t = position - below;
  const inside = (cell: number): number => Math.max(0, Math.min(cells - 1, cell));
  return {
    cells: [below - 1, below, below + 1, below + 2].map(inside),
    weights: [
      (1 - t) ** 3 / 6,
      (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
      (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6,
      t ** 3 / 6,
    ],
  };
}
