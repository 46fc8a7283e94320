/** What is said before training of lines that the photographs can or cannot prove. */
import { describe, expect, test } from "vitest";
import { clopperPearsonLower, openingAlpha } from "../statistics/index.js";
import { parseSpec, provability, type Spec } from "./index.js";

const spec = (...lines: readonly string[]): Spec =>
  parseSpec(`## CONSTRAINTS\n${lines.map((line) => `- ${line}\n`).join("")}`, "test", "markdown");

describe("accuracy", () => {
  test("says how many must be right: 484 of 500 for 95 %", () => {
    const [found] = provability(spec("95% accuracy required"), { test: 500, calibrate: 100 });
    expect(found).toMatchObject({ id: "C1", possible: true });
    expect(found!.text).toContain("484 of 500 photographs of test");
  });

  test("says when even all right would not do, and how many it takes", () => {
    const [found] = provability(spec("99% accuracy required"), { test: 100, calibrate: 100 });
    expect(found).toMatchObject({ possible: false });
    const fewest = Number(/at least (\d+)\.$/.exec(found!.text)![1]);
    const level = openingAlpha(0.05, 1);
    expect(clopperPearsonLower(fewest, fewest, level)).toBeGreaterThanOrEqual(0.99);
    expect(clopperPearsonLower(fewest - 1, fewest - 1, level)).toBeLessThan(0.99);
  });

  test("100 % can never be proved, however many there are", () => {
    const [found] = provability(spec("100% accuracy"), { test: 1_000_000, calibrate: 0 });
    expect(found).toMatchObject({ possible: false });
    expect(found!.text).toContain("never");
  });

  test("validation is judged on calibrate at the spec's own level", () => {
    const [found] = provability(spec("Validation accuracy of at least 95%"), { test: 0, calibrate: 59 });
    expect(found!.text).toContain("59 of 59 photographs of calibrate");
    expect(provability(spec("Validation accuracy of at least 95%"), { test: 500, calibrate: 58 })[0]!.possible).toBe(
      false,
    );
  });
});

describe("classes", () => {
  const classes = {
    cup: { train: 1000, test: 200, calibrate: 100 },
    mug: { train: 900, test: 180, calibrate: 90 },
    Bowl: { train: 40, test: 8, calibrate: 4 },
  };
  const counts = { test: 388, calibrate: 194, classes };

  test("the smallest class decides whether the worst can be proved", () => {
    const [found] = provability(spec("Worst class recall at least 80%"), counts);
    expect(found).toMatchObject({ possible: false });
    expect(found!.text).toMatch(/cannot be proved with 8 photographs of "Bowl" in test: .* at least 15\./);
    expect(provability(spec("Worst class recall at least 60%"), counts)).toEqual([]);
  });

  test("a named class by its name, rare classes together", () => {
    expect(provability(spec("Recall of class bowl at least 80%"), counts)[0]!.possible).toBe(false);
    expect(provability(spec("Recall on rare classes at least 80%"), counts)[0]!.text).toContain(
      "8 photographs of rare",
    );
    expect(provability(spec("Recall of class cup at least 80%"), counts)).toEqual([]);
  });

  test("asked for alike, by the bound that the bootstrap has when all are right", () => {
    const line = (target: number): Spec => spec(`Balanced accuracy at least ${target}%`);
    const [found] = provability(line(99), counts);
    expect(found).toMatchObject({ possible: false });
    expect(found!.text).toMatch(/all of them right would show 9\d\.\d %; its smallest class, "Bowl", has 8; more/);
    expect(provability(line(90), counts)).toEqual([]);
    expect(provability(spec("Macro F1 of at least 99%"), counts)[0]!.possible).toBe(false);
    const without = { ...counts, classes: { ...classes, Bowl: { ...classes.Bowl, test: 0 } } };
    expect(provability(line(50), without)[0]!.text).toContain('test has no photograph of "Bowl"');
    expect(provability(line(50), { test: 5, calibrate: 5 })).toEqual([]);
  });

  test("photographs that were opened before must show more", () => {
    const right = (opening: number): number =>
      Number(/when (\d+) of/.exec(provability(spec("80% accuracy"), { ...counts, opening })[0]!.text)![1]);
    expect(right(2)).toBeGreaterThan(right(1));
  });

  test("are passed over where their numbers are not known, as is what photographs do not prove", () => {
    const lines = spec("Worst class recall at least 80%", "Model size under 5 MB", "Overfitting gap at most 5%");
    expect(provability(lines, { test: 5, calibrate: 5 })).toEqual([]);
  });
});
