/** Cuts of a network of 100 multiply-adds. */
import { expect, test } from "vitest";
import type { Cut } from "./cut.js";
import { chooseCut } from "./cut-choice.js";
import { cutOf, depths } from "./depth.js";
import { headNames } from "./network.js";

function cut(value: string, suffixMultiplyAdds: number): Cut {
  const [suffixWeights, sizes] = [["w"], new Map()];
  return {
    value,
    dims: [10],
    prefixMultiplyAdds: 100 - suffixMultiplyAdds,
    suffixMultiplyAdds,
    suffixWeights,
    parameters: 1,
    sizes,
  };
}

const cuts = [cut("deep", 80), cut("wide", 48), cut("same work, later", 48), cut("head", 1)];
const chosen = (share: number): string | undefined => chooseCut(cuts, share)?.value;

test("the deepest cut within the share is taken, of those that train as much the first", () => {
  expect([1, 0.8, 0.79, 0.5, 0.48].map(chosen)).toEqual(["deep", "deep", "wide", "wide", "wide"]);
  expect(chooseCut(cuts.toReversed(), 0.5)?.value).toBe("same work, later");
});

test("where none is near the share it is the deepest below it, and where all are above the last", () => {
  expect([0.3, 0.01, 0.001].map(chosen)).toEqual(["head", "head", "head"]);
  expect(chooseCut([], 0.5)).toBeNull();
});

test("a depth has more than the head behind its cut, or there is none", () => {
  const bare = { ...cut("bare", 1), suffixWeights: [...headNames] };
  const [stages, all] = [depths[0]!, depths.at(-1)!];
  expect(cutOf(stages, [cut("all but the first", 90), bare])?.value).toBe("all but the first");
  expect(cutOf(stages, [bare])).toBeUndefined();
  expect(cutOf(all, [bare])).toBeNull();
});
