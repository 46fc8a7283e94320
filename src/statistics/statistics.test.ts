import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import {
  betaQuantile,
  binomialCdf,
  binomialLogPmf,
  binomialTail,
  bootstrapInterval,
  clopperPearsonInterval,
  clopperPearsonLower,
  clopperPearsonUpper,
  openingAlpha,
  provable,
  quantile,
  quantileLowerBound,
  quantileUpperBound,
  studentInterval,
  studentQuantile,
  testImagesNeeded,
} from "./index.js";

const levels = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const rates = fc.double({ min: 0.001, max: 0.999, noNaN: true });

const share = (rows: readonly (readonly number[])[]): number => {
  const total = rows.flat().reduce((sum, count) => sum + count, 0);
  return rows.reduce((sum, row) => sum + row[0]!, 0) / total;
};

const bootstrapTwoRows = (seed: number) =>
  bootstrapInterval({
    counts: [
      [8, 3],
      [5, 9],
    ],
    statistic: share,
    alpha: 0.05,
    random: random(seed),
  });

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

describe("bootstrap", () => {
  it("comes near the exact interval of a single rate", () => {
    const interval = bootstrapInterval({ counts: [[450, 50]], statistic: share, alpha: 0.05, random: random(1) });
    expect(interval.estimate).toBe(0.9);
    expect(interval.lower).toBeCloseTo(clopperPearsonLower(450, 500, 0.05), 2);
    expect(interval.upper).toBeCloseTo(clopperPearsonUpper(450, 500, 0.05), 2);
  });

  it("keeps the size of every stratum and varies none that has one outcome", () => {
    const counts = [
      [3, 4, 0],
      [0, 5, 0],
      [0, 0, 0],
    ];
    bootstrapInterval({
      counts,
      alpha: 0.1,
      random: random(2),
      resamples: 50,
      statistic: (rows) => {
        expect(rows.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual([7, 5, 0]);
        expect(rows[1]).toEqual(counts[1]);
        return 0;
      },
    });
  });

  it("repeats with the same seed", () => {
    expect(bootstrapTwoRows(3)).toEqual(bootstrapTwoRows(3));
  });
});

describe("Student's bounds", () => {
  // scipy.stats.t.ppf
  it.each([
    [0.95, 1, 6.313751514675037],
    [0.95, 2, 2.9199855803537242],
    [0.96, 31, 1.8100018824722601],
    [0.995, 63, 2.6561450250998613],
    [0.9999, 5, 9.677566300882814],
    [0.5, 7, 0],
    [0.05, 9, -1.8331129326562376],
  ])("quantile %d with %d degrees of freedom", (probability, degrees, wanted) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(wanted, 10);
  });

  it("of a mean are scipy's; equal samples have none beside it, one sample bounds nothing", () => {
    const { estimate, lower, upper } = studentInterval([0.1, -0.05, 0.2, 0.15, 0, 0.3], 0.04);
    expect([estimate, lower, upper]).toEqual(
      [0.11666666666666665, 0.0011930274825748544, 0.23214030585075845].map((value) => expect.closeTo(value, 12)),
    );
    expect(studentInterval([0.5, 0.5], 0.05)).toEqual({ estimate: 0.5, lower: 0.5, upper: 0.5 });
    expect(studentInterval([0.5], 0.05)).toMatchObject({ lower: Number.NEGATIVE_INFINITY });
    expect(() => studentInterval([], 0.05)).toThrow(RangeError);
  });
});
