import { describe, expect, it } from "vitest";
import { parseSpec } from "../spec/index.js";
import type { RequirementEvidence } from "../verify/index.js";
import { largestMatrix } from "./confusion.js";
import { renderReport } from "./index.js";
import { sampleExtras } from "./extras.test-data.js";
import { buildLine } from "./measurements.test-data.js";
import { sample, sampleTrace, withClasses } from "./sample.test-data.js";
import { readPage } from "./well-formed.test-data.js";

const page = renderReport(sample, sampleExtras);
const read = readPage(page);

const outcome = (requirements: readonly RequirementEvidence[]): string =>
  /<h1>.*?<span>(.*?)<\/span>/.exec(renderReport({ ...sample, requirements }))![1]!;

const exactly = (value: number) => ({ measured: value, lower: value, upper: value });

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `class ${index}`);

describe("the page", () => {
  it("is well-formed", () => {
    expect(read.problems).toEqual([]);
    expect(readPage(renderReport(sample)).problems).toEqual([]);
  });

  it("says its language, title and viewport and has one first-level heading", () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toMatch(/<meta name="viewport"/);
    expect(page).toMatch(/<title>assay report: 3 of 6 hard requirements met; 1 not met; 2 unproven/);
    expect(page.match(/<h1/g)).toHaveLength(1);
  });

  it("fetches nothing and runs nothing", () => {
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<script|<iframe|<object|<link|@import|url\(/i);
    const outward = read.attributes.filter(
      ([, name, value]) =>
        /^(?:href|src|srcset|action|data|xlink:href)$/.test(name) &&
        !value.startsWith("#") &&
        !value.startsWith("data:image/"),
    );
    expect(outward).toEqual([]);
    expect(read.attributes.filter(([, name]) => name.startsWith("on"))).toEqual([]);
  });

  it("links only to sections that are there", () => {
    for (const extras of [{}, { trace: sampleTrace }, sampleExtras]) {
      const { attributes } = readPage(renderReport({ ...sample, notBuiltYet: [] }, extras));
      const ids = attributes.filter(([, name]) => name === "id").map(([, , value]) => value);
      for (const [, name, value] of attributes) {
        if (name === "href") expect(ids).toContain(value.slice(1));
        if (name === "aria-labelledby") expect(ids).toContain(value);
      }
    }
  });

  it("tells things in the promised order", () => {
    const order = [
      "verdicts",
      "legend-title",
      "price",
      "accuracy",
      "classes",
      "confusions",
      "mistakes",
      "reliability",
      "costs",
      "candidates",
      "plan",
      "distribution",
      "data",
      "trace",
      "machine",
      "missing",
    ];
    const places = order.map((id) => page.indexOf(`id="${id}"`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places.every((place) => place > 0)).toBe(true);
  });

  it("gives every header cell a scope", () => {
    const heads = page.match(/<th[ >][^>]*/g)!;
    expect(heads.length).toBeGreaterThan(50);
    for (const head of heads) expect(head).toMatch(/scope="(?:col|row|rowgroup)"/);
  });

  it("leaves out what is not given", () => {
    const bare = renderReport({
      ...sample,
      notBuiltYet: [],
      findings: [],
      metrics: { ...sample.metrics, calibrate: null, trainingSeconds: null, peakMemoryBytes: null },
    });
    expect(bare).not.toContain('id="trace"');
    for (const id of ["missing", "mistakes", "candidates", "plan"]) expect(bare).not.toContain(`id="${id}"`);
    expect(bare).not.toContain(">Validation <");
    expect(readPage(bare).text).toContain("No findings.");
    expect(readPage(bare).text).toContain("not recorded");
    expect(readPage(bare).problems).toEqual([]);
  });

  it("is the same for the same evidence", () => {
    expect(renderReport(sample, sampleExtras)).toBe(page);
  });
});

describe("what the page says", () => {
  it.each(sample.requirements.map((line) => [line.id, line] as const))(
    "has the exact text, evidence and verdict of %s",
    (_id, line) => {
      expect(read.text).toContain(line.text);
      expect(read.text).toContain(line.evidence);
      const row = page.split("<tr").find((part) => part.includes(`>${line.id}</span>`))!;
      expect(row).toMatch(new RegExp(`class="badge ${line.verdict.replace(" ", "-")}">.*</svg>${line.verdict}</span>`));
      expect(row).toContain(line.role);
    },
  );

  it("says the outcome in words", () => {
    expect(outcome(sample.requirements)).toBe("Not every hard requirement is met.");
    expect(outcome(sample.requirements.filter((line) => line.verdict === "met"))).toBe(
      "Every hard requirement is met.",
    );
    expect(outcome(sample.requirements.filter((line) => line.verdict !== "not met"))).toBe(
      "Nothing has failed, but not everything is proved.",
    );
    expect(outcome([])).toBe("The spec has no hard requirement.");
  });

  it("gives the bound and its confidence beside what was measured", () => {
    expect(read.text).toContain("95.3 %at least 93.6 %, 96 % confidence");
    expect(read.text).toContain("11.3 msat most 12.1 ms, 95 % confidence");
    expect(read.text).toContain("59.3 %at most 75.8 %, 96 % confidence");
    expect(read.text).toContain("13.6 MBexact");
    expect(read.text).toContain("1 min 36 srecorded");
  });

  it("says once what a line of a run was recorded by", () => {
    const [asked] = parseSpec("## CONSTRAINTS\n- Training time under 4 hours\n", "spec.md", "markdown").requirements;
    const { id, text, kind, unit, judgedOn, estimator } = asked!;
    const line = buildLine({ id, text, kind, unit, split: judgedOn, estimator, ...exactly(96), verdict: "met" });
    const { text: shown } = readPage(renderReport({ ...sample, requirements: [line] }));
    expect(shown).toContain("hard · seconds of training, as recorded by the run");
    expect(shown).not.toMatch(/as recorded by the run, as recorded/);
  });

  it("marks a reused test and says nothing of it on the first opening", () => {
    const run = {
      ...sample.run,
      testOpening: 2,
      testAlpha: 0.005,
      earlierOpenings: [{ at: "2026-03-10T09:00:00.000Z", bundleHash: "abcdef012345678" }],
    };
    const { text } = readPage(renderReport({ ...sample, run }));
    expect(text).toContain("Reused test.");
    expect(text).toContain("10 March 2026, 09:00 UTC by bundle abcdef012345");
    expect(text).not.toContain("no other bundle was judged on the test photographs");
    expect(read.text).not.toContain("Reused test.");
    expect(read.text).toContain("By the ledger of this machine, no other bundle was judged on the test photographs");
  });

  it("does not call test photographs sealed: the same bundle may have been judged on them before, at the same opening", () => {
    const requirements = sample.requirements.map((line) => ({ ...line, evidence: "" }));
    const { text } = readPage(renderReport({ ...sample, requirements }));
    expect(text).toContain("accuracy, on test photographs");
    expect(text).not.toContain("sealed");
  });

  it("tells the classes weakest first and those without test photographs last", () => {
    const { text } = readPage(renderReport(withClasses(["strong", "none", "weak"], [10, 0, 10], [[2, 0, 6]])));
    const table = text.slice(text.indexOf("Weakest first"), text.indexOf("What the model took"));
    expect(table.indexOf("weak")).toBeLessThan(table.indexOf("strong"));
    expect(table.indexOf("strong")).toBeLessThan(table.indexOf("none"));
    expect(table).toContain("no test photographs");
    expect(table).not.toContain("NaN");
  });

  it("shows the matrix for up to 40 classes and only the list above", () => {
    const counts = (count: number): number[] => names(count).map(() => 3);
    expect(renderReport(withClasses(names(largestMatrix), counts(largestMatrix), [[0, 1, 2]]))).toContain(
      'class="matrix"',
    );
    const many = renderReport(withClasses(names(81), counts(81), [[0, 80, 2]]));
    expect(many).not.toContain('class="matrix"');
    expect(readPage(many).text).toContain("class 0 taken for class 80");
    expect(readPage(many).text).toContain("The other 41 classes");
    expect(readPage(many).problems).toEqual([]);
  });

  it("has every row of the matrix add up to the photographs of the class", () => {
    const rows = page
      .slice(page.indexOf('class="matrix"'))
      .split("<tbody>")[1]!
      .split("</tbody>")[0]!
      .split("<tr>")
      .slice(1);
    const sums = rows.map((row) =>
      [...row.matchAll(/>(\d+)<\/td>/g)].reduce((sum, [, count]) => sum + Number(count), 0),
    );
    expect(sums).toEqual(sample.metrics.classes.map((row) => row.testCount));
  });

  it("folds a long trace without losing a step", () => {
    const trace = Array.from({ length: 150 }, (_, index) => ({
      at: new Date(index * 1000).toISOString(),
      kind: "action",
      text: `step ${index}.`,
    }));
    const { text, problems } = readPage(renderReport(sample, { trace }));
    expect(problems).toEqual([]);
    for (const { text: step } of trace) expect(text).toContain(step);
    expect(text).toContain("+2:29.0");
  });
});
