/** Specs that assay writes are specs that assay reads. */
import { describe, expect, test } from "vitest";
import {
  checkStory,
  defaultAnswers,
  describeTarget,
  inferSpec,
  parseSpec,
  sensibleAccuracy,
  type SpecAnswers,
  writeSpecText,
} from "./index.js";

describe("a spec inferred from a folder", () => {
  test("states its size, a sensible accuracy and a latency", () => {
    const spec = parseSpec(inferSpec({ classes: 17, images: 4724 }), "inferred");
    expect(spec.requirements.map((line) => [line.role, line.kind, describeTarget(line)])).toEqual([
      ["premise", "image-count", "≥ 4,724 images"],
      ["premise", "class-count", "≥ 17 classes"],
      ["hard", "accuracy", "≥ 85 %"],
      ["hard", "latency", "< 100 ms"],
      ["soft", "balanced-accuracy", "no target"],
      ["soft", "rare-class-recall", "no target"],
    ]);
    expect(checkStory(spec, { predictedSeconds: 60, budgetSeconds: 900 }).every(({ pass }) => pass)).toBe(true);
  });

  test("asks for less of more classes and of fewer photographs, never for chance", () => {
    const accuracies = [2, 10, 100, 1000].map((classes) => sensibleAccuracy({ classes, images: 200 * classes }));
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a));
    expect(sensibleAccuracy({ classes: 10, images: 100 })).toBeLessThan(
      sensibleAccuracy({ classes: 10, images: 10_000 }),
    );
    expect(sensibleAccuracy({ classes: 2, images: 2 })).toBeGreaterThan(50);
  });
});

describe("a spec written from answers", () => {
  const answers: SpecAnswers = {
    title: "Hats",
    story: { asA: "As an engineer", iWant: "to find\nhats", soThat: "So that nobody looks" },
    constraints: ["95% accuracy", " spaced   out "],
    rewards: [],
    penalties: ["Slow inference"],
    goalState: ["REST endpoint"],
  };

  test("holds the story and the lines as they were given", () => {
    const text = writeSpecText(answers);
    expect(text).toContain("As an engineer\nI want to find hats\nSo that nobody looks\n");
    expect(text).not.toContain("REWARDS");
    const spec = parseSpec(text, "spec.md");
    expect(spec.story).toEqual({ asA: "engineer", iWant: "to find hats", soThat: "nobody looks" });
    expect(spec.requirements.map((line) => line.text)).toEqual([
      "95% accuracy",
      "spaced out",
      "Slow inference",
      "REST endpoint",
    ]);
  });

  test("has defaults that can all be checked", () => {
    const { requirements } = parseSpec(writeSpecText(defaultAnswers), "spec.md");
    expect(requirements.map(({ kind }) => kind)).not.toContain("not-checkable");
  });

  test.each([
    [["140% accuracy"]],
    [[""]],
    [["   "]],
    [["High accuracy"]],
    [["- - -"]],
    [["accuracy ≥ 95%", "accuracy ≤ 90%"]],
  ])("refuses %j", (constraints) => {
    expect(() => writeSpecText({ ...answers, constraints })).toThrow(expect.objectContaining({ name: "Fault" }));
  });
});
