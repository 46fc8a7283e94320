import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { negativeLogLikelihood, softmaxRows } from "../metrics/index.js";
import { fitTemperature, temperatureRange } from "./index.js";

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly logits: readonly number[];
  readonly temperature: number;
  readonly nllBefore: number;
  readonly nllAfter: number;
}

/** Written by fixtures/make-scipy-oracle.py. */
const cases = JSON.parse(readFileSync(new URL("fixtures/scipy.json", import.meta.url), "utf8")) as readonly Case[];

/** Mean loss of three classes at a temperature, in float64 throughout. */
function meanLoss(logits: Float32Array, labels: readonly number[], temperature: number): number {
  const losses = labels.map((label, row) => {
    const own = logits[row * 3 + label]!;
    const distances = [0, 1, 2].map((k) => (logits[row * 3 + k]! - own) / temperature);
    const largest = Math.max(...distances);
    return largest + Math.log(distances.reduce((sum, distance) => sum + Math.exp(distance - largest), 0));
  });
  return losses.reduce((a, b) => a + b, 0) / labels.length;
}

describe("fitTemperature", () => {
  it.each(cases)("agrees with scipy: $name", ({ classes, labels, logits, temperature, nllBefore, nllAfter }) => {
    const fit = fitTemperature(Float32Array.from(logits), labels, classes);
    expect(fit.temperature / temperature).toBeCloseTo(1, 6);
    expect(fit.nllBefore).toBeCloseTo(nllBefore, 10);
    expect(fit.nllAfter).toBeCloseTo(nllAfter, 10);
    const probabilities = softmaxRows(Float32Array.from(logits), classes, fit.temperature);
    expect(negativeLogLikelihood(labels, probabilities, classes)).toBeCloseTo(nllAfter, 5);
  });

  it("gives 1 for no rows and for logits that say nothing", () => {
    expect(fitTemperature(new Float32Array(0), [], 3)).toEqual({ temperature: 1, nllBefore: 0, nllAfter: 0 });
    expect(fitTemperature(new Float32Array(6), [0, 2], 3).temperature).toBe(1);
  });

  it("stays in its range where every row is right, or none is", () => {
    const logits = Float32Array.of(3, 0, 0, 2);
    expect(fitTemperature(logits, [0, 1], 2).temperature).toBe(temperatureRange.lowest);
    expect(fitTemperature(logits, [1, 0], 2).temperature).toBe(temperatureRange.highest);
    expect(fitTemperature(Float32Array.of(5, 1), [0], 2).temperature).toBe(temperatureRange.lowest);
  });

  it("survives logits of any size", () => {
    const fit = fitTemperature(Float32Array.of(1e6, 0, 0, 1e6, 1e6, 0), [0, 1, 1], 2);
    expect(fit.temperature).toBe(temperatureRange.highest);
    expect(() => fitTemperature(Float32Array.of(Number.NaN, 0), [0], 2)).toThrow(RangeError);
    expect(() => fitTemperature(Float32Array.of(1, 0), [5], 2)).toThrow(RangeError);
  });

  it("never makes the likelihood worse and ends at a minimum", () => {
    const row = fc.tuple(
      fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.nat(2),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const logits = Float32Array.from(rows.flatMap(([values]) => values));
        const labels = rows.map(([, label]) => label);
        const fit = fitTemperature(logits, labels, 3);
        expect(fit.nllAfter).toBeLessThanOrEqual(fit.nllBefore);
        for (const nearby of [0.99, 1.01]) {
          const temperature = Math.min(
            temperatureRange.highest,
            Math.max(temperatureRange.lowest, fit.temperature * nearby),
          );
          expect(meanLoss(logits, labels, temperature)).toBeGreaterThanOrEqual(fit.nllAfter - 1e-12);
        }
      }),
    );
  });
});

it("smoothed targets claim no more certainty than so many rows can show", () => {
  // Two classes, all right by a margin of 1: without smoothing T → 0; with it the confidence is 1 − smoothing.
  const rows = 58;
  const logits = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 1 : 0));
  const labels = new Int32Array(rows);
  const smoothing = 1 / (rows + 2);
  const { temperature } = fitTemperature(logits, labels, 2, smoothing);
  expect(1 / (1 + Math.exp(-1 / temperature))).toBeCloseTo(1 - smoothing, 9);
  expect(fitTemperature(logits, labels, 2).temperature).toBe(0.05);
});
