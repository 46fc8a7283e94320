/** The search as a user meets it, with networks so small that it takes seconds: said, replayed, interrupted, killed. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { serializeModel } from "../src/onnx/index.js";
import { assay, newHome, type Outcome, start } from "./cli.js";
import { buildNetwork } from "./networks.js";
import { drawProducts } from "./products.js";

const spec = `As a tester\nI want patterns told apart\nSo that the job is shown to work

## CONSTRAINTS
- At least 40% accuracy on test photographs

## REWARDS
- Good recall of the worst class
`;

let home: string;
let images: string;
let specFile: string;
let networks: readonly string[];
let run: Outcome;
const out = (...parts: string[]): string => join(home, "run", ...parts);

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(24);
  specFile = join(home, "spec.md");
  writeFileSync(specFile, spec);
  networks = (["pooled", "both"] as const).map((form) => {
    const file = join(home, `${form}.onnx`);
    writeFileSync(file, serializeModel(buildNetwork({ head: form, sides: ["h", "w"] }).model));
    return file;
  });
  run = await assay(home, ...words(out()));
}, 300_000);

/** A run with both networks; more than it needs of everything. */
function words(folder: string): string[] {
  const free = ["--size", "64", "--std", "255", "--budget", "10m"];
  return ["run", images, "--spec", specFile, "--out", folder, "--backbone", ...networks, ...free];
}

describe("a run that searches", () => {
  test("says what it tried and why, in thoughts, observations and decisions", () => {
    expect(run.err).toBe("");
    expect(run.out).toMatch(/loop +budget 10 min 0 s/);
    const trace = readFileSync(out("trace.jsonl"), "utf8");
    for (const thought of ["how a picture becomes a square", "two networks err differently", "the mean over a picture"])
      expect(trace).toContain(thought);
    for (const name of ["resize mode", "two backbones", "mirror", "refit"])
      expect(run.out).toMatch(new RegExp(`loop +${name}: .*(?:kept|rolled back)`));
    expect(run.out).toMatch(/loop +no further action: no action is left that helps/);
  });

  test("has a plan that cites its trials, and a page with a summary", () => {
    const plan = readFileSync(out("plan.md"), "utf8");
    expect(plan.match(/^## Step \d/gm)).toHaveLength(5);
    const cited = [...plan.matchAll(/\(event (\d+)\)/g)].map(([, number]) => Number(number));
    const events = readFileSync(out("trace.jsonl"), "utf8").trim().split("\n");
    expect(cited.length).toBeGreaterThan(0);
    for (const number of cited) expect(JSON.parse(events[number - 1]!)).toMatchObject({ stage: "loop" });
    expect(readFileSync(out("trace.md"), "utf8")).toMatch(/## Summary[^]*### Key success factors[^]*### Lessons/);
  });
});

describe("a recorded run", () => {
  test("replayed elsewhere gives the same bundle, without a trial", async () => {
    const options = ["--spec", specFile, "--out", join(home, "replayed"), "--replay", out("trace.jsonl")];
    const { out: said, err } = await assay(home, "run", images, ...options, "--budget", "1h");
    expect(err).toBe("");
    expect(said).toContain("the bundle has the hash of the recorded one");
    expect(said).not.toMatch(/resize mode/);
  });

  test("is not replayed on other photographs, with another spec, or where there is none: one line, nothing left behind", async () => {
    const other = join(home, "other-spec.md");
    writeFileSync(other, `${spec}- Fast training\n`);
    const nothing = join(home, "nothing.jsonl");
    writeFileSync(nothing, "");
    const trace = out("trace.jsonl");
    for (const [given, text] of [
      [[images, "--spec", other, "--replay", trace], "the trace is of a run with another spec"],
      [[images, "--spec", specFile, "--replay", join(home, "no.jsonl")], "there is no trace"],
      [[images, "--spec", specFile, "--replay", nothing], "holds no run that got as far as its recipe"],
      [[await drawProducts(20), "--spec", specFile, "--replay", trace], "other photographs"],
    ] as const) {
      const refused = await assay(home, "run", ...given, "--out", join(home, "refused"));
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.err.trim().split("\n")).toHaveLength(1);
      expect(refused.err).toContain(text);
    }
    expect(existsSync(join(home, "refused"))).toBe(false);
  });
});

test("interrupted, it goes on with --resume", async () => {
  const { process: child, outcome } = start(home, words(join(home, "again")));
  let isAsked = false;
  child.stdout!.on("data", (text: string) => {
    if (isAsked || !/ out of fold/.test(text)) return;
    isAsked = true;
    child.kill("SIGINT");
  });
  expect(await outcome).toMatchObject({ code: 130 });
  const resumed = await assay(home, ...words(join(home, "again")), "--resume");
  expect([0, 3, 4]).toContain(resumed.code);
  expect(resumed.out).toMatch(/loop +recipe: /);
});

test("killed, it goes on with the trials that it had done", async () => {
  const folder = join(home, "killed");
  const { process: child, outcome } = start(home, words(folder));
  child.stdout!.on("data", (text: string) => / out of fold; /.test(text) && child.kill("SIGKILL"));
  await outcome;
  const done = readdirSync(join(folder, "trials")).filter((name) => name.endsWith(".safetensors"));
  expect(done.length).toBeGreaterThanOrEqual(2);
  const writtenAt = (): number[] => done.map((name) => statSync(join(folder, "trials", name)).mtimeMs);
  const before = writtenAt();
  const resumed = await assay(home, ...words(folder), "--resume");
  expect([0, 3, 4]).toContain(resumed.code);
  expect(writtenAt()).toEqual(before);
});
