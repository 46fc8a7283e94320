/** Verdicts of lines about accuracy and recall. */
import { describe, expect, test } from "vitest";
import { openingAlpha } from "../statistics/index.js";
import type { Levels } from "./finding.js";
import { judge } from "./judge.js";
import { levels, line, measurements, outcomes, verdictOf } from "./judging.test-data.js";

describe("accuracy on test", () => {
  // Clopper–Pearson at 0.04 (SciPy): 484 of 500 prove 95 %, 483 do not; the upper bound of 463 is 0.9454, of 466 it is 0.9506.
  test.each([
    [484, "met"],
    [483, "unproven"],
    [466, "unproven"],
    [463, "not met"],
  ])("%d of 500 right", (right, verdict) => {
    const half = Math.floor(right / 2);
    expect(verdictOf("95% accuracy required", { test: outcomes([250, half], [250, right - half]) })).toBe(verdict);
  });

  test("all of nothing proves nothing", () => {
    const found = judge(line("95% accuracy required"), measurements({ test: [] }), levels);
    expect(found).toMatchObject({ verdict: "unproven", measured: null, n: 0 });
  });

  test.each(["100% accuracy", "Worst class recall of 100%", "Balanced accuracy of 100%", "Recall of class mug: 100%"])(
    "%s can never be proved by any model, and the line says so",
    (text) => {
      const found = judge(line(text), measurements({ test: outcomes([250, 250], [250, 250]) }), levels);
      expect(found.verdict).toBe("unproven");
      expect(found.evidence).toContain("no number of photographs, and no model, can prove");
      expect(found.evidence).not.toMatch(/better model|too few photographs/);
    },
  );

  test("an unproven line says how many photographs would decide", () => {
    // 195 of 200 right: 97.5 % against a target of 95 % at 0.04 with 80 % power.
    const found = judge(line("95% accuracy required"), measurements({ test: outcomes([100, 98], [100, 97]) }), levels);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toMatch(/about \d{3} fresh photographs would prove it with 80 % power/);
    expect(found.evidence).toContain(`; ${found.decides}.`);
  });

  test("a second opening is judged at 0.2 α/2 and carries the mark", () => {
    const second: Levels = { spec: 0.05, test: openingAlpha(0.05, 2), opening: 2, spentAt: null };
    const found = judge(
      line("95% accuracy required"),
      measurements({ test: outcomes([250, 242], [250, 242]) }),
      second,
    );
    expect(found.alpha).toBeCloseTo(0.005, 12);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toContain("reused test: opening 2");
  });

  test("photographs whose mistakes were shown prove nothing on test, and can still disprove", () => {
    const spent: Levels = { ...levels, test: openingAlpha(0.05, 2), opening: 2, spentAt: "2026-02-03T10:00:00.000Z" };
    const found = judge(line("90% accuracy required"), measurements(), spent);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toContain("spent test: the mistakes on these photographs were shown on 2026-02-03");
    expect(verdictOf("99.9% accuracy required", {}, spent)).toBe("not met");
    expect(judge(line("Model size at most 13 MB"), measurements(), spent).verdict).toBe("met");
    expect(judge(line(">90% validation accuracy", "GOAL STATE"), measurements(), spent).verdict).toBe("met");
  });

  test("validation accuracy is judged on calibrate at the spec's own level", () => {
    const found = judge(line("Trained model with >90% validation accuracy", "GOAL STATE"), measurements(), levels);
    expect(found).toMatchObject({ n: 200, measured: 0.97, alpha: 0.05, verdict: "met" });
    expect(found.evidence).toContain("calibrate");
  });
});

describe("recall", () => {
  const three = { labels: ["bowl", "cup", "mug"], test: outcomes([100, 95], [100, 99], [20, 12]) };

  test("the worst class needs every class to clear the target", () => {
    expect(verdictOf("Worst class recall at least 30%", three)).toBe("met");
    expect(verdictOf("Worst class recall at least 60%", three)).toBe("unproven");
    expect(verdictOf("Worst class recall at least 90%", three)).toBe("not met");
    expect(judge(line("Worst class recall at least 60%"), measurements(three), levels).evidence).toContain('"mug"');
  });

  test("an open worst class says how many photographs of which classes would decide", () => {
    const few = { test: outcomes([40, 37], [400, 395]) };
    const { verdict, evidence } = judge(line("Worst class recall at least 88%"), measurements(few), levels);
    expect(verdict).toBe("unproven");
    const needed = Number(
      /with 80 % power at the observed recalls: about (\d+) of "cup", 40 were judged\.$/.exec(evidence)![1],
    );
    const enough = { test: outcomes([needed, Math.round(0.935 * needed)], [400, 395]) };
    expect(judge(line("Worst class recall at least 88%"), measurements(enough), levels).verdict).toBe("met");
    const wrong = judge(line("Worst class recall at least 95%"), measurements(few), levels);
    expect(wrong.evidence).toContain(
      'no number of photographs would prove it at the observed recalls, a better model would ("cup", 92.5 %)',
    );
    // Two open classes must both turn out well: each takes more.
    const both = measurements({ test: outcomes([40, 37], [40, 37]) });
    const two = judge(line("Worst class recall at least 88%"), both, levels);
    expect(Number(/about (\d+) of "cup"/.exec(two.evidence)![1])).toBeGreaterThan(needed);
  });

  test("an open balanced accuracy says how many photographs would decide, or that none would", () => {
    const judged = (target: number): string =>
      judge(line(`Balanced accuracy at least ${target}%`), measurements(), levels).evidence;
    expect(judged(97)).toMatch(
      /about [\d,]+ fresh photographs would prove it with 80 % power if 98.0 % is the truth, 500 were judged/,
    );
    expect(judged(98.5)).toContain("at 98.0 % no number of photographs would prove it, a better model would");
  });

  const lacking = { labels: ["bowl", "cup", "mug"], test: outcomes([100, 95], [100, 99], [0, 0]) };

  test.each(["Worst class recall at least 30%", "Macro F1 at least 0.5", "Recall of class mug at least 10%"])(
    "a class without test photographs leaves open: %s; its photographs would let it be judged",
    (text) => {
      const found = judge(line(text), measurements(lacking), levels);
      expect(found).toMatchObject({
        verdict: "unproven",
        measured: null,
        n: 0,
        decides: 'photographs of "mug" in test would let it be judged',
      });
      expect(found.evidence).toBe(`"mug" has no photograph in the test split; ${found.decides}.`);
    },
  );

  test("where photographs are missing is said: in test, among fresh ones, in calibrate; of one class or of several", () => {
    const decides = (text: string, changes: Parameters<typeof measurements>[0]) =>
      judge(line(text), measurements(changes), levels).decides;
    const worst = "Worst class recall at least 30%";
    expect(decides(worst, { ...lacking, fresh: true })).toContain('of "mug" among the fresh ones would');
    expect(decides("Validation recall of class mug at least 30%", { ...lacking, calibrate: lacking.test })).toContain(
      'of "mug" in calibrate would',
    );
    expect(decides("Validation accuracy at least 30%", { calibrate: [] })).toBe(
      "photographs in calibrate would let it be judged",
    );
    const two = { ...lacking, test: outcomes([100, 95], [0, 0], [0, 0]) };
    expect(judge(line(worst), measurements(two), levels).evidence).toMatch(/^"cup", "mug" have no photograph in/);
  });

  test("a named class goes by its name, in any letter case", () => {
    expect(verdictOf("Recall of class Cup at least 97%", three)).toBe("unproven");
    expect(verdictOf("Recall of class cup at least 90%", three)).toBe("met");
    expect(judge(line("Recall of class Plate at least 90%"), measurements(three), levels).evidence).toContain(
      "no class",
    );
  });

  test("rare classes are those under half the mean number of training photographs", () => {
    const found = judge(line("Recall on rare classes at least 80%"), measurements(three), levels);
    expect(found).toMatchObject({ n: 100, measured: 0.95, verdict: "met" });
    expect(found.evidence).toContain('"bowl"');
  });

  test("a class that is all right still leaves balanced accuracy uncertain", () => {
    const perfect = { labels: ["bowl", "cup", "mug"], test: outcomes([5, 5], [5, 5], [5, 5]) };
    const found = judge(line("Balanced accuracy of at least 99%"), measurements(perfect), levels);
    expect(found).toMatchObject({ measured: 1, upper: 1, verdict: "unproven" });
    expect(found.lower!).toBeLessThan(0.9);
  });

  test("a line about validation is judged on calibrate", () => {
    const found = judge(line("Validation recall of class cup at least 90%"), measurements(), levels);
    expect(found).toMatchObject({ n: 100, measured: 0.97, alpha: 0.05, split: "calibrate", verdict: "met" });
  });

  test("balanced accuracy is labelled approximate", () => {
    const found = judge(line("Balanced accuracy of at least 70%"), measurements(three), levels);
    expect(found.measured).toBeCloseTo((0.95 + 0.99 + 0.6) / 3, 12);
    expect(found.evidence).toContain("approximate");
    expect(found.lower!).toBeLessThan(found.measured!);
  });
});
