import { describe, expect, it } from "vitest";
import { drawBar, drawMargin } from "./charts.js";
import { toText } from "./html.js";

const dotOf = (svg: string): number => Number(/<circle[^>]* cx="([\d.]+)"/.exec(svg)![1]);
const lineOf = (svg: string): number => Number(/<line[^>]* x1="([\d.]+)"/.exec(svg)![1]);

const whisker = (lower: number, upper: number): readonly number[] => {
  const svg = toText(drawMargin({ target: 0.95, measured: 0.96, lower, upper, moreIsBetter: true }));
  const [, left, right] = /class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(svg)!;
  return [Number(left) - lineOf(svg), Number(right) - lineOf(svg)];
};

const fill = (value: number): number =>
  Number(/class="fill"[^>]* width="([\d.]+)"/.exec(toText(drawBar({ value, lower: null, upper: null })))![1]);

describe("the margin chart", () => {
  it("puts the good side on the right, whatever the direction of the target", () => {
    const more = toText(drawMargin({ target: 0.95, measured: 0.97, lower: 0.94, upper: 0.99, moreIsBetter: true }));
    const less = toText(drawMargin({ target: 0.1, measured: 0.02, lower: 0.01, upper: 0.03, moreIsBetter: false }));
    const bad = toText(drawMargin({ target: 0.1, measured: 0.2, lower: null, upper: null, moreIsBetter: false }));
    expect(dotOf(more)).toBeGreaterThan(lineOf(more));
    expect(dotOf(less)).toBeGreaterThan(lineOf(less));
    expect(dotOf(bad)).toBeLessThan(lineOf(bad));
  });

  it("has the whisker cross the line exactly when the bounds straddle the target", () => {
    expect(whisker(0.94, 0.98)[0]).toBeLessThan(0);
    expect(whisker(0.951, 0.98)[0]).toBeGreaterThan(0);
  });

  it("stays within its box and finite when everything is equal", () => {
    const svg = toText(drawMargin({ target: 5, measured: 5, lower: 5, upper: 5, moreIsBetter: true }));
    expect(dotOf(svg)).toBe(lineOf(svg));
    expect(svg).not.toMatch(/NaN|Infinity|whisker/);
  });
});

describe("the bar", () => {
  it("is as long as its value, clamped to the box", () => {
    expect(fill(0)).toBe(0);
    expect(fill(1)).toBeCloseTo(2 * fill(0.5));
    expect(fill(7)).toBe(fill(1));
    expect(fill(Number.NaN)).toBe(0);
  });
});
