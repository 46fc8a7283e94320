import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dealFolds } from "./folds.js";

/** How many rows of a class each fold has. */
function countClass(assigned: Int32Array, labels: Int32Array, label: number, folds: number): number[] {
  const counts = Array.from({ length: folds }, () => 0);
  for (const [row, fold] of assigned.entries()) if (labels[row] === label) counts[fold]!++;
  return counts;
}

describe("dealFolds", () => {
  it("shares every class out evenly when rows stand alone", () => {
    const labels = Int32Array.from({ length: 137 }, (_, row) => (row < 11 ? 0 : row < 50 ? 1 : 2));
    const groups = Array.from(labels, (_, row) => String(row));
    const { assigned } = dealFolds({ labels, classes: 3, groups, folds: 5, seed: 9 });
    for (const label of [0, 1, 2]) {
      const counts = countClass(assigned, labels, label, 5);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it("keeps groups together and no fold empty", () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 })), { minLength: 2 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 6 }), fc.nat(), (drawn, folds, seed) => {
        const labels = Int32Array.from(drawn, ([label]) => label);
        const groups = drawn.map(([, group]) => String(group));
        const distinct = new Set(groups).size;
        fc.pre(distinct >= 2);
        const { assigned, count } = dealFolds({ labels, classes: 4, groups, folds, seed });
        expect(count).toBe(Math.min(folds, distinct));
        expect(new Set(assigned).size).toBe(count);
        const foldOf = new Map(groups.map((group, row) => [group, assigned[row]]));
        for (const [row, group] of groups.entries()) expect(assigned[row]).toBe(foldOf.get(group));
      }),
    );
  });

  it("follows from the seed", () => {
    const labels = new Int32Array(50);
    const groups = Array.from(labels, (_, row) => String(row));
    const deal = (seed: number) => dealFolds({ labels, classes: 1, groups, folds: 5, seed }).assigned;
    expect(deal(1)).toEqual(deal(1));
    expect(deal(1)).not.toEqual(deal(2));
  });

  it("balances the classes of mixed groups", () => {
    const labels = Int32Array.from({ length: 80 }, (_, row) => Math.floor(row / 2) % 4);
    const groups = Array.from(labels, (_, row) => String(Math.floor(row / 4)));
    const { assigned } = dealFolds({ labels, classes: 4, groups, folds: 5, seed: 1 });
    for (const label of [0, 1, 2, 3])
      expect(Math.max(...countClass(assigned, labels, label, 5))).toBeLessThanOrEqual(6);
  });
});
