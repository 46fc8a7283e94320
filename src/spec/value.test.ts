import { describe, expect, it } from "vitest";
import { formatApart, formatConfidence, formatMoment, formatTarget, formatValue } from "./value.js";

describe("formatValue", () => {
  it.each([
    [0.9312, "fraction", "93.1 %"],
    [1, "fraction", "100.0 %"],
    [0.0113, "seconds", "11.3 ms"],
    [83, "seconds", "1 min 23 s"],
    [14_400, "seconds", "4 h"],
    [120, "seconds", "2 min"],
    [13_614_208, "bytes", "13.6 MB"],
    [642e6, "bytes", "642 MB"],
    [10_000, "images", "10,000 images"],
    [1, "images", "1 image"],
    [1, "classes", "1 class"],
    [20, "classes", "20 classes"],
    [198.4, "images/s", "198 images/s"],
    [0.18342, "none", "0.183"],
    [12345.678, "none", "12,345.678"],
    [Number.NaN, "fraction", "?"],
    [Number.POSITIVE_INFINITY, "seconds", "?"],
  ] as const)("%d in %s reads %s", (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });
});

describe("formatTarget", () => {
  it.each([
    [">=", 0.95, "fraction", "≥ 95 %"],
    [">", 0.999, "fraction", "> 99.9 %"],
    ["<", 0.1, "seconds", "< 100 ms"],
    ["<", 14_400, "seconds", "< 4 h"],
    ["<=", 5400, "seconds", "≤ 1 h 30 min"],
    ["<=", 25e6, "bytes", "≤ 25 MB"],
    ["<=", 2.55e9, "bytes", "≤ 2.55 GB"],
    [">=", 10_000, "images", "≥ 10,000 images"],
  ] as const)("%s %d %s reads %s", (comparison, value, unit, text) => {
    expect(formatTarget({ comparison, value }, unit)).toBe(text);
  });
});

describe("formatApart", () => {
  it.each([
    [0.9312, 0.95, "fraction", "93.1 %"],
    [0.95, 0.95, "fraction", "95.0 %"],
    [0.94996, 0.95, "fraction", "94.996 %"],
    [0.9504, 0.95, "fraction", "95.04 %"],
    [0.9999999, 1, "fraction", "99.99999 %"],
    [0.09996, 0.1, "seconds", "99.96 ms"],
    [25_000_400, 25e6, "bytes", "25.0004 MB"],
    [14_400.4, 14_400, "seconds", "4.0001 h"],
    [0.93, null, "fraction", "93.0 %"],
  ] as const)("%d beside %d in %s reads %s", (value, other, unit, text) => {
    expect(formatApart(value, other, unit)).toBe(text);
  });

  it("never shows a different value as the target", () => {
    for (const unit of ["fraction", "seconds", "bytes", "images/s", "none"] as const)
      for (const target of [0.1, 0.95, 1, 25, 60, 3600, 1e6, 1e9])
        for (const part of [1 - 1e-3, 1 - 1e-5, 1 + 1e-5, 1 + 1e-3]) {
          const shown = formatApart(target * part, target, unit).replace(/\.0+(?=\D|$)/, "");
          expect(shown).not.toBe(formatTarget({ comparison: ">=", value: target }, unit).slice(2));
        }
  });
});

describe("formatConfidence and formatMoment", () => {
  it("reads levels as confidence", () => {
    expect(formatConfidence(0.05)).toBe("95 %");
    expect(formatConfidence(0.04)).toBe("96 %");
    expect(formatConfidence(0.005)).toBe("99.5 %");
    expect(formatConfidence((0.2 * 0.05) / 6)).toBe("99.833 %");
  });

  it("reads times in UTC and leaves what is no time", () => {
    expect(formatMoment("2026-03-14T09:41:27.318Z")).toBe("14 March 2026, 09:41 UTC");
    expect(formatMoment("2026-03-14T23:41:27-03:00")).toBe("15 March 2026, 02:41 UTC");
    expect(formatMoment("soon")).toBe("soon");
  });
});
