/** Columns of networks side by side, put together and taken apart. */
import { expect, test } from "vitest";
import { type Backbone, type Recipe, wholeLook } from "../backbone/index.js";
import { encodeFloat16, type HalfMatrix } from "../core/index.js";
import { assembleFeatures, assembleViews, takeBranch } from "./index.js";

function matrix(rows: number, width: number, first: number): HalfMatrix {
  return { rows, width, data: Uint16Array.from({ length: rows * width }, (_, i) => encodeFloat16(first + i)) };
}

const network = (width: number): Backbone => ({ row: { width } as Backbone["row"], model: {} as Backbone["model"] });

const recipe: Recipe = {
  view: { mode: "squash", size: 8, kernel: "linear" },
  looks: [wholeLook],
  branches: [2, 3, 1].map((width) => ({ backbone: network(width), size: 8 })),
};

test("the columns of a branch are those that it gave", () => {
  const own = [matrix(4, 2, 0), matrix(4, 3, 100), matrix(4, 1, 200)];
  const all = assembleFeatures(recipe, own);
  expect(all.width).toBe(6);
  for (const [place, one] of own.entries()) expect(takeBranch(recipe, place, all)).toEqual(one);
});

test("random views follow the taps of the recipe, each with every branch", () => {
  const taps = [0, 1, 2].flatMap((view) => [
    matrix(2, 2, 10 * view),
    matrix(2, 3, 100 + view),
    matrix(2, 1, 200 + view),
  ]);
  const { clean, drawn } = assembleViews({ ...recipe, draws: 2 }, taps);
  expect(clean).toEqual(assembleFeatures(recipe, taps.slice(0, 3)));
  expect(drawn).toEqual([assembleFeatures(recipe, taps.slice(3, 6)), assembleFeatures(recipe, taps.slice(6))]);
});
