/** What a spec allows and asks before anything is proven, from specs as users write them. */
import { describe, expect, test } from "vitest";
import { loadBackbone, plainRecipe } from "../backbone/index.js";
import type { Trial } from "../loop/index.js";
import { parseSpec, type Spec } from "../spec/index.js";
import { clopperPearsonLower, openingAlpha } from "../statistics/index.js";
import { accuracyFloor, asksForBalance, budgetOf, limitsOf, neededAccuracy, sufficiency } from "./limits.js";

const spec = (...lines: readonly string[]): Spec =>
  parseSpec(`# Job\n\n## CONSTRAINTS\n${lines.map((line) => `- ${line}\n`).join("")}`, "test", "markdown");

const wish = (line: string): Spec =>
  parseSpec(`# Job\n\n## CONSTRAINTS\n- At least 80% accuracy on test\n\n## REWARDS\n- ${line}\n`, "test", "markdown");

test("the budget is what the user gave, else the default, and no more than the spec's training time", () => {
  expect(budgetOf(spec("At least 80% accuracy"), null)).toBe(780);
  expect(budgetOf(spec("Training time under 10 minutes"), null)).toBe(540);
  expect(budgetOf(spec("Training time under 4 hours"), null)).toBe(780);
  expect(budgetOf(spec("Training time under 10 minutes"), 7200)).toBe(540);
  expect(budgetOf(spec("At least 80% accuracy"), 7200)).toBe(7200);
  expect(budgetOf(spec("At least 80% accuracy"), 0)).toBe(0);
});

describe("accuracy", () => {
  const judged = { test: 500, calibrate: 200, opening: 1 };

  test("what must be right for a proof: 484 of 500 prove 95 % at the first opening", () => {
    expect(neededAccuracy(spec("At least 95% accuracy on test"), judged)).toBe(484 / 500);
    expect(neededAccuracy(spec("Inference time < 1 s"), judged)).toBeNull();
  });

  test("each line on its own split, and out of reach where that is too small", () => {
    const validation = neededAccuracy(spec("Trained model with at least 80% validation accuracy"), judged)!;
    const right = Math.round(validation * 200);
    expect(clopperPearsonLower(right, 200, 0.05)).toBeGreaterThanOrEqual(0.8);
    expect(clopperPearsonLower(right - 1, 200, 0.05)).toBeLessThan(0.8);
    expect(neededAccuracy(spec("At least 99.9% accuracy on test"), judged)).toBe(1);
  });

  test("more on photographs that were opened before, as the verdict will", () => {
    const line = spec("At least 80% accuracy on test");
    const again = neededAccuracy(line, { ...judged, opening: 3 })!;
    expect(again).toBeGreaterThan(neededAccuracy(line, judged)!);
    expect(clopperPearsonLower(again * judged.test, judged.test, openingAlpha(0.05, 3))).toBeGreaterThanOrEqual(0.8);
    const validation = spec("Trained model with at least 80% validation accuracy");
    expect(neededAccuracy(validation, { ...judged, opening: 3 })).toBe(neededAccuracy(validation, judged));
  });

  test("a choice that costs accuracy must leave a standard error more", () => {
    const needed = neededAccuracy(spec("At least 80% accuracy on test"), judged)!;
    const floor = accuracyFloor(spec("At least 80% accuracy on test"), judged)!;
    expect(floor - needed).toBeCloseTo(Math.sqrt((needed * (1 - needed)) / 200), 12);
    expect(accuracyFloor(spec("Inference time < 1 s"), judged)).toBeNull();
  });

  test("suffices when the lower bound clears it, and only where nothing else about quality is asked", () => {
    const trial = (accuracy: number): Trial => ({ accuracy, images: 1000 }) as Trial;
    const enough = sufficiency(spec("At least 80% accuracy on test", "Inference time < 1 s"), judged);
    expect(enough(trial(0.9))).toMatch(/88\.\d % or more clears the 83\.\d %/);
    expect(enough(trial(0.84))).toBeNull();
    expect(sufficiency(wish("Balanced accuracy of at least 70%"), judged)(trial(0.99))).toBeNull();
    expect(sufficiency(spec("Inference time < 1 s"), judged)(trial(0.99))).toBeNull();
  });
});

test("lines about classes ask for balance, others do not", () => {
  expect(asksForBalance(wish("Good recall of the worst class"))).toBe(true);
  expect(asksForBalance(wish("High accuracy on imbalanced classes"))).toBe(true);
  expect(asksForBalance(wish("Fast training"))).toBe(false);
});

const here = { threads: 1, device: "cpu" } as const;

test("a recipe beyond the spec's size or latency is refused by what the graph has and takes", async () => {
  const recipe = plainRecipe(await loadBackbone("efficientnet-lite0"));
  expect(await limitsOf(spec("At least 80% accuracy"), 3, here)(recipe)).toBeNull();
  expect(await limitsOf(spec("Model size under 100 MB", "Inference time < 10 s"), 3, here)(recipe)).toBeNull();
  expect(await limitsOf(spec("Model size under 5 MB"), 3, here)(recipe)).toMatch(/the model would have 6\.\d MB/);
  expect(await limitsOf(spec("Inference time < 0.1 ms"), 3, here)(recipe)).toMatch(/it takes .* for one image/);
});
