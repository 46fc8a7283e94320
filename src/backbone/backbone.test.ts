import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedPath } from "../../test/shared.js";
import { prepare } from "../image/index.js";
import { float32, floats, openSession, serializeModel, SessionPool } from "../onnx/index.js";
import { type Backbone, loadBackbone, names, plainRecipe, recipeGraph, tapKey, wholeLook, zoo } from "./index.js";

interface Fixture {
  readonly inputSum: number;
  readonly featuresHead: readonly number[];
  readonly logits: readonly number[];
}

const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/fixtures/efficientnet-lite0.json"), "utf8"),
) as Fixture;

const side = 224;

/** The fixture's formula: integer pixels, so that every language makes the same ones. */
function fixturePixel(channel: number, y: number, x: number): number {
  return (Math.floor((x * y) / 16) + 2 * x + 3 * y + 64 * channel) % 256;
}

let backbone: Backbone;
beforeAll(async () => {
  backbone = await loadBackbone("efficientnet-lite0");
});

test("the zoo's checksums are those of models/checksums.json", () => {
  const checksums = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../models/checksums.json"), "utf8"),
  ) as object;
  expect(Object.fromEntries(zoo.map(({ file, sha256 }) => [file, sha256]))).toEqual(checksums);
});

test("an unknown name is a usage fault that lists the known ones", async () => {
  await expect(loadBackbone("resnet")).rejects.toMatchObject({ code: "usage", expected: "efficientnet-lite0" });
});

test("taps differ by view, side and look", () => {
  const { view } = backbone.row;
  const tap = { backbone, view, size: view.size, look: wholeLook };
  const others = [
    { ...tap, view: { ...view, mode: "squash" as const } },
    { ...tap, size: 256 },
    { ...tap, look: { crop: 1, flip: true } },
    { ...tap, backbone: { ...backbone, row: { ...backbone.row, mean: [0, 0, 0] as const } } },
  ];
  expect(new Set([tap, { ...tap }, ...others].map(tapKey)).size).toBe(1 + others.length);
});

describe("against PyTorch, on identical tensors", () => {
  test("logits agree within 1e-3, features within 1e-4", async () => {
    const input = Float32Array.from({ length: 3 * side * side }, (_, i) => {
      const [x, y, channel] = [i % side, Math.floor(i / side) % side, Math.floor(i / side / side)];
      return (fixturePixel(channel, y, x) - 127) / 128;
    });
    expect(input.reduce((sum, value) => sum + value, 0)).toBe(fixture.inputSum);
    const session = await openSession(serializeModel(backbone.model), { threads: 2 });
    const { logits, features } = await session.run({ input: float32([1, 3, side, side], input) });
    await session.close();
    expect(largestDifference(floats(logits), fixture.logits)).toBeLessThan(1e-3);
    expect(largestDifference(floats(features), fixture.featuresHead)).toBeLessThan(1e-4);
  });

  test("so do features from bytes, with the normalization inside the graph", async () => {
    const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const [channel, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
      return fixturePixel(channel, y, x);
    });
    const session = await openSession(recipeGraph(plainRecipe(backbone)).serialize(), { threads: 1 });
    const outputs = await session.run({ [names.image]: { type: "uint8", dims: [1, side, side, 3], data } });
    await session.close();
    expect(Object.keys(outputs).toSorted()).toEqual([names.activations, names.features]);
    expect(largestDifference(floats(outputs[names.features]), fixture.featuresHead)).toBeLessThan(1e-4);
  });
});

describe.runIf(sharedPath)("on labelled photographs of ImageNet", () => {
  let pool: SessionPool;
  beforeAll(async () => {
    pool = await SessionPool.open(withLogits(backbone), 2);
  });
  afterAll(() => pool.close());

  test("at least 172 of 200 are right: the preprocessing is the one the network was trained with", async () => {
    const folder = join(sharedPath!, "data", "imagenet-sample");
    const rows = readFileSync(join(folder, "labels.csv"), "utf8").trim().split("\n").slice(1);
    const right = await Promise.all(
      rows.map(async (row) => {
        const [file, truth] = row.split(",");
        const data = await prepare(readFileSync(join(folder, file!)), backbone.row.view);
        const { features } = await pool.run({ [names.image]: { type: "uint8", dims: [1, side, side, 3], data } });
        const values = floats(features);
        return values.indexOf(Math.max(...values)) === Number(truth);
      }),
    );
    expect(right.filter(Boolean).length).toBeGreaterThanOrEqual(172);
  });
});

/** The recipe's graph with ImageNet's classes as its features. */
function withLogits({ model, row }: Backbone): Uint8Array {
  const classifier = { ...row, features: "logits", width: 1000, activations: null };
  return recipeGraph(plainRecipe({ model, row: classifier })).serialize();
}

function largestDifference(actual: Float32Array, expected: readonly number[]): number {
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i]!)), 0);
}
