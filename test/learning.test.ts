/** What a run learned is what others get: from the features of the training to the rows of a fresh `assay predict`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadBackbone, type Recipe, recipeTaps } from "../src/backbone/index.js";
import { sha256 } from "../src/core/index.js";
import { parseSplits } from "../src/dataset/index.js";
import { assembleFeatures, extractFeatures, type Source } from "../src/features/index.js";
import { softmaxRows } from "../src/metrics/index.js";
import { floats, getMetadata, parseModel, tensorData } from "../src/onnx/index.js";
import { applyHead } from "../src/train/index.js";
import { assay, newHome, type Outcome, start } from "./cli.js";
import { drawProducts } from "./products.js";

const spec = `As a tester\nI want patterns told apart\nSo that the job is shown to work

## CONSTRAINTS
- At least 60% accuracy on test photographs

## REWARDS
- Good recall of the worst class
`;

let home: string;
let images: string;
let specFile: string;
let run: Outcome;
const out = (...parts: string[]): string => join(home, "run", ...parts);

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(24);
  specFile = join(home, "spec.md");
  writeFileSync(specFile, spec);
  run = await assay(home, "run", images, "--spec", specFile, "--out", out(), "--augment", "1", "--budget", "2m");
}, 300_000);

async function storedRecipe(): Promise<Recipe> {
  const { view, looks, branches } = JSON.parse(readFileSync(out("recipe.json"), "utf8")) as Pick<
    Recipe,
    "view" | "looks"
  > & { branches: readonly { backbone: string; size: number }[] };
  const loaded = branches.map(async ({ backbone, size }) => ({ backbone: await loadBackbone(backbone), size }));
  return { view, looks, branches: await Promise.all(loaded) };
}

const trainRows = () => parseSplits(readFileSync(out("splits.csv"), "utf8")).filter(({ split }) => split === "train");

describe("a run that searches", () => {
  test("says what it tried and why, in thoughts, observations and decisions", () => {
    expect(run.err).toBe("");
    expect(run.out).toMatch(/loop +budget 2 min 0 s/);
    const trace = readFileSync(out("trace.jsonl"), "utf8");
    expect(trace).toContain("how a picture becomes a square decides what the network sees of it");
    expect(run.out).toMatch(/loop +resize mode: .*(?:kept|rolled back)/);
    expect(run.out).toMatch(/loop +no more trials: /);
  });

  test("keeps the out-of-fold prediction of every training photograph", () => {
    const [heading, ...rows] = readFileSync(out("out-of-fold.csv"), "utf8").trim().split("\n");
    expect(heading).toBe("path,label,fold,predicted,confidence,label_probability");
    expect(new Set(rows.map((row) => row.split(",")[0]))).toEqual(new Set(trainRows().map(({ path }) => path)));
    expect(rows).toHaveLength(trainRows().length);
    for (const row of rows) {
      const [, label, fold, predicted, confidence, own] = row.split(",");
      expect(Number(fold)).toBeGreaterThanOrEqual(0);
      expect(Number(own)).toBeLessThanOrEqual(Number(confidence));
      if (label === predicted) expect(own).toBe(confidence);
    }
  });

  test("predict of a fresh process equals what training saw", async () => {
    const recipe = await storedRecipe();
    const rows = trainRows().slice(0, 8);
    const sources: Source[] = rows.map(({ path }) => ({ path, fileHash: sha256(readFileSync(join(images, path))) }));
    const options = { root: images, cacheFolder: join(home, "cache"), threads: 1 };
    const { features, computed } = await extractFeatures(sources, recipeTaps(recipe), options);
    expect(computed.multiplyAdds).toBe(0); // all of it is what the run cached and learned from
    const model = parseModel(readFileSync(out("bundle", "model.onnx")), "model");
    const constant = (name: string): Float32Array =>
      floats(tensorData(model.graph!.initializer.find((tensor) => tensor.name === name)!));
    const head = { weight: constant("head_weight"), bias: constant("head_bias") };
    const temperature = Number(getMetadata(model).temperature);
    const logits = applyHead(head, assembleFeatures(recipe, features)).map((logit) => logit / temperature);
    const expected = softmaxRows(logits, head.bias.length);

    const paths = rows.map(({ path }) => join(images, path));
    const answer = await assay(home, "predict", out("bundle"), ...paths, "--format", "json");
    const lines = answer.out.trim().split("\n");
    expect(lines).toHaveLength(rows.length);
    const labels = JSON.parse(getMetadata(model).labels!) as string[];
    for (const [i, line] of lines.entries()) {
      const { probabilities } = JSON.parse(line) as { probabilities: Record<string, number> };
      for (const [k, label] of labels.entries())
        expect(Math.abs(probabilities[label]! - expected[i * labels.length + k]!)).toBeLessThan(0.005);
    }
  });
});

describe("another network", () => {
  test("by an unknown name or a file that is none: one line", async () => {
    const broken = join(home, "broken.onnx");
    writeFileSync(broken, "no network");
    for (const [name, text] of [
      ["resnet", 'there is no backbone "resnet"'],
      [broken, "is no ONNX model"],
    ] as const) {
      const refused = await assay(
        home,
        "run",
        images,
        "--spec",
        specFile,
        "--out",
        join(home, "x"),
        "--backbone",
        name,
      );
      expect(refused.code).toBeGreaterThan(0);
      expect(refused.err.trim().split("\n")).toHaveLength(1);
      expect(refused.err).toContain(text);
    }
  });
});

test("an interrupted search goes on with --resume and ends as a whole run does", async () => {
  const words = ["run", images, "--spec", specFile, "--out", join(home, "again"), "--head", "adamw"];
  const { process: child, outcome } = start(home, words);
  child.stdout!.on("data", (text: string) => /resize mode/.test(text) && child.kill("SIGINT"));
  expect(await outcome).toMatchObject({ code: 130 });
  const resumed = await assay(home, ...words, "--resume");
  expect([0, 3, 4]).toContain(resumed.code);
  expect(resumed.out).toMatch(/epochs: out-of-fold accuracy/);
});
