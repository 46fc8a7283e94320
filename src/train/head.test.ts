import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeFloat16Array, encodeFloat16Array, type HalfMatrix, random } from "../core/index.js";
import { centered, drawClouds, meanLoss } from "./clouds.test-data.js";
import { applyHead, fitHead, refitHead } from "./index.js";

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

describe.each(cases)("agrees with scikit-learn: $name", ({ rows, width, classes, labels, features, heads }) => {
  const data: HalfMatrix = { rows, width, data: encodeFloat16Array(features) };
  it.each(heads)("at strength $strength", async ({ strength, loss, logits }) => {
    const groups = labels.map((_, row) => String(row));
    const shared = { views: [data], labels: Int32Array.from(labels), classes, seed: 1, threads: 1 };
    const { head } = await fitHead({ ...shared, groups, strengths: [strength] });
    const spread = Math.max(...logits.map(Math.abs));
    for (const found of [head, await refitHead({ ...shared, strength })]) {
      expect(Math.abs(found.loss - loss) / loss).toBeLessThan(1e-4);
      for (const [at, value] of centered(applyHead(found, data), classes).entries())
        expect(Math.abs(value - logits[at]!) / spread).toBeLessThan(0.02);
    }
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
    const { features, ...rest } = drawClouds(90, 6, 3, 1, 2);
    const { labels } = rest;
    const values = decodeFloat16Array(features.data).map((value, at) => value * 10 ** ((at % 6) - 2) + 700 * (at % 6));
    const raw = { ...features, data: encodeFloat16Array(values) };
    const fit = await fitHead({ ...rest, views: [raw], strengths: [0.01] });
    const logits = applyHead(fit.head, raw);
    const rounded = decodeFloat16Array(raw.data);
    let squares = 0;
    for (let i = 0; i < 6; i++) {
      const column = Float64Array.from({ length: 90 }, (_, row) => rounded[row * 6 + i]!);
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
