/** What the report and the terminal say of a test split that says little. */
import { expect, test } from "vitest";
import { renderReport, testWarnings } from "./index.js";
import { sample } from "./sample.test-data.js";

const withTest = (...counts: readonly number[]) => ({
  ...sample,
  metrics: {
    ...sample.metrics,
    classes: sample.metrics.classes.map((row, i) => ({ ...row, testCount: counts[i] ?? counts.at(-1)! })),
  },
});

test("classes without test photographs and a small test split are said, and only those", () => {
  expect(testWarnings(withTest(50))).toEqual([]);
  const [missing, small, ...rest] = testWarnings(withTest(0, 0, 3));
  expect(missing).toMatch(/^2 classes have no photograph in test \(".+", ".+"\)/);
  expect(small).toMatch(/^The test split is small: \d+ photographs, 0 to 3 of a class\./);
  expect(rest).toEqual([]);
  expect(testWarnings(withTest(0, 50))[0]).toMatch(/^1 class has no photograph in test/);
});

test("they stand beside the accuracy", () => {
  expect(renderReport(withTest(0, 50))).toMatch(/id="accuracy".*1 class has no photograph in test.*<table/s);
  expect(renderReport(withTest(50))).not.toContain("no photograph in test");
});

test("the 95 % of the intervals is told apart from the level of the verdicts", () => {
  const report = renderReport({ ...sample, run: { ...sample.run, testOpening: 1, testAlpha: 0.04 } });
  expect(report).toMatch(/two-sided 95 % intervals, to compare by.*judged by one-sided bounds: those on test at 96 %/);
});
