/** Fine-tuning as a user meets it, with a network so small that it takes seconds: said, judged, resumed, replayed, left out. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { serializeModel } from "../src/onnx/index.js";
import { assay, newHome, type Outcome, start } from "./cli.js";
import { buildNetwork } from "./networks.js";
import { drawProducts } from "./products.js";

const spec = `As a tester\nI want patterns told apart\nSo that the job is shown to work

## CONSTRAINTS
- At least 99.9% accuracy on test photographs

## PENALTIES
- Overfitting on a small dataset
`;

let home: string;
let images: string;
let fewImages: string;
let specFile: string;
let network: string;
let run: Outcome;

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(80);
  fewImages = await drawProducts(20);
  specFile = join(home, "spec.md");
  writeFileSync(specFile, spec);
  network = join(home, "small.onnx");
  writeFileSync(network, serializeModel(buildNetwork({ sides: ["h", "w"] }).model));
  run = await assay(home, ...words("run"));
}, 300_000);

const out = (...parts: string[]): string => join(home, "run", ...parts);

function words(name: string, ...more: string[]): string[] {
  const given = ["--size", "64", "--std", "255", "--budget", "40s", "--backbone", network];
  return ["run", images, "--spec", specFile, "--out", join(home, name), ...given, ...more];
}

interface Event {
  readonly kind: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Tuning {
  readonly depth: string;
  readonly cut: string | null;
}

function traceOf(name: string): Event[] {
  const lines = readFileSync(join(home, name, "trace.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as Event);
}

function bundleOf(name: string): { bundleHash: string; backbones: { name: string; sha256: string }[] } {
  return JSON.parse(readFileSync(join(home, name, "bundle", "assay.json"), "utf8"));
}

describe("a run with time for it", () => {
  test("fine-tunes, says so epoch by epoch, and keeps what select gains from", () => {
    expect(run.err).toBe("");
    expect([0, 3, 4]).toContain(run.code);
    expect(run.out).toMatch(/loop +fine-tune [\w ]+: epoch 1: train .*; select /);
    const kept = traceOf("run").filter(
      ({ data, kind }) => kind === "observation" && data.on === "select" && data.verdict === "kept",
    );
    expect(kept.length).toBeGreaterThan(0);
    for (const { data } of kept) expect(data.logLossGain).toBeGreaterThan(0);
    expect(bundleOf("run").backbones).toEqual([expect.objectContaining({ name: "small-tuned" })]);
  });

  test("counts the layers that a tuned network shares with the frozen one once", () => {
    const trace = traceOf("run");
    const once = trace.find(({ data }) => data.start === true)!.data.multiplyAdds as number;
    const tunings = trace.flatMap(({ data }) => (typeof data.tuning === "object" ? [data.tuning as Tuning] : []));
    expect(tunings.map(({ cut }) => cut !== null)).toContain(true);
    for (const { depth, cut } of tunings) {
      const beside = trace.find(
        ({ data }) => data.name === depth && String(data.recipe).startsWith("small@64 + small-tuned@64"),
      )!.data;
      const looks = String(beside.recipe).split("whole").length - 1;
      if (cut === null) expect(beside.multiplyAdds).toBe(2 * looks * once);
      else expect(beside.multiplyAdds).toBeLessThan(2 * looks * once);
    }
  });

  test("has the gap between train and select in trace and report, with curves", () => {
    const epochs = traceOf("run").filter(({ data }) => data.epoch !== undefined && data.gap !== undefined);
    expect(epochs.length).toBeGreaterThan(2);
    const report = readFileSync(out("report.html"), "utf8");
    expect(report).toMatch(/<h2 id="fine-tuning-title">Fine-tuning[^]*Log loss by epoch[^]*Accuracy by epoch/);
    const { fineTuning } = JSON.parse(readFileSync(out("insights.json"), "utf8")) as {
      fineTuning: { network: string };
    };
    expect(fineTuning.network).toBe("small");
  });

  test("says in plan, model card and provenance what was trained, and on what", () => {
    expect(readFileSync(out("plan.md"), "utf8")).toMatch(/own layers trained[^]*fine-tune/i);
    const card = readFileSync(out("bundle", "MODEL_CARD.md"), "utf8");
    expect(card).toMatch(/small trained further with its head: [\d,]+ numbers/);
    expect(card).toMatch(/select .* nothing learned from them/);
    const { fineTuning } = JSON.parse(readFileSync(out("bundle", "provenance.json"), "utf8")) as { fineTuning: object };
    expect(fineTuning).toMatchObject({ network: "small", epochs: expect.any(Number) as number });
    expect(existsSync(out("fine-tuning"))).toBe(false); // checkpoints are of use until the bundle is written
  });
});

test("replayed, it gives the same bundle", async () => {
  const again = await assay(home, ...words("replayed", "--replay", out("trace.jsonl")));
  expect(again.err).toBe("");
  expect(again.out).toContain("the bundle has the hash of the recorded one");
});

test("killed in the middle, it goes on from its checkpoint to what an unbroken run would have", async () => {
  const { process: child, outcome } = start(home, words("killed"));
  child.stdout!.on("data", (text: string) => / epoch 2: train/.test(text) && child.kill("SIGKILL"));
  await outcome;
  const resumed = await assay(home, ...words("killed", "--resume"));
  expect([0, 3, 4]).toContain(resumed.code);
  expect(resumed.out).toMatch(/goes on in epoch [23]/);
  const tried = traceOf("killed").flatMap(({ data }) =>
    typeof data.recipe === "string" ? [`${String(data.name)} ${data.recipe}`] : [],
  );
  expect(tried.length).toBeGreaterThan(2);
  expect(tried.filter((one, i) => tried.indexOf(one) !== i)).toEqual([]); // what was recalled is not written twice
  const page = readFileSync(join(home, "killed", "trace.md"), "utf8");
  expect(page).toMatch(/\*\*Thought:\*\* fine-tune .*; decided before/);
  expect(page).not.toContain("usually 1.000");
  const unbroken = await assay(home, ...words("unbroken", "--replay", join(home, "killed", "trace.jsonl")));
  expect(unbroken.err).toBe("");
  expect(bundleOf("unbroken").bundleHash).toBe(bundleOf("killed").bundleHash);
});

test("--no-fine-tuning trains a head and nothing else", async () => {
  const plain = await assay(home, ...words("plain", "--no-fine-tuning"));
  expect(plain.err).toBe("");
  expect(plain.out).not.toMatch(/fine-tune/);
  expect(bundleOf("plain").backbones).toEqual([expect.objectContaining({ name: "small" })]);
});

test("a budget too small for two epochs says what they would take", async () => {
  const hasty = await assay(home, ...words("hasty").map((word) => (word === "40s" ? "0.1s" : word)));
  expect([0, 3, 4]).toContain(hasty.code);
  expect(hasty.out).toMatch(/fine-tune all layers: not measured; it takes about [\d.]+ m?s, .* left/);
});

test("what does not fit the memory is left out, with the number that refused it, in trace, plan and report", async () => {
  const tight = join(home, "tight.md");
  writeFileSync(tight, spec.replace("## PENALTIES", "- Peak memory under 20 MB\n\n## PENALTIES"));
  const small = await assay(home, ...words("small").map((word) => (word === specFile ? tight : word)));
  expect(small.code).toBe(3);
  const why = /fine-tune all layers: not measured; micro-batches of 1 need [\d.]+ [kM]B as planned, 0 B are there/;
  expect(small.out).toMatch(why);
  const page = readFileSync(join(home, "small", "plan.md"), "utf8");
  for (const depth of ["the last stages", "most of the network", "all layers"])
    expect(page).toMatch(new RegExp(`- Not fine-tune ${depth}: not measured; micro-batches of 1 .* \\(event \\d+\\)`));
  const event = Number(/Not fine-tune all layers: .*event (\d+)/.exec(page)![1]);
  expect(traceOf("small")[event - 1]!.text).toMatch(why);
  const report = readFileSync(join(home, "small", "report.html"), "utf8");
  const rows = [...report.matchAll(/<tr[^>]*class="not-measured".*?<\/tr>/gs)].map(([row]) => row);
  const own = rows.filter((row) => row.includes("fine-tune all layers"));
  expect(own).toEqual([expect.stringMatching(/micro-batches of 1 need/)]);
  expect(bundleOf("small").backbones).toEqual([expect.objectContaining({ name: "small" })]);
});

test("too few photographs to judge by: left out, and said so in trace and plan", async () => {
  const few = await assay(home, ...words("few").map((word) => (word === images ? fewImages : word)));
  expect([0, 3, 4]).toContain(few.code);
  expect(few.out).toMatch(/loop +fine-tuning: left out; \d+ photographs of select .* 20 would do/);
  expect(readFileSync(join(home, "few", "plan.md"), "utf8")).toMatch(/No: \d+ photographs of select tell too little/);
});

test("a depth without a gradient is left out and the trace names the operator; a shallower one may do", async () => {
  const { model } = buildNetwork({ sides: ["h", "w"] });
  for (const node of model.graph!.node) if (node.opType === "Relu") node.opType = "Celu";
  const file = join(home, "strange.onnx");
  writeFileSync(file, serializeModel(model));
  const strange = await assay(home, ...words("strange").map((word) => (word === network ? file : word)));
  expect([0, 3, 4]).toContain(strange.code);
  expect(strange.out).toMatch(/fine-tune all layers: left out: .*Celu/);
  expect(bundleOf("strange").backbones).toEqual([
    expect.objectContaining({ name: expect.stringMatching(/^strange(-tuned)?$/) as string }),
  ]);
});
