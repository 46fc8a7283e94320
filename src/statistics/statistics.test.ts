import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  betaQuantile,
  binomialCdf,
  binomialLogPmf,
  binomialTail,
  clopperPearsonInterval,
  clopperPearsonLower,
  clopperPearsonUpper,
  openingAlpha,
  provable,
  quantile,
  quantileLowerBound,
  quantileUpperBound,
  testImagesNeeded,
} from "./index.js";

const levels = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const rates = fc.double({ min: 0.001, max: 0.999, noNaN: true });

describe("binomial", () => {
  it("sums to one and matches its own sums", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), rates, (n, p) => {
        let below = 0;
        for (let k = 0; k <= n; k++) {
          expect(binomialTail(k, n, p)).toBeCloseTo(1 - below, 11);
          below += Math.exp(binomialLogPmf(k, n, p));
          expect(binomialCdf(k, n, p)).toBeCloseTo(below, 11);
        }
      }),
    );
  });

  it("knows the certain cases", () => {
    expect([binomialCdf(0, 0, 0.5), binomialTail(0, 0, 0.5)]).toEqual([1, 1]);
    expect([binomialCdf(4, 5, 1), binomialCdf(5, 5, 1), binomialTail(1, 5, 0)]).toEqual([0, 1, 0]);
    expect(binomialLogPmf(0, 5, 0)).toBe(0);
    expect(binomialLogPmf(2, 5, 1)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("Clopper and Pearson", () => {
  it("covers: the bounds miss the true rate with probability at most alpha, by enumerating every outcome", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), rates, levels, (n, p, alpha) => {
        const missing = (misses: (k: number) => boolean): number => {
          let sum = 0;
          for (let k = 0; k <= n; k++) if (misses(k)) sum += Math.exp(binomialLogPmf(k, n, p));
          return sum;
        };
        expect(missing((k) => clopperPearsonLower(k, n, alpha) > p)).toBeLessThanOrEqual(alpha + 1e-12);
        expect(missing((k) => clopperPearsonUpper(k, n, alpha) < p)).toBeLessThanOrEqual(alpha + 1e-12);
        const outside = missing((k) => {
          const { lower, upper } = clopperPearsonInterval(k, n, alpha);
          return lower > p || upper < p;
        });
        expect(outside).toBeLessThanOrEqual(alpha + 1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it("rises with the successes and stays around the share", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        levels,
        (n, f, alpha) => {
          const k = Math.round(f * (n - 1));
          const lower = clopperPearsonLower(k, n, alpha);
          expect(lower).toBeLessThanOrEqual(k / n);
          expect(clopperPearsonUpper(k, n, alpha)).toBeGreaterThanOrEqual(k / n);
          expect(clopperPearsonLower(k + 1, n, alpha)).toBeGreaterThan(lower);
        },
      ),
    );
  });

  it("proves nothing without trials", () => {
    expect(clopperPearsonInterval(0, 0, 0.05)).toEqual({ lower: 0, upper: 1 });
  });

  it.each([
    [-1, 5, 0.05],
    [6, 5, 0.05],
    [0.5, 5, 0.05],
    [1, 5, 0],
    [1, 5, 1],
    [1, 5, Number.NaN],
  ])("refuses %d of %d at %d", (k, n, alpha) => {
    expect(() => clopperPearsonLower(k, n, alpha)).toThrow(RangeError);
  });
});

describe("what a test can prove", () => {
  it("agrees with the bound itself", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), rates, levels, (n, target, alpha) => {
        const needed = provable(n, target, alpha);
        if (needed === null) expect(clopperPearsonLower(n, n, alpha)).toBeLessThan(target);
        else {
          expect(clopperPearsonLower(needed, n, alpha)).toBeGreaterThanOrEqual(target - 1e-12);
          expect(clopperPearsonLower(needed - 1, n, alpha)).toBeLessThan(target);
        }
      }),
    );
  });

  it("knows the ends", () => {
    expect([provable(10, 0, 0.05), provable(10, 1, 0.05), provable(0, 0.5, 0.05)]).toEqual([0, null, null]);
  });

  it("finds the same size as trying every one", () => {
    const options = fc.record({
      rate: fc.double({ min: 0.5, max: 1, noNaN: true }),
      gap: fc.double({ min: 0.08, max: 0.4, noNaN: true }),
      alpha: fc.double({ min: 0.01, max: 0.2, noNaN: true }),
      power: fc.double({ min: 0.3, max: 0.95, noNaN: true }),
    });
    fc.assert(
      fc.property(options, ({ rate, gap, alpha, power }) => {
        const target = rate - gap;
        let n = 1;
        for (; ; n++) {
          const needed = provable(n, target, alpha);
          if (needed !== null && binomialTail(needed, n, rate) >= power) break;
        }
        expect(testImagesNeeded({ rate, target, alpha, power })).toBe(n);
      }),
      { numRuns: 60 },
    );
  });

  it("is null where no test can help, or none of bearable size", () => {
    expect(testImagesNeeded({ rate: 0.95, target: 0.95, alpha: 0.05, power: 0.8 })).toBeNull();
    expect(testImagesNeeded({ rate: 0.9, target: 1, alpha: 0.05, power: 0.8 })).toBeNull();
    expect(testImagesNeeded({ rate: 0.50001, target: 0.5, alpha: 0.05, power: 0.8 })).toBeNull();
  });

  it("never spends more than alpha on openings", () => {
    let spent = 0;
    for (let k = 1; k <= 10_000; k++) spent += openingAlpha(0.05, k);
    expect(spent).toBeLessThanOrEqual(0.05);
    expect(openingAlpha(0.05, 1)).toBeCloseTo(0.04, 15);
    expect(openingAlpha(0.05, 2)).toBeCloseTo(0.005, 15);
    expect(() => openingAlpha(0.05, 0)).toThrow(RangeError);
  });
});

describe("quantiles", () => {
  it("needs 59 samples for an upper bound of the 95th percentile", () => {
    const samples = Array.from({ length: 59 }, (_, i) => 59 - i);
    expect(quantileUpperBound(samples.slice(1), 0.95, 0.05)).toBeNull();
    expect(quantileUpperBound(samples, 0.95, 0.05)).toBe(59);
    expect(quantileLowerBound(samples, 0.95, 0.05)).toBe(53); // P(X ≤ 52) = 0.033, P(X ≤ 53) = 0.079
    expect(quantileLowerBound([], 0.5, 0.05)).toBeNull();
  });

  it("covers: ranks bound the quantile with probability at least 1 − alpha", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), rates, levels, (n, q, alpha) => {
        const ranks = Array.from({ length: n }, (_, i) => i + 1);
        // Of n continuous samples, the number below the true quantile is Binomial(n, q): rank k is below it with P(X ≥ k).
        const upper = quantileUpperBound(ranks, q, alpha);
        if (upper !== null) expect(binomialTail(upper, n, q)).toBeLessThanOrEqual(alpha);
        if (upper !== null && upper > 1) expect(binomialTail(upper - 1, n, q)).toBeGreaterThan(alpha);
        const lower = quantileLowerBound(ranks, q, alpha);
        if (lower !== null) expect(binomialCdf(lower - 1, n, q)).toBeLessThanOrEqual(alpha);
        if (lower !== null && upper !== null) expect(lower).toBeLessThanOrEqual(upper);
      }),
    );
  });

  it("handles one sample and infinite ones", () => {
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.9)).toBe(Number.POSITIVE_INFINITY);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it("inverts the beta distribution everywhere", () => {
    const shape = fc.double({ min: 0.05, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), shape, shape, (p, a, b) => {
        const x = betaQuantile(p, a, b);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(1);
      }),
    );
  });
});
