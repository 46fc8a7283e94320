/** The search on real pictures and real, if tiny, networks: what it keeps must be what the pictures were made to reward. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFolder, removeFolders } from "../../test/photographs.js";
import { type Backbone, plainRecipe, type Recipe, wholeLook } from "../backbone/index.js";
import { random, sha256 } from "../core/index.js";
import { extractFeatures, type Source } from "../features/index.js";
import { encodePng } from "../image/index.js";
import { GraphBuilder } from "../onnx/index.js";
import { openTrace, type Trace } from "../trace/index.js";
import { fitHead } from "../train/index.js";
import { changes, runLoop, searchRecipe, type SearchOptions, type StoredTrial, type TrialStore } from "./index.js";

afterAll(removeFolders);

/** A network of 12 features: the picture's mean in each color and its bends, by the channels that are named. */
function tinyBackbone(name: string, channels: readonly number[], sizes: "free" | "fixed" = "free"): Backbone {
  const graph = new GraphBuilder();
  graph.input({ name: "input", type: "float32", dims: ["n", 3, "h", "w"] });
  const weight = new Float32Array(12 * 3);
  for (let k = 0; k < 12; k++) weight[k * 3 + channels[k % channels.length]!] = 1 + Math.floor(k / channels.length);
  const bias = graph.floats(Float32Array.from({ length: 12 }, (_, k) => -k / 12));
  const mixed = graph.node("Conv", ["input", graph.floats(weight, [12, 3, 1, 1]), bias]);
  graph.node("Relu", [mixed], {}, "activations");
  graph.node("Flatten", [graph.node("GlobalAveragePool", ["activations"])], {}, "features");
  graph.output({ name: "features", type: "float32", dims: ["n", 12] });
  graph.output({ name: "activations", type: "float32", dims: ["n", 12, "h", "w"] });
  const row: Backbone["row"] = {
    name,
    file: "",
    sha256: sha256(name),
    view: { mode: "squash", size: 16, kernel: "linear" },
    mean: [0, 0, 0],
    deviation: [255, 255, 255],
    sizes,
    sizeStep: 16,
    width: 12,
    multiplyAdds: 16 * 16 * 36,
    input: "input",
    features: "features",
    activations: "activations",
    logits: null,
    license: "none",
    source: "this test",
  };
  return { row, model: graph.model };
}

const classes = 3;
const count = 120;
const red = tinyBackbone("red", [0]);
const blue = tinyBackbone("blue", [2]);

let root: string;
let sources: Source[];
let labels: Int32Array;

/** Wide pictures: noise at both sides; in the middle the class is told by red, for the first two, and by blue for the third. */
async function drawWide(label: number, seed: number): Promise<Uint8Array> {
  const [width, height] = [64, 16];
  const source = random(seed, "picture");
  const sides = [0, 1, 2].map(() => source.below(256));
  const middle = [
    [60, 128, 60],
    [190, 128, 60],
    [60, 128, 190],
  ][label]!.map((value) => value + 40 * source.normal());
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    return Math.min(255, Math.max(0, (x >= 24 && x < 40 ? middle : sides)[i % 3]!));
  });
  return encodePng(pixels, width, height);
}

beforeAll(async () => {
  labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const names = Array.from(labels, (_, i) => `${i}.png`);
  const files = await Promise.all(names.map(async (name, i) => [name, await drawWide(labels[i]!, i)] as const));
  root = await makeFolder(Object.fromEntries(files));
  sources = names.map((path) => ({ path, fileHash: sha256(readFileSync(join(root, path))) }));
});

async function search(
  backbones: readonly Backbone[],
  given: Partial<SearchOptions> = {},
): Promise<{ recipe: Recipe; accuracy: number; trace: Trace; text: string }> {
  const trace = openTrace(null, () => new Date(0));
  const options = { root, cacheFolder: mkdtempSync(join(tmpdir(), "assay-loop-")), threads: 2 };
  const groups = sources.map(({ path }) => path);
  const { recipe, accuracy } = await searchRecipe({
    start: plainRecipe(backbones[0]!),
    means: { backbones, draws: null },
    sample: {
      images: count,
      seed: 1,
      extract: (taps) => extractFeatures(sources, taps, options),
      fit: ({ clean, drawn }) =>
        fitHead({ views: [clean, ...drawn], judged: clean, labels, classes, groups, seed: 1, threads: 2 }),
    },
    labels,
    groups,
    classes,
    images: count,
    secondsLeft: () => 1e6,
    refuse: async () => null,
    suffices: () => null,
    utility: () => ({ parts: {}, total: null }),
    trace,
    ...given,
  });
  return { recipe, accuracy, trace, text: trace.events.map((event) => event.text).join("\n") };
}

describe("the search", () => {
  test("finds the square that shows the subject and the second network that it takes", async () => {
    const { recipe, accuracy, text } = await search([red, blue]);
    expect(recipe.view.mode).toBe("crop");
    expect(recipe.branches.map(({ backbone }) => backbone.row.name)).toEqual(["red", "blue"]);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(text).toMatch(/resize mode: .*crop-1-16-linear.*: kept/);
    expect(text).toMatch(/two backbones: .*: kept/);
    expect(text).toMatch(/no further action: no action is left that helps/);
  });

  test("what changes nothing but the cost is rolled back: the mean of a picture does not change in the mirror", async () => {
    const { recipe, text } = await search([red]);
    expect(recipe.looks).toEqual([wholeLook]);
    expect(text).toMatch(/mirror: .*: rolled back/);
  });

  test("random views are tried, and not where the user has said how many", async () => {
    const { text } = await search([red]);
    expect(text).toMatch(/random views: red.*, learned from 1 random view too: accuracy .*: (kept|rolled back)/);
    const said = await search([red], { means: { backbones: [red], draws: 0 } });
    expect(said.text).not.toContain("random views");
  });

  test("what the requirements forbid is refused with the reason, and the next best is taken", async () => {
    const refuse: SearchOptions["refuse"] = async ({ branches, view }) => {
      if (branches.length > 1) return "too slow";
      return view.mode === "crop" && view.cropFraction === 1 ? "too bright" : null;
    };
    const { recipe, text } = await search([red, blue], { refuse });
    expect(recipe.branches).toHaveLength(1);
    expect([recipe.view.mode, recipe.view.cropFraction]).not.toEqual(["crop", 1]);
    expect(text).toMatch(/: refused, too slow/);
    expect(text).toMatch(/: refused, too bright/);
  });

  test("what the budget does not allow is not tried and said so", async () => {
    const { recipe, text, trace } = await search([red, blue], { images: 1e12, secondsLeft: () => 100 });
    expect(recipe).toEqual(plainRecipe(red));
    expect(text).toMatch(/resize mode: not measured; it takes about .* 1 min 40 s are left/);
    expect(text).toMatch(/no further action: what is left exceeds the budget/);
    expect(trace.events.filter(({ kind }) => kind === "thought")).toEqual([]);
  });

  test("it ends when its share of the time is spent, or when what is found suffices", async () => {
    let left = 100;
    const spent = await search([red, blue], { secondsLeft: () => (left -= 20) });
    expect(spent.text).toContain("no further action: the time for trials, 24.0 s of 1 min 20 s, is spent");
    expect(spent.text).toMatch(
      /mirror: not measured; it takes about [\d.]+ m?s, the time for trials, 24\.0 s of 1 min 20 s, is spent/,
    );
    expect(spent.text).not.toContain("are left");
    const enough = await search([red, blue], { suffices: ({ accuracy }) => (accuracy > 0.1 ? "enough" : null) });
    expect(enough.text).toContain("no further action: enough");
    expect(enough.recipe).toEqual(plainRecipe(red));
  });

  test("where the requirements forbid the first recipe, the best that they allow is taken though it is worse", async () => {
    const refuse: SearchOptions["refuse"] = async ({ branches }) =>
      branches.some(({ backbone }) => backbone === red) ? "too slow" : null;
    const { recipe, text } = await search([red, blue], { refuse });
    expect(text).toMatch(/the requirements forbid it: too slow/);
    expect(recipe.branches.map(({ backbone }) => backbone.row.name)).toEqual(["blue"]);
  });

  test("trials that a store recalls are not done again, and lead to the same end", async () => {
    const stored = new Map<string, StoredTrial>();
    const store: TrialStore = {
      recall: async (key) => stored.get(key) ?? null,
      keep: async (key, trial) => void stored.set(key, trial),
    };
    const first = await search([red, blue], { store });
    expect(stored.size).toBeGreaterThan(4);
    const sample: SearchOptions["sample"] = {
      images: count,
      seed: 1,
      extract: () => Promise.reject(new Error("extracted again")),
      fit: () => Promise.reject(new Error("fitted again")),
    };
    const second = await search([red, blue], { store, sample });
    expect(second.recipe).toEqual(first.recipe);
  });

  test("two networks of one name are two networks", async () => {
    const { recipe } = await search([red, { ...blue, row: { ...blue.row, name: "red" } }]);
    expect(recipe.branches.map(({ backbone }) => backbone.row.sha256)).toEqual([red.row.sha256, blue.row.sha256]);
  });

  test("what the operators of an old network cannot express is not proposed, and said so", async () => {
    const old = tinyBackbone("old", [0]);
    const model = { ...old.model, opsetImport: [{ ...old.model.opsetImport[0]!, version: 9n }] };
    const { text, recipe } = await search([{ ...old, model }, blue]);
    expect(text).toMatch(/mirror: not possible, its operator set 9 is older than 10/);
    expect(text).toMatch(/two backbones: not possible, networks of operator sets 9 and \d+ cannot share a graph/);
    expect(recipe.looks).toEqual([wholeLook]);
  });

  test("an interrupt ends it", async () => {
    const signal = AbortSignal.abort();
    await expect(search([red], { signal })).rejects.toMatchObject({ code: "interrupted" });
  });
});

test("what was decided before comes in its order and is no forecast", async () => {
  const trace = openTrace(null, () => new Date(0));
  const done: string[] = [];
  const decided = (name: string, gain: number) => ({
    name,
    thought: "as then",
    predict: () => (done.includes(name) ? null : { seconds: 0, gain, decided: true }),
    run: async () => {
      done.push(name);
      return { state: null, observations: [] };
    },
  });
  const actions = [decided("second", 0.5), decided("first", 1)];
  await runLoop(0, { actions, secondsLeft: () => 0, ends: () => null, trace });
  expect(done).toEqual(["first", "second"]);
  const thoughts = trace.events.filter(({ kind }) => kind === "thought");
  expect(thoughts.map(({ text }) => text)).toEqual([
    "first: as then; decided before",
    "second: as then; decided before",
  ]);
  expect(thoughts[0]!.data).toEqual({ name: "first" });
});

test("what does not help is taken back, what helps is not", async () => {
  const trace = openTrace(null, () => new Date(0));
  const done: string[] = [];
  const takenBack: string[] = [];
  const adding = (name: string, helps: boolean) => ({
    name,
    thought: "to see",
    predict: () => (done.includes(name) ? null : { seconds: 1, gain: helps ? 2 : 1 }),
    run: async (state: number) => {
      done.push(name);
      return { state: helps ? state + 1 : null, observations: [] };
    },
    rollback: async (state: number) => void takenBack.push(`${name} at ${state}`),
  });
  const actions = [adding("good", true), adding("bad", false)];
  expect(await runLoop(0, { actions, secondsLeft: () => 10, ends: () => null, trace })).toBe(1);
  expect(takenBack).toEqual(["bad at 1"]);
});

describe("the changes", () => {
  const means = { backbones: [red, blue], draws: null };
  const start = plainRecipe(red);

  test("raise the side of networks whose side is free, and the square with it", () => {
    const raised = changes.resolution.propose(start, means);
    expect(raised.map(({ view, branches }) => [view.size, branches[0]!.size])).toEqual([[48, 48]]);
    expect(changes.resolution.propose(plainRecipe(tinyBackbone("fixed", [0], "fixed")), means)).toEqual([]);
  });

  test("propose no change that is there already", () => {
    const [mirrored] = changes.mirror.propose(start, means);
    expect(changes.mirror.propose(mirrored!, means)).toEqual([]);
    const [both] = changes["two backbones"].propose(start, means);
    expect(both!.branches.map(({ backbone }) => backbone)).toEqual([red, blue]);
    expect(changes["two backbones"].propose(both!, means)).toEqual([]);
    expect(changes["larger backbone"].propose(both!, means)).toEqual([]);
  });
});
