/** Explanations: the map's identity with the logit, refusals, and the command as a user runs it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Backbone,
  importBackbone,
  loadBackbone,
  type Look,
  plainRecipe,
  type Recipe,
  recipeWidth,
  wholeLook,
} from "../src/backbone/index.js";
import { type Bundle, openBundle } from "../src/bundle/index.js";
import { random } from "../src/core/index.js";
import { explainPhotograph } from "../src/explain/index.js";
import { inspect } from "../src/image/index.js";
import { assay, newHome } from "./cli.js";
import { buildNetwork, type NetworkForm, networkSide } from "./networks.js";
import { jpeg, makeFolder, removeFolders } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

const labels = ["checks", "rings", "stripes"];
const mirrored: Look = { crop: 1, flip: true };
let photograph: Uint8Array;
beforeAll(async () => {
  photograph = await jpeg("photograph", 90, 60);
});
afterAll(removeFolders);

/** A bundle of a recipe with a random head, as small numbers so that half precision holds them. */
async function open(recipe: Recipe): Promise<Bundle> {
  const source = random(1, "weights");
  const values = Array.from({ length: labels.length * recipeWidth(recipe) }, () => source.between(-64, 64));
  const weight = Float32Array.from(values, (value) => Math.round(value) / 64);
  const head = { weight, bias: Float32Array.of(0.5, -2, 3) };
  return openBundle(await writeRandomBundle([photograph], { recipe, head }), 1);
}

async function imported(head: NonNullable<NetworkForm["head"]>): Promise<Backbone> {
  const folder = await makeFolder({ "network.onnx": buildNetwork({ head, sides: ["h", "w"] }).serialize() });
  return importBackbone(join(folder, "network.onnx"));
}

/** The largest difference over the classes between the logit and the mean of the map plus what lies elsewhere, over the logits. */
async function identityError(recipe: Recipe): Promise<number> {
  const bundle = await open(recipe);
  try {
    const errors = [];
    for (const name of labels) {
      const { logit, map } = await explainPhotograph(bundle, photograph, { class: name });
      const mean = map.values.reduce((sum, value) => sum + value, 0) / map.values.length;
      expect(new Set(map.values).size).toBeGreaterThan(1);
      errors.push(Math.abs(mean + map.elsewhere - logit) / Math.max(1, Math.abs(logit)));
    }
    return Math.max(...errors);
  } finally {
    await bundle.close();
  }
}

describe("the mean of the map and what lies elsewhere are the logit", () => {
  test.each(["efficientnet-lite0", "efficientnet-lite2"])("%s", async (name) => {
    expect(await identityError(plainRecipe(await loadBackbone(name)))).toBeLessThan(1e-4);
  });

  test("both side by side, with grids of different sizes, looked at twice", async () => {
    const [small, large] = await Promise.all([loadBackbone("efficientnet-lite0"), loadBackbone("efficientnet-lite2")]);
    const branches = [
      { backbone: small, size: 224 },
      { backbone: large, size: 260 },
    ];
    const view = { ...large.row.view };
    expect(await identityError({ view, looks: [wholeLook, mirrored], branches })).toBeLessThan(1e-4);
  });

  test.each([
    ["the middle", [{ crop: 0.75, flip: false }]],
    ["a mirror image alone", [mirrored]],
    ["the middle and its mirror image", [true, false].map((flip) => ({ crop: 0.75, flip }))],
  ] as const)("looks: %s", async (_name, looks) => {
    const recipe = plainRecipe(await imported("pooled"));
    expect(await identityError({ ...recipe, looks })).toBeLessThan(1e-5);
  });

  test.each([
    ["before", ["scores", "vision"]],
    ["behind", ["vision", "scores"]],
  ] as const)("a branch with a map %s one that pools in another way", async (_name, heads) => {
    const backbones = await Promise.all(heads.map(imported));
    const branches = backbones.map((backbone) => ({ backbone, size: networkSide }));
    const view = { mode: "squash", size: networkSide, kernel: "cubic" } as const;
    expect(await identityError({ view, looks: [wholeLook], branches })).toBeLessThan(1e-5);
  });
});

describe("no map", () => {
  test("of a network that averages no feature map: one fault that says what to use", async () => {
    const bundle = await open(plainRecipe(await imported("vision")));
    await expect(explainPhotograph(bundle, photograph)).rejects.toMatchObject({
      code: "not-explainable",
      message: expect.stringContaining("global average") as string,
    });
    await bundle.close();
  });

  test("of looks at regions of different sizes, which have no common frame", async () => {
    const recipe = plainRecipe(await imported("pooled"));
    const bundle = await open({ ...recipe, looks: [wholeLook, { crop: 0.75, flip: false }] });
    await expect(explainPhotograph(bundle, photograph)).rejects.toMatchObject({ code: "not-explainable" });
    await bundle.close();
  });
});

test("the answer that is explained is the one that predict gives", async () => {
  const bundle = await open(plainRecipe(await imported("pooled")));
  const answer = await bundle.classify(photograph);
  const explanation = await explainPhotograph(bundle, photograph);
  expect(explanation).toMatchObject({ class: answer.label, confidence: answer.confidence });
  await expect(explainPhotograph(bundle, Buffer.from("no picture"))).rejects.toMatchObject({
    code: "image-unreadable",
  });
  await bundle.close();
});

describe("assay explain", () => {
  let bundle: string;
  let folder: string;
  beforeAll(async () => {
    bundle = await writeRandomBundle([photograph], { view: { mode: "squash", size: 64, kernel: "cubic" } });
    folder = await makeFolder({ "a cup.jpg": photograph, "broken.jpg": photograph.subarray(0, 300) });
  });

  test("writes the overlay at the photograph's size and says the class; nothing is overwritten", async () => {
    const out = join(folder, "overlay.png");
    const first = await assay(newHome(), "explain", bundle, join(folder, "a cup.jpg"), "--out", out);
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/^(?:checks|rings|stripes), with a probability of \d/);
    const overlay = readFileSync(out);
    expect(await inspect(overlay)).toMatchObject({ facts: { format: "png", width: 90, height: 60 } });
    const again = await assay(newHome(), "explain", bundle, join(folder, "a cup.jpg"), "--out", out);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("--out") as string });
    expect(readFileSync(out)).toEqual(overlay);
  });

  test("for machines: the map's numbers, and the class that was asked for", async () => {
    const home = newHome();
    const args = ["explain", bundle, join(folder, "a cup.jpg"), "--class", "rings", "--json"];
    const { out } = await assay(home, ...args);
    const answer = JSON.parse(out) as { map: { values: number[] } };
    expect(answer).toMatchObject({ class: "rings", overlay: "a cup.overlay.png", map: { height: 2, width: 2 } });
    expect(answer.map.values).toHaveLength(4);
    expect(readFileSync(join(home, "a cup.overlay.png")).length).toBeGreaterThan(0);
  });

  test.each([
    ["an unknown class", ["a cup.jpg", "--class", "plates"], 2, 'knows no class "plates"; expected "checks", "rings"'],
    ["a broken photograph", ["broken.jpg"], 1, "the image cannot be decoded"],
    ["no photograph", ["none.jpg"], 1, "there is no file or folder"],
    ["a folder", [""], 2, "is a folder"],
  ])("%s is one line", async (_name, [file, ...options], code, line) => {
    const outcome = await assay(newHome(), "explain", bundle, join(folder, file!), ...options);
    expect(outcome.code).toBe(code);
    expect(outcome.err.trim().split("\n")).toHaveLength(1);
    expect(outcome.err).toContain(line);
  });

  test("a file where the overlay should go stays as it is", async () => {
    const out = join(folder, "notes.png");
    writeFileSync(out, "notes");
    const { code } = await assay(newHome(), "explain", bundle, join(folder, "a cup.jpg"), "--out", out);
    expect(code).toBe(1);
    expect(readFileSync(out, "utf8")).toBe("notes");
  });
});
