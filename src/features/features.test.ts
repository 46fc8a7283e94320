import { appendFileSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeFolder, png, removeFolders } from "../../test/photographs.js";
import { type Backbone, featureGraph, loadBackbone } from "../backbone/index.js";
import { sha256 } from "../core/index.js";
import { prepare } from "../image/index.js";
import { floats, openSession, serializeModel } from "../onnx/index.js";
import { openFeatureCache } from "./cache.js";
import { type ExtractOptions, extractFeatures, type Source } from "./index.js";

afterAll(removeFolders);

describe("the cache", () => {
  const hash = (name: string): string => sha256(name);
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "assay-features-")), "recipe");
  });

  test("gives back what was added, rounded to half precision at once", async () => {
    const cache = await openFeatureCache(folder, 2);
    cache.add(hash("a"), Float32Array.of(1.00001, -3));
    expect([...cache.get(hash("a"))!]).toEqual([1, -3]);
    await cache.flush(2, 7e8);
    const again = await openFeatureCache(folder, 2);
    expect([...again.get(hash("a"))!]).toEqual([1, -3]);
    expect(again.get(hash("b"))).toBeUndefined();
    expect(again.peakBytes()).toBe(7e8);
    expect((await openFeatureCache(folder, 2, new Set([hash("b")]))).get(hash("a"))).toBeUndefined();
  });

  test("knows what its pictures cost", async () => {
    const cache = await openFeatureCache(folder, 1);
    cache.add(hash("a"), Float32Array.of(1));
    cache.add(hash("b"), Float32Array.of(2));
    await cache.flush(3, 5e8);
    expect((await openFeatureCache(folder, 1)).secondsPerPicture()).toBe(1.5);
  });

  test("segments of two processes add up", async () => {
    const [one, two] = [await openFeatureCache(folder, 1), await openFeatureCache(folder, 1)];
    one.add(hash("a"), Float32Array.of(1));
    two.add(hash("b"), Float32Array.of(2));
    await Promise.all([one.flush(1, 1), two.flush(1, 2)]);
    const both = await openFeatureCache(folder, 1);
    expect([both.get(hash("a"))![0], both.get(hash("b"))![0]]).toEqual([1, 2]);
  });

  test.each([0, 5, 40, 200])("a segment cut off after %d bytes is dropped and the others stay", async (length) => {
    for (const name of ["a", "b"]) {
      const cache = await openFeatureCache(folder, 64);
      cache.add(hash(name), new Float32Array(64).fill(1));
      await cache.flush(1, 1);
    }
    truncateSync(join(folder, readdirSync(folder).toSorted()[0]!), length);
    const left = await openFeatureCache(folder, 64);
    expect([left.get(hash("a")), left.get(hash("b"))].filter(Boolean)).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("features of another width are not taken", async () => {
    const cache = await openFeatureCache(folder, 3);
    cache.add(hash("a"), Float32Array.of(1, 2, 3));
    await cache.flush(1, 1);
    expect((await openFeatureCache(folder, 4)).get(hash("a"))).toBeUndefined();
  });
});

const count = 30;

describe("extraction", () => {
  let backbone: Backbone;
  let root: string;
  let sources: Source[];
  let options: ExtractOptions;
  beforeAll(async () => {
    backbone = await loadBackbone("efficientnet-lite0");
    const names = Array.from({ length: count }, (_, i) => `${i}.png`);
    root = await makeFolder(
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, await png(name, 60, 40)] as const))),
    );
    sources = names.map((path) => ({ path, fileHash: sha256(readFileSync(join(root, path))) }));
  });
  beforeEach(() => {
    options = {
      root,
      backbone,
      view: backbone.row.view,
      cacheFolder: mkdtempSync(join(tmpdir(), "assay-cache-")),
      threads: 2,
    };
  });

  test("gives what the network gives for one picture at a time", async () => {
    const { features, cached } = await extractFeatures(sources, options);
    expect([features.rows, features.width, cached]).toEqual([count, 1280, 0]);
    const session = await openSession(serializeModel(featureGraph(backbone, backbone.row.view)), { threads: 1 });
    for (const [row, { path }] of sources.entries()) {
      const data = await prepare(readFileSync(join(root, path)), backbone.row.view);
      const alone = floats((await session.run({ image: { type: "uint8", dims: [1, 224, 224, 3], data } })).features);
      const own = features.data.subarray(row * 1280, (row + 1) * 1280);
      for (let i = 0; i < 1280; i++)
        expect(Math.abs(own[i]! - alone[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(alone[i]!)));
    }
    await session.close();
  });

  test("a second time everything comes from the cache, bit for bit, in the order asked", async () => {
    const first = await extractFeatures(sources, options);
    const second = await extractFeatures(sources.toReversed(), { ...options, root: "nowhere" });
    expect(second.cached).toBe(count);
    expect(second.seconds).toBeGreaterThan(0);
    for (let row = 0; row < count; row++)
      expect(second.features.data.subarray(row * 1280, (row + 1) * 1280)).toEqual(
        first.features.data.subarray((count - 1 - row) * 1280, (count - row) * 1280),
      );
  });

  test("an interrupt keeps what was finished", async () => {
    const controller = new AbortController();
    const work = extractFeatures(sources, {
      ...options,
      threads: 1,
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await expect(work).rejects.toMatchObject({ code: "interrupted" });
    expect((await extractFeatures(sources, options)).cached).toBeGreaterThan(0);
  });

  test("a file that changed since the scan is a fault that names it", async () => {
    const folder = await makeFolder({ "x.png": await png("x") });
    const source = { path: "x.png", fileHash: sha256(readFileSync(join(folder, "x.png"))) };
    appendFileSync(join(folder, "x.png"), "more");
    await expect(extractFeatures([source], { ...options, root: folder })).rejects.toMatchObject({
      code: "image-unreadable",
      message: expect.stringContaining("x.png") as string,
    });
  });

  test("a cache that cannot be written is a fault", async () => {
    writeFileSync(join(options.cacheFolder, "features"), "in the way");
    await expect(extractFeatures(sources.slice(0, 1), options)).rejects.toMatchObject({ code: "output-unwritable" });
  });
});
