/** The walkthrough's job, line by line: what issue 4 of the plan requires of the parser. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../../test/shared.js";
import { describeTarget, parseSpec, readSpec } from "./index.js";

const example = resolve(import.meta.dirname, "..", "..", "examples", "walkthrough.md");

/** id, line, role, kind, target, where it is judged. */
const table = [
  ["C1", "10,000 labeled images available", "premise", "image-count", "≥ 10,000 images", "scan"],
  ["C2", "Must run on 8GB GPU", "hard", "device-memory", "≤ 8 GB", "bench"],
  ["C3", "Inference time < 100ms", "hard", "latency", "< 100 ms", "bench"],
  ["C4", "95% accuracy required", "hard", "accuracy", "≥ 95 %", "test"],
  ["R1", "High accuracy on imbalanced classes", "soft", "balanced-accuracy", "no target", "test"],
  ["R2", "Fast training time (<4 hours)", "soft", "training-time", "< 4 h", "run"],
  ["R3", "Model interpretability", "soft", "interpretability", "no target", "test"],
  ["R4", "Easy deployment", "soft", "deployment", "no target", "bench"],
  ["P1", "Overfitting on small dataset", "soft", "overfitting-gap", "≤ 5 %", "calibrate"],
  ["P2", "Memory overflow", "soft", "peak-memory", "no target", "run"],
  ["P3", "Slow inference", "soft", "latency", "no target", "bench"],
  ["P4", "Poor performance on rare classes", "soft", "rare-class-recall", "no target", "test"],
  ["G1", "Trained model with >95% validation accuracy", "hard", "accuracy", "> 95 %", "calibrate"],
  ["G2", "Docker container for deployment", "hard", "container", "no target", "bench"],
  ["G3", "API endpoint for predictions", "hard", "api", "no target", "bench"],
  ["G4", "Documentation and tests", "hard", "documentation", "no target", "bench"],
];

const rows = (spec: Awaited<ReturnType<typeof readSpec>>): string[][] =>
  spec.requirements.map((line) => [line.id, line.text, line.role, line.kind, describeTarget(line), line.judgedOn]);

describe("the walkthrough", () => {
  test("gives the table, with story, exact values and line numbers", async () => {
    const spec = await readSpec(example);
    expect(rows(spec)).toEqual(table);
    expect(spec.story).toEqual({
      asA: "retail company data scientist",
      iWant: "to classify product images into 20 categories",
      soThat: "I can automate inventory management",
    });
    expect(spec.requirements.map(({ target }) => target?.value ?? null)).toEqual([
      10_000,
      8e9,
      0.1,
      0.95,
      null,
      14_400,
      null,
      null,
      0.05,
      null,
      null,
      null,
      0.95,
      null,
      null,
      null,
    ]);
    expect(spec.requirements[2]).toMatchObject({
      quantile: "p95",
      estimator: "p95 of single-image latency",
      unit: "seconds",
    });
    const source = readFileSync(example, "utf8").split("\n");
    for (const { line, text } of spec.requirements) expect(source[line - 1]).toBe(`- ${text}`);
    expect(spec.alpha).toBe(0.05);
  });

  test("gives the same as YAML", () => {
    const list = (name: string, letter: string): string =>
      `${name}:\n${table.map(([id, line]) => (id!.startsWith(letter) ? `  - ${line}\n` : "")).join("")}`;
    const text = `story:\n  as a: x\n${list("constraints", "C")}${list("Rewards", "R")}${list("PENALTIES", "P")}${list("goal state", "G")}`;
    expect(rows(parseSpec(text, "spec.yaml", "yaml"))).toEqual(table);
  });

  test.runIf(sharedPath)("gives the same out of the whole document with its code fences", async () => {
    const path = join(sharedPath!, "walkthrough.md");
    const spec = await readSpec(path);
    expect(rows(spec)).toEqual(table);
    expect(spec.story.soThat).toBe("I can automate inventory management");
    const source = readFileSync(path, "utf8").split("\n");
    for (const { line, text } of spec.requirements) expect(source[line - 1]).toBe(`- ${text}`);
  });
});
