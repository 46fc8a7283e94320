/** What a run learned is what others get: from the features of the training to the rows of a fresh `assay predict`. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadBackbone, type Recipe, recipeTaps } from "../src/backbone/index.js";
import { sha256 } from "../src/core/index.js";
import { parseSplits } from "../src/dataset/index.js";
import { assembleFeatures, extractFeatures, type Source } from "../src/features/index.js";
import { softmaxRows } from "../src/metrics/index.js";
import { floats, getMetadata, parseModel, serializeModel, tensorData } from "../src/onnx/index.js";
import { applyHead } from "../src/train/index.js";
import { assay, newHome, type Outcome } from "./cli.js";
import { buildNetwork } from "./networks.js";
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
const out = (...parts: string[]): string => join(home, "run", ...parts);

function learn(folder: string, ...more: string[]): Promise<Outcome> {
  const given = ["--spec", specFile, "--out", folder, "--augment", "1", "--budget", "0"];
  return assay(home, "run", images, ...given, ...more);
}

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(24);
  specFile = join(home, "spec.md");
  writeFileSync(specFile, spec);
  const { err } = await learn(out());
  expect(err).toBe("");
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

test("classes of equal size have no rare ones: nothing is said of helping them", () => {
  for (const page of ["trace.md", "plan.md"])
    expect(readFileSync(out(page), "utf8")).not.toMatch(/decision bias|logit adj/);
  expect(readFileSync(out("plan.md"), "utf8")).toContain("Each class has 24 photographs.");
});

test("random views that are asked for are learned from, and again in a replay", async () => {
  expect(JSON.parse(readFileSync(out("recipe.json"), "utf8"))).toMatchObject({ draws: 1 });
  expect(readFileSync(out("plan.md"), "utf8")).toContain("1 random view of each for the head");
  const again = join(home, "again");
  await learn(again, "--replay", out("trace.jsonl"));
  expect(readFileSync(join(again, "trace.md"), "utf8")).toContain("the bundle has the hash of the recorded one");
}, 300_000);

describe("what a run learned", () => {
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

describe("a network of the user's", () => {
  test("in a file: a run to the end, its pixels looked at, and a bundle that predicts without the file", async () => {
    const network = join(home, "tiny.onnx");
    writeFileSync(network, serializeModel(buildNetwork({ head: "both" }).model));
    const folder = join(home, "own");
    const words = ["--spec", specFile, "--out", folder, "--backbone", network, "--std", "255", "--budget", "0"];
    const { code, out: said, err } = await assay(home, "run", images, ...words);
    expect(err).toBe("");
    expect([0, 3, 4]).toContain(code);
    expect(said).toMatch(/recipe: tiny@32/);
    rmSync(network);
    const answer = await assay(home, "predict", join(folder, "bundle"), join(images, trainRows()[0]!.path));
    expect(answer).toMatchObject({ code: 0, err: "" });
    expect(answer.out.trim().split("\n")).toHaveLength(2);
    // A finished run needs no network to be read again.
    expect((await assay(home, "run", images, ...words, "--resume")).code).toBe(code);
  });
});

test("a class whose photographs are all broken is left out, said, and learned without", async () => {
  const folder = join(home, "with-broken");
  cpSync(images, folder, { recursive: true });
  const [first] = readdirSync(folder);
  const names = readdirSync(join(folder, first!));
  for (const name of names) writeFileSync(join(folder, first!, name), "no picture");
  const result = await assay(home, "run", folder, "--spec", specFile, "--out", join(home, "rest"), "--budget", "0");
  expect([0, 3, 4]).toContain(result.code);
  expect(result.out).toContain(`${names.length} broken`);
  const { labels } = JSON.parse(readFileSync(join(home, "rest", "bundle", "assay.json"), "utf8")) as {
    labels: readonly string[];
  };
  expect(labels).not.toContain(first);
  const audit = JSON.parse(readFileSync(join(home, "rest", "audit.json"), "utf8")) as {
    findings: readonly { text: string; files: readonly string[]; classes: readonly string[] }[];
  };
  expect(audit.findings.some(({ classes }) => classes.includes(first!))).toBe(true);
});

test("assay plan says what a run would do, and writes nothing but caches", async () => {
  const { code, out: page, err } = await assay(home, "plan", images, "--spec", specFile, "--budget", "0.01s");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(page).toMatch(/## Step 2: Model selection[^]*photographs\/s/);
  expect(page).toMatch(/Before anything is learned:\*\* The budget of 10.0 ms leaves no time for trials/);
  const { steps } = JSON.parse((await assay(home, "plan", images, "--spec", specFile, "--json")).out) as {
    steps: readonly unknown[];
  };
  expect(steps).toHaveLength(5);
  const file = join(home, "notes.md");
  writeFileSync(file, "precious\n");
  const refused = await assay(home, "plan", images, "--spec", specFile, "--out", file);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("notes.md exists and is no plan")]);
  expect(readFileSync(file, "utf8")).toBe("precious\n");
  for (const more of [[], ["--json"], []]) {
    const written = join(home, "plan.md");
    expect((await assay(home, "plan", images, "--spec", specFile, "--out", written, ...more)).code).toBe(0);
  }
});

test("a line about a GPU's memory is planned for, and the report says that it was", async () => {
  const own = join(home, "gpu.md");
  writeFileSync(own, "# CONSTRAINTS\n- Must run on 8GB GPU\n");
  const { out: page } = await assay(home, "plan", images, "--spec", own, "--budget", "0");
  expect(page).toMatch(/Does it fit the memory of the device\?[^]*Planned: yes\. [^]*8\.0 GB are allowed/);
  const run = join(home, "gpu");
  expect((await assay(home, "run", images, "--spec", own, "--out", run, "--budget", "0")).code).toBe(4);
  const { requirements, machine } = JSON.parse(readFileSync(join(run, "evidence.json"), "utf8")) as {
    requirements: readonly { verdict: string; evidence: string }[];
    machine: { device: string };
  };
  expect(machine.device).toBe("cpu");
  expect(requirements).toMatchObject([
    { verdict: "unproven", evidence: expect.stringContaining("planned from the sizes") },
  ]);
});
