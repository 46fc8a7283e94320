import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { regrid, sample, splineWeights } from "./grid.js";

const sides = fc.integer({ min: 1, max: 12 });
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A grid whose values follow from a list of numbers. */
const grids = fc
  .tuple(sides, sides, fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1 }))
  .map(([height, width, numbers]) => {
    const values = Float32Array.from({ length: height * width }, (_, i) => numbers[i % numbers.length]!);
    return { height, width, values };
  });

describe("another grid over the same region", () => {
  test("keeps the mean", () => {
    fc.assert(
      fc.property(grids, sides, sides, (grid, height, width) => {
        const other = regrid(grid, height, width);
        expect(other.values).toHaveLength(height * width);
        expect(mean(other.values)).toBeCloseTo(mean(grid.values), 4);
      }),
    );
  });

  test("cuts cells where they overlap", () => {
    const grid = { height: 1, width: 3, values: Float32Array.of(0, 3, 6) };
    expect([...regrid(grid, 2, 2).values]).toEqual([1, 5, 1, 5]);
    expect([...regrid(grid, 1, 6).values]).toEqual([0, 0, 3, 3, 6, 6]);
  });
});

test("the spline stays between the values around, and weights are shares", () => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(grids, place, place, (grid, x, y) => {
      const [across, down] = [splineWeights(x, grid.width), splineWeights(y, grid.height)];
      expect(across.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      const value = sample(grid, across, down);
      expect(value).toBeGreaterThanOrEqual(Math.min(...grid.values) - 1e-5);
      expect(value).toBeLessThanOrEqual(Math.max(...grid.values) + 1e-5);
    }),
  );
});
