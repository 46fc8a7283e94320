/** Stratified group folds: every fold has its share of every class, and the rows of one group are in one fold. */
import { Fault, random } from "../core/index.js";

export interface FoldOptions {
  /** Class index of each row. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Group of each row. */
  readonly groups: readonly string[];
  /** At most so many; never more than there are groups. */
  readonly folds: number;
  readonly seed: number;
}

export interface Folds {
  readonly count: number;
  /** The fold of each row. */
  readonly assigned: Int32Array;
}

/**
 * Deals whole groups, the largest first and equals in shuffled order, each to the fold that has least of its classes.
 * Throws `images-insufficient` when there are not two groups.
 */
export function dealFolds({ labels, classes, groups, folds, seed }: FoldOptions): Folds {
  const members = [...gatherRows(groups).values()];
  const count = Math.min(folds, members.length);
  if (!(count >= 2)) throw tooFew(count);
  const held = Array.from({ length: count }, () => new Float64Array(classes));
  const totals = new Float64Array(count);
  const assigned = new Int32Array(labels.length);
  for (const rows of random(seed, "folds")
    .shuffle(members)
    .toSorted((a, b) => b.length - a.length)) {
    const best = leastLoaded(held, totals, labels, rows);
    for (const row of rows) {
      assigned[row] = best;
      held[best]![labels[row]!]!++;
    }
    totals[best]! += rows.length;
  }
  return { count, assigned };
}

/** The fold with fewest rows of the group's classes; of equals the smallest, so that no fold stays empty. */
function leastLoaded(
  held: readonly Float64Array[],
  totals: Float64Array,
  labels: Int32Array,
  rows: readonly number[],
): number {
  const load = held.map((counts) => rows.reduce((sum, row) => sum + counts[labels[row]!]!, 0));
  let best = 0;
  for (let fold = 1; fold < load.length; fold++) {
    const difference = load[fold]! - load[best]! || totals[fold]! - totals[best]!;
    if (difference < 0) best = fold;
  }
  return best;
}

function gatherRows(groups: readonly string[]): Map<string, number[]> {
  const rowsOf = new Map<string, number[]>();
  for (const [row, group] of groups.entries()) {
    const rows = rowsOf.get(group);
    if (rows) rows.push(row);
    else rowsOf.set(group, [row]);
  }
  return rowsOf;
}

function tooFew(groups: number): Fault {
  return new Fault("images-insufficient", {
    what: "cross-validation has too few independent photographs",
    expected: "at least two folds and two groups",
    got: String(groups),
  });
}
