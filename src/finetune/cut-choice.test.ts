/** Prices of cuts, worked out by hand. */
import { expect, test } from "vitest";
import type { Cut } from "./cut.js";
import { chooseCut, type CutWish, predictCut } from "./cut-choice.js";

/** 100 multiply-adds in all. */
function cut(value: string, suffixMultiplyAdds: number, elements: number): Cut {
  const [suffixWeights, sizes] = [["w"], new Map()];
  return {
    value,
    dims: [elements],
    prefixMultiplyAdds: 100 - suffixMultiplyAdds,
    suffixMultiplyAdds,
    suffixWeights,
    parameters: 1,
    sizes,
  };
}

const [deep, wide, middle, head] = [
  cut("deep", 80, 50),
  cut("wide", 48, 1000),
  cut("middle", 40, 10),
  cut("head", 1, 5),
];
const cuts = [deep, wide, middle, head];
const wish: CutWish = {
  secondsPerMultiplyAdd: 0.5,
  images: 10,
  epochs: 6,
  views: 2,
  cacheBytes: 1e9,
  share: 0.5,
};

test("the prefix runs once for each view that is kept, the suffix three times in every epoch", () => {
  expect(predictCut(middle, wish)).toEqual({
    cut: middle,
    seconds: 0.5 * 10 * (60 * 2 + 40 * 3 * 6),
    cacheBytes: 2 * 10 * 10 * 2,
  });
});

test("without room for the views, or where they are to be fresh, the prefix runs in every epoch", () => {
  const seconds = 0.5 * 10 * (60 * 6 + 40 * 3 * 6);
  expect(predictCut(middle, { ...wish, cacheBytes: 399 })).toEqual({ cut: middle, seconds, cacheBytes: 0 });
  expect(predictCut(middle, { ...wish, views: 0 })).toEqual({ cut: middle, seconds, cacheBytes: 0 });
  expect(predictCut(middle, { ...wish, cacheBytes: 400 }).cacheBytes).toBe(400);
});

test("more views than epochs are not made", () => {
  expect(predictCut(middle, { ...wish, views: 100 })).toEqual(predictCut(middle, { ...wish, views: 6 }));
});

test("a measured cost of a step counts", () => {
  expect(predictCut(middle, { ...wish, forwardsPerStep: 4 }).seconds).toBe(0.5 * 10 * (60 * 2 + 40 * 4 * 6));
});

test("the deepest cut within the share is taken while its activations fit", () => {
  expect(chooseCut(cuts, wish)?.cut).toBe(wide);
  // 40,000 bytes for the wide one: running its prefix in every epoch trains less for the time than the narrower cut.
  expect(chooseCut(cuts, { ...wish, cacheBytes: 39_999 })?.cut).toBe(middle);
  expect(chooseCut(cuts, { ...wish, cacheBytes: 39_999, epochs: 2 })?.cut).toBe(wide);
  expect(chooseCut(cuts, { ...wish, share: 1 })?.cut).toBe(deep);
});

test("where no cut is near the share the deepest below it is taken, or else the last", () => {
  expect(chooseCut(cuts, { ...wish, share: 0.3 })?.cut).toBe(head);
  expect(chooseCut(cuts, { ...wish, share: 0.001 })?.cut).toBe(head);
  expect(chooseCut([], wish)).toBeNull();
});
