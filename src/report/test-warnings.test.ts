/** What report and terminal say of a test split that says little, of levels, and how words of code look there. */
import { expect, test } from "vitest";
import { renderReport, renderVerdictTable, testWarnings } from "./index.js";
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

test("words of code are marked up in the report and bare on a terminal: no backticks in either", () => {
  const [first, ...rest] = sample.requirements;
  const line = {
    ...first!,
    verdict: "unproven",
    evidence: "`assay verify` on <another> machine would decide.",
  } as const;
  const evidence = { ...sample, requirements: [line, ...rest] };
  const step = { question: "How?", choice: "`assay serve`.", refused: [], seconds: null, bytes: null };
  const plan = {
    steps: [{ title: "Deployment", decisions: [{ ...step, reasons: ["By `assay deploy`."] }] }],
    warnings: [],
  };
  const report = renderReport(evidence, { plan });
  expect(report).toContain("<code>assay verify</code> on &lt;another&gt; machine would decide.");
  expect(report).toContain("<b><code>assay serve</code>.</b>");
  expect(report).toContain("<li>By <code>assay deploy</code>.</li>");
  expect(report).not.toContain("`");
  const table = renderVerdictTable(evidence, { width: 120, color: false, reasons: true });
  expect(table).toContain("assay verify on <another> machine");
  expect(table).not.toContain("`");
});
