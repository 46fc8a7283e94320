import { describe, expect, it } from "vitest";
import { decodeFloat16Array, encodeFloat16Array, type HalfMatrix } from "../core/index.js";
import { drawClouds, meanLoss } from "./clouds.test-data.js";
import { applyHead, fitHead, type HeadOptions, refitHead } from "./index.js";

/** The rows of matrices one below the other. */
function stack(...matrices: readonly HalfMatrix[]): HalfMatrix {
  const data = Uint16Array.from(matrices.flatMap((matrix) => [...matrix.data]));
  return { rows: matrices.reduce((sum, { rows }) => sum + rows, 0), width: matrices[0]!.width, data };
}

/** Views of the same images: each with noise of its own. */
function drawViews(count: number): HeadOptions & { readonly views: readonly HalfMatrix[] } {
  const base = drawClouds(90, 8, 3, 1, 3);
  const views = Array.from({ length: count }, (_, view) => {
    const noise = decodeFloat16Array(drawClouds(90, 8, 3, 0, 20 + view).features.data);
    const data = decodeFloat16Array(base.features.data).map((value, at) => value + 0.5 * noise[at]!);
    return { rows: 90, width: 8, data: encodeFloat16Array(data) };
  });
  return { ...base, views, judged: base.features };
}

describe("several views", () => {
  const options = drawViews(3);

  it("learn as so many more images would, at the same strength", async () => {
    const labels = Int32Array.from([0, 1, 2].flatMap(() => [...options.labels]));
    const together = await refitHead({ ...options, strength: 0.05 });
    const stacked = await refitHead({ ...options, views: [stack(...options.views)], labels, strength: 0.05 });
    expect(together.loss).toBeCloseTo(stacked.loss, 6);
    for (const [at, weight] of together.weight.entries()) expect(weight).toBeCloseTo(stacked.weight[at]!, 3);
  });

  it("of an image are in one fold: an image's label does not reach its prediction through another view", async () => {
    // Noise that only the image and its views share: whoever saw one view knows the label.
    const marks = drawClouds(60, 80, 2, 0, 5).features;
    const views = [marks, { ...marks, data: Uint16Array.from(marks.data) }];
    const groups = Array.from({ length: 60 }, (_, image) => String(image));
    const labels = Int32Array.from({ length: 60 }, (_, image) => image % 2);
    const task = { views, judged: views[1], labels, groups, classes: 2, seed: 1, threads: 1 };
    const fit = await fitHead({ ...task, strengths: [1e-3] });
    expect(meanLoss(applyHead(fit.head, marks), labels, 2)).toBeLessThan(0.1);
    expect(fit.candidates[0]!.accuracy).toBeLessThan(0.75);
  });

  it("are judged on the matrix given", async () => {
    const [first, second] = options.views.map(({ data }) => decodeFloat16Array(data));
    const mean = {
      ...options.views[0]!,
      data: encodeFloat16Array(first!.map((value, at) => (value + second![at]!) / 2)),
    };
    const judge = (judged: HalfMatrix | undefined) => fitHead({ ...options, judged, strengths: [0.05] });
    const [one, other, middle] = await Promise.all([options.views[0], options.views[1], mean].map(judge));
    expect(one!.head.weight).toEqual(other!.head.weight);
    for (const [at, value] of middle!.outOfFold.entries()) // logits are linear
      expect(value).toBeCloseTo((one!.outOfFold[at]! + other!.outOfFold[at]!) / 2, 2);
    expect(Math.max(...one!.outOfFold.map((value, at) => value - other!.outOfFold[at]!))).toBeGreaterThan(0.5);
    const single = { ...options, views: [options.views[0]!], strengths: [0.05] };
    const [implied, spelled, copied] = await Promise.all([
      fitHead({ ...single, judged: undefined }),
      fitHead({ ...single, judged: single.views[0] }),
      fitHead({ ...single, judged: { ...single.views[0]! } }),
    ]);
    expect(implied.outOfFold).toEqual(spelled.outOfFold);
    for (const [at, value] of copied.outOfFold.entries()) expect(value).toBeCloseTo(implied.outOfFold[at]!, 4);
  });
});

describe("weights of images", () => {
  const base = drawClouds(60, 6, 2, 1, 8);
  /** The first twenty images twice. */
  const twice = stack(base.features, { rows: 20, width: 6, data: base.features.data.subarray(0, 120) });
  const weights = Float32Array.from({ length: 60 }, (_, image) => (image < 20 ? 2 : 1));

  /** Both on one standardization: 20 images that do not count and make it the same. */
  it("of two count as two images", async () => {
    const features = stack(twice, { rows: 20, width: 6, data: base.features.data.subarray(240) });
    const labels = Int32Array.from([...base.labels, ...base.labels.subarray(0, 20), ...base.labels.subarray(40)]);
    const [once, none] = [new Float32Array(100).fill(1).fill(0, 80), new Float32Array(100).fill(0, 60)];
    none.set(weights);
    const [repeated, weighted] = [
      await refitHead({ ...base, views: [features], labels, weights: once, strength: 0.05 }),
      await refitHead({ ...base, views: [features], labels, weights: none, strength: 0.05 }),
    ];
    expect(weighted.loss).toBeCloseTo(repeated.loss, 5);
    for (const [at, weight] of weighted.weight.entries()) expect(weight).toBeCloseTo(repeated.weight[at]!, 3);
  });

  it("do not depend on their unit, and all alike change nothing", async () => {
    const plain = await fitHead(base);
    const alike = await fitHead({ ...base, weights: new Float32Array(60).fill(7) });
    expect(alike.head.strength).toBe(plain.head.strength);
    for (const [i, { logLoss, logLossStandardError }] of alike.candidates.entries()) {
      expect(logLoss).toBeCloseTo(plain.candidates[i]!.logLoss, 4);
      expect(logLossStandardError).toBeCloseTo(plain.candidates[i]!.logLossStandardError, 4);
    }
  });

  it.each(["lbfgs", "adamw"] as const)("of zero leave a class out: %s", async (solver) => {
    const three = drawClouds(60, 6, 3, 1, 8);
    const without = Float32Array.from(three.labels, (label) => (label === 2 ? 0 : 1));
    const fit = await fitHead({ ...three, weights: without, solver });
    for (let image = 0; image < 60; image++) {
      const [a, b, c] = fit.outOfFold.subarray(image * 3, image * 3 + 3);
      expect(c).toBeLessThan(Math.max(a!, b!));
    }
  });

  it("must be weights", async () => {
    const wrong = [weights.with(3, -1), weights.with(3, Number.NaN), new Float32Array(60), weights.subarray(1)];
    for (const bad of wrong) await expect(fitHead({ ...base, weights: bad })).rejects.toThrow(RangeError);
    const oneGroup = { ...base, groups: base.groups.map((_, image) => (image < 30 ? "a" : "b")) };
    const half = weights.map((weight, image) => (image < 30 ? weight : 0));
    await expect(fitHead({ ...oneGroup, weights: half })).rejects.toThrow("no weight");
  });
});
