import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import { logitLosses } from "../metrics/index.js";
import { applyHead, type Features, fitHead, type HeadOptions } from "./index.js";

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly features: readonly number[];
  readonly heads: readonly { readonly strength: number; readonly loss: number; readonly logits: readonly number[] }[];
}

/** Written by fixtures/make-sklearn-oracle.py. */
const cases = JSON.parse(readFileSync(new URL("fixtures/sklearn.json", import.meta.url), "utf8")) as readonly Case[];

/** Rows of `classes` clouds; `distance` 0 leaves nothing to learn. */
function drawClouds(rows: number, width: number, classes: number, distance: number, seed: number): HeadOptions {
  const generator = random(seed, "clouds");
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const data = Float32Array.from({ length: rows * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    return generator.normal() + (column % classes === labels[row] ? distance : 0);
  });
  const groups = Array.from({ length: rows }, (_, row) => `photo ${row}`);
  return { features: { rows, width, data }, labels, classes, groups, seed: 1, threads: 1 };
}

function meanLoss(logits: Float32Array, labels: Int32Array, classes: number): number {
  return logitLosses(logits, labels, classes).reduce((a, b) => a + b, 0) / labels.length;
}

function centered(logits: ArrayLike<number>, classes: number): number[] {
  return Array.from(logits, (value, at) => {
    const from = at - (at % classes);
    let mean = 0;
    for (let k = 0; k < classes; k++) mean += logits[from + k]! / classes;
    return value - mean;
  });
}

describe.each(cases)("agrees with scikit-learn: $name", ({ rows, width, classes, labels, features, heads }) => {
  const data: Features = { rows, width, data: Float32Array.from(features) };
  it.each(heads)("at strength $strength", async ({ strength, loss, logits }) => {
    const groups = labels.map((_, row) => String(row));
    const shared = { features: data, labels: Int32Array.from(labels), classes, groups, seed: 1, threads: 1 };
    const { head } = await fitHead({ ...shared, strengths: [strength] });
    expect(Math.abs(head.loss - loss) / loss).toBeLessThan(1e-4);
    const spread = Math.max(...logits.map(Math.abs));
    for (const [at, value] of centered(applyHead(head, data), classes).entries())
      expect(Math.abs(value - logits[at]!) / spread).toBeLessThan(0.02);
  });
});

describe("fitHead", () => {
  const clouds = drawClouds(120, 12, 3, 1.2, 1);

  it("chooses the strength of least log loss and reports what it measured", async () => {
    const events: number[] = [];
    const fit = await fitHead({ ...clouds, progress: ({ done, total }) => events.push(done / total) });
    const losses = fit.candidates.map(({ logLoss }) => logLoss);
    const chosen = fit.candidates.find(({ strength }) => strength === fit.head.strength);
    expect(chosen?.logLoss).toBe(Math.min(...losses));
    expect(chosen?.logLoss).toBeCloseTo(meanLoss(fit.outOfFold, clouds.labels, 3), 6);
    expect(chosen?.accuracy).toBeGreaterThan(0.8);
    expect(events).toEqual(events.toSorted((a, b) => a - b));
    expect(events.at(-1)).toBe(1);
  });

  it("stops when log loss has clearly risen, unless asked for every strength", async () => {
    const noise = drawClouds(200, 40, 2, 0.1, 5);
    const strengths = [1e-5, 10, 1, 0.1, 1e-2, 1e-3, 1e-4];
    const stopped = await fitHead({ ...noise, strengths });
    const full = await fitHead({ ...noise, strengths, exhaustive: true });
    expect(full.candidates.map(({ strength }) => strength)).toEqual(strengths.toSorted((a, b) => b - a));
    expect(stopped.candidates.length).toBeLessThan(full.candidates.length);
    expect(full.candidates.slice(0, stopped.candidates.length)).toEqual(stopped.candidates);
    expect(stopped.head.strength).toBe(full.head.strength);
  });

  it("folds the standardization back: its objective on raw features is the one it minimized", async () => {
    const { features, labels } = drawClouds(90, 6, 3, 1, 2);
    const raw = { ...features, data: features.data.map((value, at) => value * 10 ** (at % 6) + 5000 * (at % 6)) };
    const fit = await fitHead({
      ...clouds,
      features: raw,
      labels,
      groups: clouds.groups.slice(0, 90),
      strengths: [0.01],
    });
    const logits = applyHead(fit.head, raw);
    let squares = 0;
    for (let i = 0; i < 6; i++) {
      const column = Float64Array.from({ length: 90 }, (_, row) => raw.data[row * 6 + i]!);
      const mean = column.reduce((a, b) => a + b, 0) / 90;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 90;
      for (let k = 0; k < 3; k++) squares += fit.head.weight[k * 6 + i]! ** 2 * variance;
    }
    expect(meanLoss(logits, labels, 3) + 0.005 * squares).toBeCloseTo(fit.head.loss, 4);
  });

  it("predicts out of fold: shuffled labels are guessed at chance", async () => {
    const labels = Int32Array.from(random(3).shuffle([...clouds.labels]));
    const wide = drawClouds(120, 60, 3, 1.2, 1);
    const fit = await fitHead({ ...wide, labels, strengths: [1e-3] });
    expect(fit.candidates[0]?.accuracy).toBeLessThan(0.5);
    expect(meanLoss(applyHead(fit.head, wide.features), labels, 3)).toBeLessThan(0.1); // though they can be learned by heart
  });

  it("does not let a row's own label reach its prediction", async () => {
    const groups = clouds.groups.map((_, row) => `batch ${Math.floor(row / 24)}`); // five groups: each is a fold
    const changed = clouds.labels.map((label, row) => (row < 24 ? (label + 1) % 3 : label));
    const [before, after] = await Promise.all(
      [clouds.labels, changed].map((labels) => fitHead({ ...clouds, labels, groups, strengths: [0.1] })),
    );
    for (let at = 0; at < 24 * 3; at++) expect(after!.outOfFold[at]).toBeCloseTo(before!.outOfFold[at]!, 2);
    const moved = before!.outOfFold.filter((value, at) => Math.abs(value - after!.outOfFold[at]!) > 0.1);
    expect(moved.length).toBeGreaterThan(100);
  });

  it("repeats bit for bit with the same seed", async () => {
    const [first, second] = [await fitHead(clouds), await fitHead(clouds)];
    expect({ ...first, seconds: 0 }).toEqual({ ...second, seconds: 0 });
  });

  it("ends by the signal, before and on the way", async () => {
    await expect(fitHead({ ...clouds, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "interrupted" });
    const controller = new AbortController();
    const underWay = fitHead({ ...clouds, signal: controller.signal, progress: () => controller.abort() });
    await expect(underWay).rejects.toMatchObject({ code: "interrupted" });
  });
});

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
    const data = base.features.data.map((value, at) => (at % 4 === 1 ? 0.1 : at % 4 === 2 ? 0 : value));
    const { head } = await fitHead({ ...base, features: { ...base.features, data } });
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
    const broken = { ...base.features, data: base.features.data.with(7, Number.NaN) };
    await expect(fitHead({ ...base, features: broken })).rejects.toMatchObject({ code: "model-invalid" });
    await expect(fitHead({ ...base, labels: base.labels.subarray(1) })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, labels: base.labels.with(0, 2) })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, classes: 1 })).rejects.toThrow(RangeError);
    await expect(fitHead({ ...base, strengths: [] })).rejects.toThrow(RangeError);
  });
});
