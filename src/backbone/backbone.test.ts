import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../../test/shared.js";
import { prepare } from "../image/index.js";
import { float32, floats, openSession, serializeModel, SessionPool, valueDims } from "../onnx/index.js";
import {
  type Backbone,
  checkPreprocessing,
  embeddedGolden,
  goldenDifference,
  goldenTolerance,
  importBackbone,
  loadBackbone,
  names,
  plainRecipe,
  recipeGraph,
  runGolden,
  tapKey,
  wholeLook,
  zoo,
} from "./index.js";

interface Fixture {
  readonly inputSum: number;
  readonly featuresHead: readonly number[];
  readonly logits: readonly number[];
}

const root = join(import.meta.dirname, "../..");

function fixtureOf(name: string): Fixture {
  return JSON.parse(readFileSync(join(root, "test", "fixtures", `${name}.json`), "utf8")) as Fixture;
}

/** The fixture's formula: integer pixels, so that every language makes the same ones. */
function fixturePixel(channel: number, y: number, x: number): number {
  return (Math.floor((x * y) / 16) + 2 * x + 3 * y + 64 * channel) % 256;
}

test("the zoo's checksums are those of models/checksums.json", () => {
  const checksums = JSON.parse(readFileSync(join(root, "models/checksums.json"), "utf8")) as object;
  expect(Object.fromEntries(zoo.map(({ file, sha256 }) => [file, sha256]))).toEqual(checksums);
});

test("an unknown name is a usage fault that lists the known ones", async () => {
  await expect(loadBackbone("resnet")).rejects.toMatchObject({
    code: "usage",
    expected: expect.stringContaining("efficientnet-lite0, efficientnet-lite2") as string,
  });
});

test("taps differ by view, side, look and backbone", async () => {
  const [lite0, lite2] = await Promise.all([loadBackbone("efficientnet-lite0"), loadBackbone("efficientnet-lite2")]);
  const { view } = lite0.row;
  const tap = { backbone: lite0, view, size: view.size, look: wholeLook };
  const others = [
    { ...tap, view: { ...view, mode: "squash" as const } },
    { ...tap, size: 256 },
    { ...tap, look: { crop: 1, flip: true } },
    { ...tap, backbone: lite2 },
    { ...tap, backbone: { ...lite0, row: { ...lite0.row, mean: [0, 0, 0] as const } } },
  ];
  expect(new Set([tap, { ...tap }, ...others].map(tapKey)).size).toBe(1 + others.length);
});

// Weights are rounded to half precision; PyTorch's in the fixtures are not.
describe.each([
  { name: "efficientnet-lite0", logitTolerance: 0.1, featureTolerance: 0.02 },
  { name: "efficientnet-lite2", logitTolerance: 0.1, featureTolerance: 0.02 },
])("$name against PyTorch, on identical tensors", ({ name, logitTolerance, featureTolerance }) => {
  const fixture = fixtureOf(name);
  const side = zoo.find((row) => row.name === name)!.view.size;

  test("the cosine of logits is at least 0.9999, and no value is far off", async () => {
    const { model } = await loadBackbone(name);
    const input = Float32Array.from({ length: 3 * side * side }, (_, i) => {
      const [x, y, channel] = [i % side, Math.floor(i / side) % side, Math.floor(i / side / side)];
      return (fixturePixel(channel, y, x) - 127) / 128;
    });
    expect(input.reduce((sum, value) => sum + value, 0)).toBeCloseTo(fixture.inputSum, 2);
    const session = await openSession(serializeModel(model), { threads: 2 });
    const { logits, features } = await session.run({ input: float32([1, 3, side, side], input) });
    await session.close();
    expect(cosine(floats(logits), fixture.logits)).toBeGreaterThan(0.9999);
    expect(largestDifference(floats(logits), fixture.logits)).toBeLessThan(logitTolerance);
    expect(largestDifference(floats(features), fixture.featuresHead)).toBeLessThan(featureTolerance);
  });

  test("so do features from bytes, with the normalization inside the graph", async () => {
    const backbone = await loadBackbone(name);
    const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const [channel, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
      return fixturePixel(channel, y, x);
    });
    const session = await openSession(recipeGraph(plainRecipe(backbone)).serialize(), { threads: 1 });
    const outputs = await session.run({ [names.image]: { type: "uint8", dims: [1, side, side, 3], data } });
    await session.close();
    expect(largestDifference(floats(outputs[names.features]), fixture.featuresHead)).toBeLessThan(featureTolerance);
  });

  test("other sides are free, and a known picture gives the golden features", async () => {
    const backbone = await loadBackbone(name);
    const { row, model } = backbone;
    expect(valueDims(model.graph!.input[0]!)).toEqual(["n", 3, "h", "w"]);
    const other = row.view.size - row.sizeStep;
    const session = await openSession(serializeModel(model), { threads: 2 });
    const small = float32([1, 3, other, other], new Float32Array(3 * other * other));
    const answers = await session.run({ [row.input]: small });
    await session.close();
    expect(answers[row.features]!.dims).toEqual([1, row.width]);
    const run = await runGolden(backbone);
    expect(goldenDifference(run.digest, embeddedGolden[name]!)).toBeLessThan(goldenTolerance);
    expect(run.shapes[row.features]).toEqual([1, row.width]);
  });

  test("importing its file as a foreign one finds what the table says", async () => {
    const { row } = await loadBackbone(name);
    const { row: found } = await importBackbone(join(root, "models", row.file));
    const { name: _name, file: _file, sha256: _sha256, source: _source, ...facts } = row;
    expect(found).toMatchObject({ ...facts, license: "Apache-2.0" });
  });
});

describe.runIf(sharedPath)("on labelled photographs of ImageNet", () => {
  const folder = join(sharedPath ?? "", "data", "imagenet-sample");
  const rows = sharedPath ? readFileSync(join(folder, "labels.csv"), "utf8").trim().split("\n").slice(1) : [];
  const pixelsOf = (row: string, { row: { view } }: Backbone): Promise<Uint8Array> =>
    prepare(readFileSync(join(folder, row.split(",")[0]!)), view);

  test.each([
    ["efficientnet-lite0", 172],
    ["efficientnet-lite2", 179],
  ])("%s: at least %i of 200 are right: the preprocessing is that of its training", async (name, least) => {
    const backbone = await loadBackbone(name);
    const pool = await SessionPool.open(serializeModel(backbone.model), 2);
    const right = await Promise.all(
      rows.map(async (row) => {
        const pixels = normalized(await pixelsOf(row, backbone), backbone);
        const values = floats((await pool.run({ [backbone.row.input]: pixels }, ["logits"])).logits);
        return values.indexOf(Math.max(...values)) === Number(row.split(",")[1]);
      }),
    );
    await pool.close();
    expect(right.filter(Boolean).length).toBeGreaterThanOrEqual(least);
  });

  test("wrong constants are noticed with a classifier and without one, right ones are not suspected", async () => {
    const right = await loadBackbone("efficientnet-lite0");
    const imageNet = { mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] } as const;
    const pictures = await Promise.all(rows.slice(0, 64).map((row) => pixelsOf(row, right)));
    const check = (row: Partial<Backbone["row"]>) =>
      checkPreprocessing({ ...right, row: { ...right.row, ...row } }, pictures, () => {});
    expect((await check({}))?.better).toBeNull();
    expect((await check({ logits: null }))?.better).toBeNull();
    expect(await check(imageNet)).toMatchObject({ better: { signal: "agreement", score: { name: "-1 to 1" } } });
    expect(await check({ ...imageNet, logits: null })).toMatchObject({
      better: { signal: "mirror", score: { name: "-1 to 1" } },
    });
  });
});

test("too few photographs decide nothing", async () => {
  const backbone = await loadBackbone("efficientnet-lite0");
  const pixels = new Uint8Array(224 * 224 * 3);
  expect(
    await checkPreprocessing(
      backbone,
      Array.from({ length: 15 }, () => pixels),
      () => {},
    ),
  ).toBeNull();
});

/** Pixels [size, size, 3] as the network takes them. */
function normalized(pixels: Uint8Array, { row }: Backbone): ReturnType<typeof float32> {
  const area = row.view.size ** 2;
  const data = Float32Array.from({ length: 3 * area }, (_, i) => {
    const channel = Math.floor(i / area);
    return (pixels[(i % area) * 3 + channel]! - row.mean[channel]!) / row.deviation[channel]!;
  });
  return float32([1, 3, row.view.size, row.view.size], data);
}

function largestDifference(actual: Float32Array, expected: readonly number[]): number {
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i]!)), 0);
}

function cosine(a: Float32Array, b: readonly number[]): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
    Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
