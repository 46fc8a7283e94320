/** Interpretability as verify judges it, on the demo's own photographs: real maps against chance, and against maps that are wrong on purpose. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openBundle } from "../src/bundle/index.js";
import { parseSplits } from "../src/dataset/index.js";
import { drawDemoSet } from "../src/demo/index.js";
import { deletionScores, type Explainable, type NamedPhotograph } from "../src/explain/index.js";
import { train } from "../src/index.js";
import { studentInterval } from "../src/statistics/index.js";
import type { Evidence } from "../src/verify/index.js";

let home: string;
let evidence: Evidence;
let photographs: NamedPhotograph[];
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "assay-explain-"));
  const images = join(home, "photographs");
  await drawDemoSet(images, { seed: 1, count: 320 });
  const spec = join(home, "spec.md");
  writeFileSync(spec, "## REWARDS\n- Model interpretability\n");
  const folders = { cacheFolder: join(home, "cache"), stateFolder: join(home, "state") };
  ({ evidence } = await train({ images, out: join(home, "run"), spec, budgetSeconds: 0, ...folders }));
  photographs = parseSplits(readFileSync(join(home, "run", "splits.csv"), "utf8"))
    .filter(({ split }) => split === "select")
    .slice(0, 16)
    .map(({ path }) => ({ name: path, read: () => readFile(join(images, path)) }));
}, 300_000);

test("the line is met: deleting the hottest places first lowers the probability sooner than random order", () => {
  const [line] = evidence.requirements;
  expect(line).toMatchObject({ kind: "interpretability", verdict: "met", alpha: evidence.run.testAlpha, target: null });
  expect(line!.n).toBe(Math.min(24, evidence.metrics.test.n));
  expect(line!.lower!).toBeGreaterThan(0);
  expect(line!.measured!).toBeGreaterThan(line!.lower!);
  expect(line!.evidence).toContain("Class activation maps");
});

/** The model as it is, but for a head turned around: its maps are cold where they should be hot. */
function inverted(model: Explainable): Explainable {
  const head = async () => {
    const { weight, ...rest } = await model.head();
    return { ...rest, weight: weight.map((value) => -value) };
  };
  return {
    manifest: model.manifest,
    choose: (probabilities) => model.choose(probabilities),
    infer: (...run) => model.infer(...run),
    head,
  };
}

test("the same scores every time; inverted maps are worse than chance", async () => {
  const bundle = await openBundle(join(home, "run", "bundle"), 2);
  try {
    const scores = await deletionScores(bundle, photographs);
    expect(await deletionScores(bundle, photographs)).toEqual(scores);
    for (const { map, random } of scores) for (const area of [map, random]) expect(area >= 0 && area <= 1).toBe(true);
    const gains = (all: typeof scores): number[] => all.map(({ map, random }) => random - map);
    expect(studentInterval(gains(scores), 0.05).lower).toBeGreaterThan(0);
    const wrong = await deletionScores(inverted(bundle), photographs);
    expect(wrong.map(({ random }) => random)).toEqual(scores.map(({ random }) => random));
    expect(studentInterval(gains(wrong), 0.05).upper).toBeLessThan(0);
  } finally {
    await bundle.close();
  }
});
