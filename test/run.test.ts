/** The main job from the outside: real files, the built program, exit codes, and what is on disk afterwards. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseSplits } from "../src/dataset/index.js";
import { parseModel, valueDims } from "../src/onnx/index.js";
import type { Evidence } from "../src/verify/index.js";
import { assay, newHome, type Outcome, start } from "./cli.js";
import { drawProducts } from "./products.js";

const spec = `As a tester
I want patterns told apart
So that the job is shown to work

## CONSTRAINTS
- 100 labeled images available
- At least 60% accuracy on test photographs
- Inference time < 2 s
- The manager likes it

## GOAL STATE
- Model size < 50 MB
- Trained model with >50% validation accuracy
`;

let home: string;
let images: string;
let specFile: string;
let run: Outcome;
const out = (...parts: string[]): string => join(home, "run", ...parts);

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(60);
  specFile = join(home, "spec.md");
  writeFileSync(specFile, spec);
  cpSync(join(images, "rings", "00.jpg"), join(images, "rings", "copy of 00.jpg"));
  writeFileSync(join(images, "rings", "broken.jpg"), readFileSync(join(images, "rings", "01.jpg")).subarray(0, 900));
  run = await assay(home, "run", images, "--budget", "0", "--spec", specFile, "--out", out());
}, 300_000);

const evidence = (): Evidence => JSON.parse(readFileSync(out("evidence.json"), "utf8")) as Evidence;

describe("a run", () => {
  test("ends with the verdict table, the report's path and exit code 4 for a line that nobody can check", () => {
    expect(run.err).toBe("");
    expect(run.code).toBe(4);
    expect(run.out).toContain("At least 60% accuracy on test photographs");
    expect(run.out).toContain("report.html");
  });

  test("gives every line of the spec a verdict with evidence", () => {
    expect(evidence().requirements.map(({ text, verdict }) => [text, verdict])).toEqual([
      ["100 labeled images available", "met"],
      ["At least 60% accuracy on test photographs", "met"],
      ["Inference time < 2 s", expect.stringMatching(/^(?:met|unproven)$/)], // a machine that others share may be too restless
      ["The manager likes it", "not checkable"],
      ["Model size < 50 MB", "met"],
      ["Trained model with >50% validation accuracy", expect.stringMatching(/^(?:met|unproven)$/)],
    ]);
    for (const { evidence: sentence } of evidence().requirements) expect(sentence).toMatch(/^[^a-z].+\.$/);
  });

  test("writes what the design promises, and touches nothing of the user's", () => {
    expect(readdirSync(out()).toSorted()).toEqual(
      [
        "audit.json",
        "bundle",
        "evidence.json",
        "insights.json",
        "out-of-fold.csv",
        "out-of-fold.safetensors",
        "plan.json",
        "plan.md",
        "recipe.json",
        "report.html",
        "run.json",
        "spec.json",
        "spent.json",
        "split.json",
        "splits.csv",
        "trace.jsonl",
        "trace.md",
      ].toSorted(),
    );
    expect(readdirSync(images).toSorted()).toEqual(["checks", "rings", "stripes"]);
    const report = readFileSync(out("report.html"), "utf8");
    expect(report).toContain("The manager likes it");
  });

  test("its accuracy is what predict's own rows say", async () => {
    const rows = parseSplits(readFileSync(out("splits.csv"), "utf8")).filter(({ split }) => split === "test");
    const predicted = await assay(home, "predict", out("bundle"), ...rows.map(({ path }) => join(images, path)));
    const labels = predicted.out
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").at(-2));
    // Copies of a picture share its group and count once.
    const unique = [...new Map(rows.map((row, i) => [row.group, { right: row.label === labels[i] }])).values()];
    const { test: measured } = evidence().metrics;
    expect(measured.n).toBe(unique.length);
    const foreseen = new RegExp(`test share .*: ${unique.length} test photographs`);
    expect(run.out).toMatch(foreseen);
    expect(run.out).toMatch(new RegExp(`split +train .*test ${unique.length}\\b`));
    expect(readFileSync(out("plan.md"), "utf8")).toMatch(
      new RegExp(`of ${unique.length} photographs of test are right`),
    );
    expect(measured.accuracy).toBeCloseTo(unique.filter(({ right }) => right).length / unique.length, 12);
  });

  test("finds the copy and the broken file and keeps copies together", () => {
    const ids = (JSON.parse(readFileSync(out("audit.json"), "utf8")) as { findings: { id: string }[] }).findings.map(
      ({ id }) => id,
    );
    expect(ids.some((id) => /duplicate/.test(id))).toBe(true);
    expect(ids.some((id) => /broken|unreadable|truncated/.test(id))).toBe(true);
    const rows = parseSplits(readFileSync(out("splits.csv"), "utf8"));
    const copies = rows.filter(({ path }) => ["rings/00.jpg", "rings/copy of 00.jpg"].includes(path));
    expect(new Set(copies.map(({ split }) => split)).size).toBe(1);
    expect(rows.some(({ path }) => path.includes("broken"))).toBe(false);
  });

  test("the model carries its labels and takes bytes of any number of pictures", () => {
    const model = parseModel(readFileSync(out("bundle", "model.onnx")), "model");
    expect(valueDims(model.graph!.input[0]!)).toEqual(["n", 224, 224, 3]);
    const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(metadata.labels!)).toEqual(["checks", "rings", "stripes"]);
  });
});

describe("again", () => {
  test("into the same folder: refused with the remedy, nothing overwritten", async () => {
    const before = readFileSync(out("evidence.json"), "utf8");
    const again = await assay(home, "run", images, "--budget", "0", "--spec", specFile, "--out", out());
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("--resume") as string });
    expect(readFileSync(out("evidence.json"), "utf8")).toBe(before);
  });

  test("with --resume: the same bundle, and the same opening of the test split", async () => {
    const before = evidence();
    const again = await assay(home, "run", images, "--budget", "0", "--spec", specFile, "--out", out(), "--resume");
    expect(again.code).toBe(4);
    expect(evidence().run).toMatchObject({ bundleHash: before.run.bundleHash, testOpening: 1 });
  });

  test("from nothing with the same seed: the same bundle; --resume says that there was nothing to go on with", async () => {
    const other = newHome();
    const args = ["--budget", "0", "--spec", specFile, "--out", join(other, "run"), "--resume"];
    const { out: said } = await assay(other, "run", images, ...args);
    expect(said).toContain(`--resume: there is no run in ${join(other, "run")} to go on with; a new one begins`);
    const { run: second } = JSON.parse(readFileSync(join(other, "run", "evidence.json"), "utf8")) as Evidence;
    expect(second.bundleHash).toBe(evidence().run.bundleHash);
  });

  test("with another seed: the same test photographs, a second opening, and the verdict says so", async () => {
    await assay(home, "run", images, "--budget", "0", "--spec", specFile, "--out", join(home, "second"), "--seed", "2");
    const second = JSON.parse(readFileSync(join(home, "second", "evidence.json"), "utf8")) as Evidence;
    expect(second.run.testOpening).toBe(2);
    expect(second.run.testAlpha).toBeCloseTo((0.2 * 0.05) / 2, 12);
    const accuracy = second.requirements.find(({ kind, split }) => kind === "accuracy" && split === "test")!;
    expect(accuracy.evidence).toContain("eused test");
    const testRows = (folder: string): string[] =>
      parseSplits(readFileSync(join(home, folder, "splits.csv"), "utf8"))
        .filter(({ split }) => split === "test")
        .map(({ path }) => path);
    expect(testRows("second")).toEqual(testRows("run"));
  });
});

describe("predict", () => {
  test("a broken file is a row with an error, names are quoted, folders are walked", async () => {
    const folder = join(home, "new, photos");
    mkdirSync(folder);
    cpSync(join(images, "rings", "05.jpg"), join(folder, "émoji 🎉.jpg"));
    cpSync(join(images, "rings", "broken.jpg"), join(folder, "broken.jpg"));
    writeFileSync(join(folder, "notes.txt"), "no image");
    const { code, out: text } = await assay(home, "predict", out("bundle"), folder);
    const lines = text.trim().split("\n");
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe("path,label,confidence");
    expect(lines[1]).toMatch(/^".*broken\.jpg","?error: .*,$/);
    expect(lines[2]).toMatch(/^".*émoji 🎉\.jpg",(rings|stripes|checks),[01]\.\d{4}$/);
  });

  test("thousands of paths as arguments are no trouble", async () => {
    const path = join(images, "rings", "05.jpg");
    const many = Array.from(
      { length: Math.floor((process.platform === "win32" ? 20_000 : 120_000) / path.length) },
      () => path,
    );
    const { code, out: text } = await assay(home, "predict", out("bundle"), ...many);
    expect(code).toBe(0);
    expect(text.trim().split("\n")).toHaveLength(many.length + 1);
  });

  test("a reader that leaves early is no fault", async () => {
    const { process: child, outcome } = start(home, ["predict", out("bundle"), images]);
    child.stdout!.once("data", () => child.stdout!.destroy());
    expect(await outcome).toMatchObject({ code: 0, err: "" });
  });

  test("as JSON with all probabilities", async () => {
    const { out: text } = await assay(
      home,
      "predict",
      out("bundle"),
      join(images, "rings", "05.jpg"),
      "--format",
      "json",
    );
    const row = JSON.parse(text) as { label: string; confidence: number; probabilities: Record<string, number> };
    expect(Object.values(row.probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(row.probabilities[row.label]).toBe(row.confidence);
  });

  test.each(["model.onnx", "assay.json", "golden/0.png", "golden/golden.json", "provenance.json"])(
    "a changed byte in %s is refused",
    async (name) => {
      const copy = join(home, `changed-${basename(name)}`);
      cpSync(out("bundle"), copy, { recursive: true });
      appendFileSync(join(copy, name), " ");
      if (name === "assay.json")
        writeFileSync(join(copy, name), readFileSync(join(copy, name), "utf8").replace("rings", "rinks"));
      const { code, err } = await assay(home, "predict", copy, join(images, "rings", "05.jpg"));
      expect(code).toBe(1);
      expect(err).toMatch(/is not the file that was written|was changed after it was written/);
    },
  );

  test("golden examples that are not reproduced refuse, and say by how much they are off", async () => {
    const { hashContent, sealManifest } = await import("../src/bundle/manifest.js");
    const { sha256 } = await import("../src/core/index.js");
    const copy = join(home, "golden");
    cpSync(out("bundle"), copy, { recursive: true });
    const golden = JSON.parse(readFileSync(join(copy, "golden", "golden.json"), "utf8")) as {
      probabilities: number[];
    }[];
    golden[0]!.probabilities[0]! += 0.25;
    const text = JSON.stringify(golden);
    writeFileSync(join(copy, "golden", "golden.json"), text);
    const { manifestHash: _, ...manifest } = JSON.parse(readFileSync(join(copy, "assay.json"), "utf8"));
    manifest.files["golden/golden.json"] = sha256(text);
    manifest.bundleHash = hashContent(manifest);
    writeFileSync(join(copy, "assay.json"), JSON.stringify(sealManifest(manifest)));
    const { code, err } = await assay(home, "predict", copy, join(images, "rings", "05.jpg"));
    expect(code).toBe(1);
    expect(err).toMatch(/golden\/0\.png is not reproduced.*probabilities by 0\.25/);
  });

  test.each([
    [["predict", "nowhere", "x.jpg"], /no file or folder "x\.jpg"/],
    [["predict", "nowhere", "."], /no folder "nowhere"/],
  ])("%j is one clear line", async (args, message) => {
    const { code, err } = await assay(home, ...args);
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toMatch(message);
  });
});

describe("verify", () => {
  test("on fresh photographs judges all of them", async () => {
    const fresh = await drawProducts(12, 99);
    const { code, out: text } = await assay(
      home,
      "verify",
      out("bundle"),
      "--spec",
      specFile,
      "--data",
      fresh,
      "--json",
    );
    const result = JSON.parse(text) as Evidence;
    expect(code).toBe(4);
    expect(result.metrics.test.n).toBe(36);
    expect(result.run.testOpening).toBe(1);
  });

  test("refuses a part of the run's own test split: leaving photographs out is no way to a better verdict", async () => {
    const folder = join(newHome(), "part");
    const rows = parseSplits(readFileSync(out("splits.csv"), "utf8")).filter(({ split }) => split === "test");
    for (const { path, label } of rows.slice(3)) cpSync(join(images, path), join(folder, label, basename(path)));
    const { code, err } = await assay(home, "verify", out("bundle"), "--spec", specFile, "--data", folder);
    expect(code).toBe(1);
    expect(err).toContain("a part of the run's test photographs");
  });

  test("refuses training photographs offered as test", async () => {
    const provenance = parseSplits(readFileSync(out("splits.csv"), "utf8"));
    const folder = join(newHome(), "leaky");
    for (const { path, label, split } of provenance)
      if (split === "train") cpSync(join(images, path), join(folder, label, basename(path)));
    const { code, err } = await assay(home, "verify", out("bundle"), "--spec", specFile, "--data", folder);
    expect(code).toBe(1);
    expect(err).toContain("were used in training");
  });
});

describe("interrupted", () => {
  // Where a stage is over sooner than the signal comes, the one after it is met.
  test.each([
    ["SIGINT", "the scan", ["run"]],
    ["SIGINT", "the features", ["run", "splits.csv"]],
    ["SIGKILL", "the features", ["run", "splits.csv"]],
    ["SIGINT", "the head", ["run", "recipe.json"]],
    ["SIGKILL", "the bundle", ["run", "bundle.partial"]],
    ["SIGINT", "the proof", ["run", "bundle", "assay.json"]],
    ["SIGKILL", "the proof", ["run", "bundle", "assay.json"]],
  ] as const)("by %s during %s, --resume finishes with the same bundle", async (signal, stage, begins) => {
    const other = newHome();
    const args = ["run", images, "--budget", "0", "--spec", specFile, "--out", join(other, "run")];
    const first = start(other, args);
    await seen(() => existsSync(join(other, ...begins)));
    first.process.kill(signal);
    const stopped = await first.outcome;
    if (signal === "SIGINT") expect(stopped.code).toBe(130);
    if (signal === "SIGINT" && stage !== "the scan") expect(stopped.err).toContain("--resume");
    const second = await assay(other, ...args, "--resume");
    expect(second.code).toBe(4);
    const { run: resumed } = JSON.parse(readFileSync(join(other, "run", "evidence.json"), "utf8")) as Evidence;
    expect(resumed.bundleHash).toBe(evidence().run.bundleHash);
    expect(resumed.testOpening).toBe(1);
  });
});

async function seen(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
