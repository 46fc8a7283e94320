/** The test that a bundle carries: passes where nothing but the bundle, onnxruntime-node and sharp are, and notices a wrong answer. */
import { spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../src/core/index.js";
import { encodeJpeg, encodeRaster } from "../src/image/index.js";
import { newHome, type Outcome } from "./cli.js";
import { runSmallBundle, type RandomBundleParts, writeRandomBundle } from "./small-bundle.js";

const modules = resolve(import.meta.dirname, "..", "node_modules");

/** A folder with the bundle's files and the two packages as npm would install them. */
function deliver(bundle: string): string {
  const folder = join(newHome(), "received");
  cpSync(bundle, folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  // The packages' own dependencies are found beside their real folders.
  for (const name of ["onnxruntime-node", "sharp"])
    symlinkSync(join(modules, name), join(folder, "node_modules", name), "junction");
  return folder;
}

/** `node --test` as the bundle's README has it; its lines are those of the Test Anything Protocol. */
function runTests(folder: string): Promise<Outcome> {
  const child = spawn(process.execPath, ["--test", "--test-reporter=tap"], { cwd: folder });
  const chunks = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    chunks.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    chunks.err += text;
  });
  return new Promise((settle) => {
    child.on("close", (code) => settle({ code, ...chunks }));
  });
}

const failures = ({ out }: Outcome): string[] =>
  [...out.matchAll(/^not ok \d+ - (.*) is .*$/gm)].map(([, name]) => name!);

interface Golden {
  label: string;
  probabilities: number[];
}

/** Changes the first golden example, and its hash in assay.json, so that the answer alone is wrong. */
function changeGolden(folder: string, change: (example: Golden) => void): void {
  const path = join(folder, "golden", "golden.json");
  const examples = JSON.parse(readFileSync(path, "utf8")) as Golden[];
  change(examples[0]!);
  const text = JSON.stringify(examples);
  writeFileSync(path, text);
  const manifest = JSON.parse(readFileSync(join(folder, "assay.json"), "utf8")) as { files: Record<string, string> };
  manifest.files["golden/golden.json"] = sha256(text);
  writeFileSync(join(folder, "assay.json"), JSON.stringify(manifest));
}

describe("the test of a bundle that a run made", () => {
  let bundle: string;
  beforeAll(async () => {
    bundle = await runSmallBundle();
  });

  test("passes in a folder with nothing else", async () => {
    const outcome = await runTests(deliver(bundle));
    expect(outcome, outcome.out + outcome.err).toMatchObject({ code: 0 });
    expect(failures(outcome)).toEqual([]);
    expect(outcome.out).toMatch(/^ok \d+ - golden\/0\.png is still (?:checks|rings|stripes)$/m);
    expect(outcome.out).toMatch(/^ok \d+ - model\.onnx is the file/m);
  });

  test.each<[string, (example: Golden) => void]>([
    ["probability", ({ probabilities }) => (probabilities[0]! += probabilities[0]! > 0.5 ? -0.05 : 0.05)],
    ["label", (example) => (example.label = "something else")],
    ["number of classes", ({ probabilities }) => probabilities.pop()],
  ])("fails for that photograph alone after its golden %s is changed", async (_what, change) => {
    const folder = deliver(bundle);
    changeGolden(folder, change);
    const outcome = await runTests(folder);
    expect(outcome.code).toBe(1);
    expect(failures(outcome)).toEqual(["golden/0.png"]);
  });

  test("names the file that was changed", async () => {
    const folder = deliver(bundle);
    appendFileSync(join(folder, "provenance.json"), " ");
    const outcome = await runTests(folder);
    expect(outcome.code).toBe(1);
    expect(failures(outcome)).toEqual(["provenance.json"]);
  });
});

describe("its way of preparing and deciding is that of assay, to the last bit", () => {
  const [width, height] = [331, 203];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37 + (i % 1013) * 11) % 256);

  test.each<RandomBundleParts>([
    { view: { mode: "squash", size: 160, kernel: "linear" } },
    { view: { mode: "crop", size: 224, cropFraction: 0.875, kernel: "cubic" } },
    { view: { mode: "crop", size: 193, kernel: "lanczos3" }, decisionBias: [40, 0, 0] },
    { view: { mode: "letterbox", size: 224, kernel: "cubic" }, decisionBias: [0, 0, 40] },
  ])("%j", async (parts) => {
    const tall = await encodeRaster({ data, width: height, height: width, channels: 3 }, { format: "png" });
    const bundle = await writeRandomBundle([await encodeJpeg(data, width, height), tall], parts);
    const folder = deliver(bundle);
    const path = join(folder, "bundle.test.mjs");
    const exact = readFileSync(path, "utf8").replace(
      "{ pixels: 2, probability: 0.02 }",
      "{ pixels: 0, probability: 0 }",
    );
    writeFileSync(path, exact);
    expect(failures(await runTests(folder))).toEqual(["bundle.test.mjs"]);
    const { decisionBias } = parts;
    const golden = JSON.parse(readFileSync(join(folder, "golden", "golden.json"), "utf8")) as Golden[];
    if (decisionBias) for (const { label } of golden) expect(label).toBe(decisionBias[0] ? "checks" : "stripes");
  });
});
