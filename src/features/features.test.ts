import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeFolder, png, removeFolders } from "../../test/photographs.js";
import {
  type Backbone,
  loadBackbone,
  type Look,
  plainRecipe,
  type Recipe,
  recipeGraph,
  recipeTaps,
  type Tap,
  tapKey,
  wholeLook,
} from "../backbone/index.js";
import { decodeFloat16, decodeFloat16Array, encodeFloat16Array, type HalfMatrix, sha256 } from "../core/index.js";
import { prepare, type RandomView } from "../image/index.js";
import { floats, GraphBuilder, makeModel, openSession, SessionPool } from "../onnx/index.js";
import { FeatureStore } from "./cache.js";
import { assembleFeatures, type ExtractOptions, extractFeatures, type Source, stackRows, takeRows } from "./index.js";

afterAll(removeFolders);

const half = (rows: number, ...values: number[]): HalfMatrix => ({
  rows,
  width: values.length / rows,
  data: encodeFloat16Array(values),
});
const numbers = ({ data }: HalfMatrix): number[] => [...decodeFloat16Array(data)];

describe("the cache", () => {
  const hash = (name: string): string => sha256(name);
  let folder: string;
  const open = (width: number, names: readonly string[], key = "recipe"): Promise<FeatureStore> =>
    FeatureStore.open(folder, key, width, names.map(hash));
  const fill = async (width: number, values: Readonly<Record<string, number>>, key = "recipe"): Promise<void> => {
    const store = await open(width, Object.keys(values), key);
    for (const [name, value] of Object.entries(values)) store.add(hash(name), new Float32Array(width).fill(value));
    await store.flush(3, 5e8);
  };
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "assay-features-")), "recipe");
  });

  test("gives back what was added, rounded to half precision at once, a row for each time it is asked for", async () => {
    const store = await open(2, ["a", "b", "a"]);
    store.add(hash("a"), Float32Array.of(1.00001, -3));
    expect(numbers(store.matrix)).toEqual([1, -3, 0, 0, 1, -3]);
    expect([store.has(hash("a")), store.has(hash("b"))]).toEqual([true, false]);
    await store.flush(2, 7e8);
    const again = await open(2, ["b", "a"]);
    expect(numbers(again.matrix)).toEqual([0, 0, 1, -3]);
    expect([again.has(hash("a")), again.has(hash("b")), again.has(hash("c"))]).toEqual([true, false, false]);
  });

  test("what this process made is no earlier work; what another made is, by the photographs that are used", async () => {
    await fill(1, { a: 1, b: 2, c: 3 });
    expect((await open(1, ["a", "b"])).earlier).toEqual({ seconds: 0, peakBytes: 0 });
    const name = join(folder, readdirSync(folder)[0]!);
    const text = readFileSync(name, "latin1").replace(/"writer":"[0-9a-f]{16}"/, `"writer":"${"0".repeat(16)}"`);
    writeFileSync(name, text, "latin1");
    expect((await open(1, ["a", "b"])).earlier).toEqual({ seconds: 2, peakBytes: 5e8 });
    expect((await open(1, ["d"])).earlier).toEqual({ seconds: 0, peakBytes: 0 });
  });

  test("segments of two processes add up", async () => {
    await Promise.all([fill(1, { a: 1 }), fill(1, { b: 2 })]);
    expect(numbers((await open(1, ["a", "b"])).matrix)).toEqual([1, 2]);
  });

  test.each([0, 5, 40, 200])("a segment cut off after %d bytes is dropped and the others stay", async (length) => {
    for (const name of ["a", "b"]) await fill(64, { [name]: 1 });
    truncateSync(join(folder, readdirSync(folder).toSorted()[0]!), length);
    const left = await open(64, ["a", "b"]);
    expect([left.has(hash("a")), left.has(hash("b"))].filter(Boolean)).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("a segment with a changed byte is dropped, and its pictures are computed again", async () => {
    await fill(64, { a: 1 });
    const [name] = readdirSync(folder);
    const bytes = readFileSync(join(folder, name!));
    bytes[8 + Number(bytes.readBigUInt64LE(0))]! ^= 1; // the first feature stands behind the header
    writeFileSync(join(folder, name!), bytes);
    expect((await open(64, ["a"])).has(hash("a"))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("features of another width, or of another backbone, are not taken", async () => {
    await fill(3, { a: 1 });
    expect((await open(4, ["a"])).has(hash("a"))).toBe(false);
    const other = `${folder}-of-another`;
    await fill(3, { a: 1 });
    cpSync(folder, other, { recursive: true });
    expect((await FeatureStore.open(other, "another recipe", 3, [hash("a")])).has(hash("a"))).toBe(false);
    expect((await open(3, ["a"])).has(hash("a"))).toBe(true);
  });
});

describe("assembling", () => {
  const branches = [{ size: 1 }, { size: 1 }] as unknown as Recipe["branches"];
  const looks: Look[] = [wholeLook, { crop: 1, flip: true }];

  test("looks are averaged and branches stand side by side", () => {
    const recipe: Recipe = { view: { mode: "squash", size: 1, kernel: "cubic" }, branches, looks };
    const taps = [half(2, 1, 2), half(2, 3, 6), half(2, 10, 20, 30, 40), half(2, 20, 40, 60, 80)];
    expect(numbers(assembleFeatures(recipe, taps))).toEqual([2, 15, 30, 4, 45, 60]);
  });

  test("rows are taken and stacked in the order given", () => {
    const matrix = half(3, 1, 2, 3, 4, 5, 6);
    expect(numbers(takeRows(matrix, [2, 0]))).toEqual([5, 6, 1, 2]);
    expect(numbers(stackRows([takeRows(matrix, [1]), takeRows(matrix, [0])]))).toEqual([3, 4, 1, 2]);
  });
});

const count = 30;

describe("extraction", () => {
  let backbone: Backbone;
  let root: string;
  let sources: Source[];
  let options: ExtractOptions;
  let tap: Tap;
  beforeAll(async () => {
    backbone = await loadBackbone("efficientnet-lite0");
    const names = Array.from({ length: count }, (_, i) => `${i}.png`);
    root = await makeFolder(
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, await png(name, 60, 40)] as const))),
    );
    sources = names.map((path) => ({ path, fileHash: sha256(readFileSync(join(root, path))) }));
    tap = recipeTaps(plainRecipe(backbone))[0]!;
  });
  beforeEach(() => {
    options = { root, cacheFolder: mkdtempSync(join(tmpdir(), "assay-cache-")), threads: 2 };
  });

  test("an engine that refuses the network while the first pictures are decoded is one fault", async () => {
    const graph = new GraphBuilder(makeModel(17, ["nowhere"]));
    graph.input({ name: "input", type: "float32", dims: ["n", 3, 224, 224] });
    graph.node("Conjure", ["input"], {}, "features", "nowhere");
    graph.output({ name: "features", type: "float32", dims: ["n", 1280] });
    const row = {
      ...backbone.row,
      sha256: sha256("conjured"),
      input: "input",
      features: "features",
      activations: null,
    };
    const refused = { ...tap, backbone: { row, model: graph.model } };
    writeFileSync(join(root, "large.png"), await png("large", 3000, 2000));
    const large = { path: "large.png", fileHash: sha256(readFileSync(join(root, "large.png"))) };
    await expect(extractFeatures([large], [refused], options)).rejects.toMatchObject({ code: "engine-failed" });
  });

  test("gives what the network gives for one picture at a time", async () => {
    const { features, cached, computed } = await extractFeatures(sources, [tap], options);
    expect([features.length, features[0]!.rows, features[0]!.width, cached]).toEqual([1, count, 1280, 0]);
    expect(computed.multiplyAdds).toBe(count * backbone.row.multiplyAdds);
    await expectAgreement(plainRecipe(backbone), features, sources.slice(0, 5));
  });

  // 280 to 224 pixels: their quotient in float32 would lose a row.
  test.each([
    [96, 64, 0.75],
    [280, 224, 0.8],
  ])(
    "a recipe's own graph gives what its taps give: looks, sides, a second branch (%i px to %i)",
    async (side, size, crop) => {
      const recipe: Recipe = {
        view: { mode: "squash", size: side, kernel: "cubic" },
        looks: [wholeLook, { crop: 1, flip: true }, { crop, flip: false }],
        branches: [
          { backbone, size },
          { backbone, size: side },
        ],
      };
      const { features } = await extractFeatures(sources.slice(0, 5), recipeTaps(recipe), options);
      expect(features).toHaveLength(6);
      await expectAgreement(recipe, features, sources.slice(0, 5));
    },
  );

  test("a mirrored look is the look at the mirrored picture", async () => {
    const view = { mode: "squash", size: 64, kernel: "cubic" } as const;
    const recipe = (flip: boolean): Recipe => ({
      view,
      looks: [{ crop: 1, flip }],
      branches: [{ backbone, size: 64 }],
    });
    const pixels = await prepare(readFileSync(join(root, sources[0]!.path)), view);
    const mirrored = pixels.map((_, i) => {
      const [row, column, channel] = [Math.floor(i / 192), Math.floor(i / 3) % 64, i % 3];
      return pixels[(row * 64 + 63 - column) * 3 + channel]!;
    });
    const [ours, theirs] = [await runRecipe(recipe(true), pixels), await runRecipe(recipe(false), mirrored)];
    expect(largestDifference(ours, theirs)).toBeLessThan(1e-5);
  });

  test("a second time everything comes from the cache, bit for bit, in the order asked", async () => {
    const first = await extractFeatures(sources, [tap], options);
    const second = await extractFeatures(sources.toReversed(), [tap, tap], { ...options, root: "nowhere" });
    expect([second.cached, second.computed]).toEqual([count, { seconds: 0, multiplyAdds: 0 }]);
    const [ours, theirs] = [second.features[1]!, first.features[0]!];
    expect(ours).toEqual(takeRows(theirs, [...sources.keys()].toReversed()));
  });

  test("only what is missing is computed: a new look of old pictures, an old look of new ones", async () => {
    const mirror = { ...tap, look: { crop: 1, flip: true } };
    await extractFeatures(sources.slice(0, 10), [tap], options);
    const { computed, cached, features } = await extractFeatures(sources.slice(0, 12), [tap, mirror], options);
    expect(computed.multiplyAdds).toBe((2 + 12) * backbone.row.multiplyAdds);
    expect(cached).toBe(0);
    const alone = await extractFeatures(sources.slice(0, 12), [mirror], {
      ...options,
      cacheFolder: `${options.cacheFolder}-2`,
    });
    expect(features[1]).toEqual(alone.features[0]);
  });

  test("random views follow from their seed and the picture, not from the order or its company", async () => {
    const random = (draw: number, seed = 1): Tap => {
      const view: RandomView = { mode: "random", size: 64, kernel: "cubic", area: [0.35, 1], jitter: 0.2, seed, draw };
      return { backbone, size: 64, look: wholeLook, view };
    };
    const taps = [random(0), random(1), random(0, 2)];
    expect(new Set(taps.map(tapKey)).size).toBe(3);
    const { features } = await extractFeatures(sources.slice(0, 4), taps, options);
    const again = { ...options, cacheFolder: `${options.cacheFolder}-2` };
    const alone = await extractFeatures(sources.slice(1, 3).toReversed(), [taps[1]!], again);
    expect(alone.features[0]).toEqual(takeRows(features[1]!, [2, 1]));
    expect(features[0]).not.toEqual(features[1]);
    expect(features[0]).not.toEqual(features[2]);
  });

  test("an interrupt keeps what was finished", async () => {
    const controller = new AbortController();
    const work = extractFeatures(sources, [tap], {
      ...options,
      threads: 1,
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await expect(work).rejects.toMatchObject({ code: "interrupted" });
    expect((await extractFeatures(sources, [tap], options)).cached).toBeGreaterThan(0);
  });

  test("a file that changed since the scan is a fault that names it", async () => {
    const folder = await makeFolder({ "x.png": await png("x") });
    const source = { path: "x.png", fileHash: sha256(readFileSync(join(folder, "x.png"))) };
    appendFileSync(join(folder, "x.png"), "more");
    await expect(extractFeatures([source], [tap], { ...options, root: folder })).rejects.toMatchObject({
      code: "image-unreadable",
      message: expect.stringContaining("x.png") as string,
    });
  });

  test("a cache that cannot be written is a fault", async () => {
    writeFileSync(join(options.cacheFolder, "features"), "in the way");
    await expect(extractFeatures(sources.slice(0, 1), [tap], options)).rejects.toMatchObject({
      code: "output-unwritable",
    });
  });

  /** Compares the features that were put together from taps with what the recipe's graph gives for one picture at a time. */
  async function expectAgreement(
    recipe: Recipe,
    taps: readonly HalfMatrix[],
    pictures: readonly Source[],
  ): Promise<void> {
    const { width, data } = assembleFeatures(recipe, taps);
    for (const [row, { path }] of pictures.entries()) {
      const alone = await runRecipe(recipe, await prepare(readFileSync(join(root, path)), recipe.view));
      expect(alone.length).toBe(width);
      const worst = alone.reduce((largest, value, i) => {
        const own = decodeFloat16(data[row * width + i]!);
        return Math.max(largest, Math.abs(own - value) / (1 + Math.abs(value)));
      }, 0);
      expect(worst).toBeLessThan(1e-3);
    }
  }
});

test("a small pool has half the sessions and answers to the last bit as another one", async () => {
  const backbone = await loadBackbone("efficientnet-lite0");
  const model = recipeGraph(plainRecipe(backbone)).serialize();
  const { size } = backbone.row.view;
  const data = Uint8Array.from({ length: 2 * size * size * 3 }, (_, i) => (i * 31 + (i >> 9)) % 256);
  const answers: Uint8Array[] = [];
  for (const [cores, small, sessions] of [
    [1, false, 1],
    [1, true, 1],
    [3, true, 1],
    [4, true, 2],
  ] as const) {
    const pool = await SessionPool.open(model, cores, { small });
    expect(pool.size).toBe(sessions);
    const feeds = { image: { type: "uint8", dims: [2, size, size, 3], data } } as const;
    const features = floats((await pool.run(feeds, ["features"])).features);
    answers.push(new Uint8Array(features.buffer, features.byteOffset, features.byteLength));
    await pool.close();
  }
  for (const answer of answers.slice(1)) expect(Buffer.compare(answer, answers[0]!)).toBe(0);
});

async function runRecipe(recipe: Recipe, data: Uint8Array): Promise<Float32Array> {
  const session = await openSession(recipeGraph(recipe).serialize(), { threads: 1 });
  const { size } = recipe.view;
  const { features } = await session.run({ image: { type: "uint8", dims: [1, size, size, 3], data } });
  await session.close();
  return floats(features);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
