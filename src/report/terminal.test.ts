import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exitCode, renderVerdictTable, summarize } from "./index.js";
import type { Evidence, RequirementEvidence, Verdict } from "../verify/index.js";
import { buildLine } from "./measurements.test-data.js";
import { sample } from "./sample.test-data.js";
import { measureWidth, wrapToWidth } from "./width.js";

const escape = "\u001b";

function evidenceOf(...rows: readonly (readonly [RequirementEvidence["role"], Verdict])[]): Evidence {
  return {
    ...sample,
    requirements: rows.map(([role, verdict], index) => buildLine({ id: `C${index}`, text: "line", role, verdict })),
  };
}

const linesOf = (evidence: Evidence, width: number, color = false, reasons = false): string[] =>
  renderVerdictTable(evidence, { width, color, reasons }).trimEnd().split("\n");

const squeeze = (text: string): string => text.replace(/\s+/g, "");

const joined = (reasons: boolean): string =>
  linesOf(sample, 100, false, reasons)
    .map((line) => line.trim())
    .join(" ");

describe("exitCode", () => {
  it.each([
    [0, []],
    [0, [["hard", "met"]]],
    [
      0,
      [
        ["hard", "met"],
        ["soft", "not met"],
        ["premise", "not met"],
        ["soft", "unproven"],
        ["soft", "not checkable"],
      ],
    ],
    [
      3,
      [
        ["hard", "met"],
        ["hard", "not met"],
      ],
    ],
    [
      3,
      [
        ["hard", "unproven"],
        ["hard", "not met"],
        ["hard", "not checkable"],
      ],
    ],
    [
      4,
      [
        ["hard", "met"],
        ["hard", "unproven"],
      ],
    ],
    [
      4,
      [
        ["hard", "met"],
        ["hard", "not checkable"],
      ],
    ],
    [
      4,
      [
        ["hard", "unproven"],
        ["premise", "not met"],
      ],
    ],
    [0, [["premise", "not met"]]],
  ] as const)("is %d for %j", (code, lines) => {
    expect(exitCode(evidenceOf(...lines))).toBe(code);
  });
});

describe("summarize", () => {
  it("is one line that counts the hard requirements", () => {
    expect(summarize(sample)).toBe("3 of 6 hard requirements met; 1 not met; 2 unproven");
    expect(summarize(evidenceOf(["hard", "met"]))).toBe("1 of 1 hard requirement met");
    expect(summarize(evidenceOf(["hard", "met"], ["hard", "not checkable"], ["soft", "unproven"]))).toBe(
      "1 of 2 hard requirements met; 1 not checkable",
    );
    expect(summarize(evidenceOf(["soft", "met"]))).toBe("the spec has no hard requirement");
  });
});

describe("renderVerdictTable", () => {
  it.each([60, 61, 72, 79, 80, 81, 100, 120, 200])("never exceeds a width of %d", (width) => {
    for (const reasons of [false, true])
      for (const line of linesOf(sample, width, false, reasons))
        expect(measureWidth(line), line).toBeLessThanOrEqual(width);
  });

  it("takes any smaller width as 60", () => {
    for (const width of [0, 10, -5, Number.NaN]) expect(linesOf(sample, width)).toEqual(linesOf(sample, 60));
  });

  it("says every requirement, verdict and number at every width", () => {
    for (const width of [60, 80, 120, 400]) {
      const shown = linesOf(sample, width);
      for (const line of sample.requirements) {
        expect(shown.some((row) => row.startsWith(`${line.id} `) && row.includes(line.verdict))).toBe(true);
        if (width !== 80 && width !== 120) expect(squeeze(shown.join("\n"))).toContain(squeeze(line.text));
      }
      expect(shown.join("\n")).toContain("≥ 93.6 %");
    }
  });

  it("aligns its columns", () => {
    const shown = linesOf(sample, 100);
    const end = shown[0]!.length;
    const edges = ["target", "measured"].map((heading) => shown[0]!.indexOf(heading) + heading.length);
    const rows = shown.filter((row) => /^[A-Z]\d /.test(row));
    expect(rows).toHaveLength(sample.requirements.length);
    for (const row of rows) {
      expect(row.length).toBe(end);
      for (const edge of edges) expect(row.slice(edge - 1, edge + 2)).toMatch(/\S {2}/);
    }
  });

  it("colors only when asked, and the colored table is the plain one underneath", () => {
    const plain = renderVerdictTable(sample, { width: 100, color: false });
    const colored = renderVerdictTable(sample, { width: 100, color: true });
    expect(plain).not.toContain(escape);
    expect(colored).toContain(`${escape}[1;31m✗ not met`);
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  it("gives reasons for what is not met when asked", () => {
    expect(joined(false)).not.toContain("every class must clear");
    expect(joined(true)).toContain("every class must clear");
    expect(joined(true)).not.toContain("Size of model.onnx");
  });

  it("lets no control character through", () => {
    const evidence = {
      ...sample,
      requirements: [
        buildLine({
          id: "C1",
          text: `${escape}[2J${escape}[32mmet\u0007\r\nfake  \u202eline`,
          evidence: `${escape}]0;x\u0007`,
        }),
      ],
    };
    const shown = renderVerdictTable(evidence, { width: 80, color: false, reasons: true });
    expect(shown).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it("holds the width for any text", () => {
    const unit = fc.oneof(
      fc.constantFrom(" ", "日本語", "👩‍👩‍👧", "🇫🇷", "e\u0301", "\t", "한국어", "️"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 80 }), fc.integer({ min: 60, max: 130 }), (text, width) => {
        const evidence = {
          ...sample,
          requirements: [...sample.requirements, buildLine({ id: "C9", text, evidence: text })],
        };
        for (const line of linesOf(evidence, width, false, true)) expect(measureWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 60 },
    );
  });
});

describe("widths", () => {
  it.each([
    ["abc", 3],
    ["日本", 4],
    ["한글", 4],
    ["e\u0301", 1],
    ["🧦", 2],
    ["👩‍👩‍👧", 2],
    ["✓ ≥ ✗ –", 7],
    ["", 0],
  ])("measures %j", (text, width) => {
    expect(measureWidth(text)).toBe(width);
  });

  it("wraps at spaces, never before a percent sign, and breaks a word only when it must", () => {
    expect(wrapToWidth("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapToWidth("about 80 % of", 9)).toEqual(["about", "80 % of"]);
    expect(wrapToWidth("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
    expect(wrapToWidth("", 5)).toEqual([""]);
  });
});
