import { describe, expect, it } from "vitest";
import { decodeFloat16Array, encodeFloat16Array } from "../core/index.js";
import { drawClouds, meanLoss } from "./clouds.test-data.js";
import { applyHead, fitHead, refitHead } from "./index.js";

describe("hard cases", () => {
  it("learns a class with fewer rows than folds, and lives with one that has none", async () => {
    const base = drawClouds(60, 8, 2, 2, 4);
    const labels = base.labels.map((label, row) => (row < 2 ? 2 : label));
    const fit = await fitHead({ ...base, labels, classes: 4 });
    expect(fit.outOfFold.every(Number.isFinite)).toBe(true);
    expect([...fit.head.weight, ...fit.head.bias].every(Number.isFinite)).toBe(true);
    const logits = applyHead(fit.head, base.features);
    for (let row = 0; row < 60; row++)
      expect(logits[row * 4 + 3]).toBeLessThan(Math.max(...logits.subarray(row * 4, row * 4 + 3)));
  });

  it("predicts rows whose class is absent from their fold's training rows", async () => {
    const base = drawClouds(60, 8, 3, 2, 4);
    const groups = base.groups.map((group, row) => (base.labels[row] === 2 ? "all of one class" : group));
    const fit = await fitHead({ ...base, groups });
    expect(new Set(fit.folds.filter((_, row) => base.labels[row] === 2)).size).toBe(1);
    expect(fit.outOfFold.every(Number.isFinite)).toBe(true);
    expect(meanLoss(fit.outOfFold, base.labels, 3)).toBeLessThan(10);
  });

  it("leaves constant features alone", async () => {
    const base = drawClouds(40, 4, 2, 1, 6);
    const data = base.features.data.map((bits, at) => (at % 4 === 1 ? 0x2e66 : at % 4 === 2 ? 0 : bits)); // 0.1 and 0
    const { head } = await fitHead({ ...base, views: [{ ...base.features, data }] });
    expect([head.weight[1], head.weight[2], head.weight[5], head.weight[6]]).toEqual([0, 0, 0, 0]);
    expect(head.weight[0]).not.toBe(0);
  });

  it("works with as few as two groups and refuses one", async () => {
    const pair = drawClouds(2, 3, 2, 1, 7);
    const fit = await fitHead(pair);
    expect(fit.outOfFold.every(Number.isFinite)).toBe(true);
    expect(new Set(fit.folds).size).toBe(2);
    await expect(fitHead({ ...pair, groups: ["same", "same"] })).rejects.toMatchObject({ code: "images-insufficient" });
  });

  it("refuses features that are not finite and shapes that do not fit", async () => {
    const base = drawClouds(20, 3, 2, 1, 8);
    for (const bits of [0x7e00, 0x7c00, 0xfc00]) {
      const broken = { ...base.features, data: base.features.data.with(7, bits) };
      for (const wrong of [{ views: [broken] }, { judged: broken }])
        await expect(fitHead({ ...base, ...wrong })).rejects.toMatchObject({ code: "model-invalid" });
      await expect(refitHead({ ...base, views: [broken], strength: 1 })).rejects.toMatchObject({
        code: "model-invalid",
      });
    }
    const narrow = { ...base.features, width: 2 };
    await expect(fitHead({ ...base, views: [] })).rejects.toThrow("no view");
    await expect(fitHead({ ...base, views: [base.features, narrow] })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, judged: narrow })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, views: [base.features, base.features] })).rejects.toThrow("judged");
    await expect(fitHead({ ...base, groups: base.groups.slice(1) })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, labels: base.labels.subarray(1) })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, labels: base.labels.with(0, 2) })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, classes: 1 })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, strengths: [] })).rejects.toThrow(RangeError);
  });

  it("shares a weight out among equal columns", async () => {
    const base = drawClouds(60, 4, 3, 1, 6);
    const single = await refitHead({ ...base, strength: 0.02 });
    const data = new Uint16Array(60 * 8);
    for (const [at, bits] of base.features.data.entries()) data.set([bits, bits], 2 * at);
    const twin = await refitHead({ ...base, views: [{ rows: 60, width: 8, data }], strength: 0.04 }); // w/2 twice: half of w²
    expect(twin.loss).toBeCloseTo(single.loss, 5);
    for (const [at, weight] of single.weight.entries()) {
      expect(twin.weight[2 * at]).toBeCloseTo(weight / 2, 2);
      expect(twin.weight[2 * at + 1]).toBeCloseTo(twin.weight[2 * at]!, 4);
    }
  });

  it("does not care for the scale of a feature, from the smallest numbers to the largest", async () => {
    const base = drawClouds(60, 5, 2, 1, 6);
    const even = { ...base.features, data: base.features.data.map((bits) => bits & 0xffc0) }; // so that scaling rounds nothing
    const factors = [2 ** -13, 2 ** -8, 1, 2 ** 8, 2 ** 13];
    const scaled = decodeFloat16Array(even.data).map((value, at) => value * factors[at % 5]!);
    const [plain, extreme] = [
      await fitHead({ ...base, views: [even] }),
      await fitHead({ ...base, views: [{ ...even, data: encodeFloat16Array(scaled) }] }),
    ];
    expect(extreme.head.strength).toBe(plain.head.strength);
    for (const [at, value] of extreme.outOfFold.entries()) expect(value).toBeCloseTo(plain.outOfFold[at]!, 2);
  });

  it("learns hundreds of classes", async () => {
    const base = drawClouds(900, 40, 300, 0, 9);
    const centers = decodeFloat16Array(drawClouds(300, 40, 2, 0, 10).features.data);
    const data = decodeFloat16Array(base.features.data).map((value, at) => {
      const label = base.labels[Math.floor(at / 40)]!;
      return 0.3 * value + centers[label * 40 + (at % 40)]!;
    });
    const views = [{ ...base.features, data: encodeFloat16Array(data) }];
    const fit = await fitHead({ ...base, views, strengths: [1e-3], folds: 3 });
    expect(fit.candidates[0]?.accuracy).toBeGreaterThan(0.9);
  });
});
