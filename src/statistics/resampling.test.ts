/** The bootstrap, groups, series of timings, calibration error, differences and means. */
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { random } from "../core/index.js";
import {
  binnedErrorBounds,
  bootstrapInterval,
  type Cluster,
  clusteredLower,
  clusteredUpper,
  clopperPearsonLower,
  clopperPearsonUpper,
  differenceBounds,
  type Judged,
  measureClusters,
  quantileUpperBound,
  seriesMean,
  seriesQuantile,
  studentInterval,
  studentQuantile,
  type Surplus,
  type Tallies,
} from "./index.js";

const levels = fc.double({ min: 0.001, max: 0.5, noNaN: true });

/** So many photographs of class 0 right, so many wrong, each a group of its own. */
const single = (right: number, wrong: number): Judged[][] =>
  Array.from({ length: right + wrong }, (_, i) => [{ truth: 0, predicted: i < right ? 0 : 1 }]);

const share = ({ hits, support }: Tallies): number => hits[0]! / support[0]!;

const bootstrapTwoRows = (seed: number) =>
  bootstrapInterval({ classes: 2, groups: single(14, 6), statistic: share, alpha: 0.05, random: random(seed) });

describe("bootstrap", () => {
  it("comes near the exact interval of a single rate", () => {
    const groups = single(450, 50);
    const interval = bootstrapInterval({ classes: 2, groups, statistic: share, alpha: 0.05, random: random(1) });
    expect(interval.estimate).toBe(0.9);
    expect(interval.lower).toBeCloseTo(clopperPearsonLower(450, 500, 0.05), 2);
    expect(interval.upper).toBeCloseTo(clopperPearsonUpper(450, 500, 0.05), 2);
  });

  it("keeps the number of photographs of every class where each is its own group", () => {
    const groups = [
      ...single(7, 0),
      ...Array.from({ length: 5 }, (_, i): Judged[] => [{ truth: 1, predicted: i % 2 }]),
    ];
    bootstrapInterval({
      classes: 3,
      groups,
      alpha: 0.1,
      random: random(2),
      resamples: 50,
      statistic: ({ hits, support, predicted }) => {
        expect([...support]).toEqual([7, 5, 0]);
        expect(predicted.reduce((sum, count) => sum + count, 0)).toBe(12);
        expect(hits.every((count, i) => count <= support[i]!)).toBe(true);
        return 0;
      },
    });
  });

  it("counts photographs that always agree with their group as one", () => {
    const alone = bootstrapInterval({
      classes: 2,
      groups: single(90, 10),
      statistic: share,
      alpha: 0.05,
      random: random(4),
    });
    const groups = single(90, 10).map(([one]) => Array.from({ length: 7 }, () => one!));
    const together = bootstrapInterval({ classes: 2, groups, statistic: share, alpha: 0.05, random: random(4) });
    expect(together.estimate).toBeCloseTo(0.9, 12);
    expect([together.lower, together.upper]).toEqual([alone.lower, alone.upper]);
  });

  it("repeats with the same seed", () => {
    expect(bootstrapTwoRows(3)).toEqual(bootstrapTwoRows(3));
  });
});

const cluster = (successes: number, trials: number): Cluster => ({ successes, trials });

describe("groups", () => {
  it("are Clopper and Pearson's where each is one trial", () => {
    const clusters = [...Array<Cluster>(95).fill(cluster(1, 1)), ...Array<Cluster>(5).fill(cluster(0, 1))];
    expect(clusteredLower(clusters, 0.04)).toBeCloseTo(clopperPearsonLower(95, 100, 0.04), 14);
    expect(clusteredUpper(clusters, 0.04)).toBeCloseTo(clopperPearsonUpper(95, 100, 0.04), 14);
  });

  it("that agree within count about as one trial each", () => {
    const clusters = [...Array<Cluster>(95).fill(cluster(8, 8)), ...Array<Cluster>(5).fill(cluster(0, 8))];
    const { designEffect, effectiveTrials } = measureClusters(clusters);
    expect(designEffect).toBeCloseTo(8, 0);
    expect(effectiveTrials).toBeCloseTo(100, -1);
    expect(clusteredLower(clusters, 0.04)).toBeLessThanOrEqual(clopperPearsonLower(95, 100, 0.04));
    expect(clusteredLower(clusters, 0.04)).toBeGreaterThan(clopperPearsonLower(92, 100, 0.04));
  });

  it("all right prove less than as many single trials", () => {
    const clusters = Array<Cluster>(20).fill(cluster(10, 10));
    expect(clusteredLower(clusters, 0.05)).toBeLessThan(clopperPearsonLower(200, 200, 0.05));
    expect(clusteredUpper(clusters, 0.05)).toBe(1);
    expect(clusteredLower([cluster(0, 3)], 0.05)).toBe(0);
  });

  it("never prove more than as many single trials", () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 2,
      maxLength: 40,
    });
    fc.assert(
      fc.property(sizes, levels, (list, alpha) => {
        const clusters = list.map(([trials, part]) => cluster(Math.round(part * trials), trials));
        const { trials, successes } = measureClusters(clusters);
        expect(clusteredLower(clusters, alpha)).toBeLessThanOrEqual(
          clopperPearsonLower(successes, trials, alpha) + 1e-12,
        );
        expect(clusteredUpper(clusters, alpha)).toBeGreaterThanOrEqual(
          clopperPearsonUpper(successes, trials, alpha) - 1e-12,
        );
      }),
    );
  });
});

describe("series of timings", () => {
  const noise = (n: number, seed: number): Float64Array => {
    const source = random(seed, "noise");
    return Float64Array.from({ length: n }, () => source.normal());
  };
  /** A machine that is busy for whiles: each value drags the last one along. */
  const dragging = (n: number, seed: number): Float64Array => {
    let last = 0;
    return noise(n, seed).map((value) => (last = 0.9 * last + value));
  };

  it("bound a quantile by order statistics; too few prove nothing", () => {
    expect(seriesQuantile(noise(58, 1), 0.95, 0.05).upper).toBeNull();
    const bounds = seriesQuantile(noise(250, 1), 0.95, 0.05);
    expect(bounds.lower!).toBeLessThan(bounds.estimate);
    expect(bounds.upper!).toBeGreaterThanOrEqual(quantileUpperBound(noise(250, 1), 0.95, 0.05)!);
  });

  it("count for less when neighbors resemble each other, so that the bounds are wider", () => {
    const [free, bound] = [seriesQuantile(noise(2000, 2), 0.9, 0.05), seriesQuantile(dragging(2000, 2), 0.9, 0.05)];
    expect(free.effective).toBeGreaterThan(1000);
    expect(bound.effective).toBeLessThan(500);
    expect(seriesMean(dragging(2000, 3), 0.05).effective).toBeLessThan(seriesMean(noise(2000, 3), 0.05).effective / 4);
  });

  it("that resemble each other too much for order statistics have Chebyshev's bound, above theirs and finite", () => {
    const few = seriesQuantile(dragging(150, 4), 0.95, 0.05);
    expect(few).toMatchObject({ by: "mean square" });
    expect(few.upper!).toBeGreaterThan(seriesQuantile(dragging(20000, 4), 0.95, 0.05).estimate);
    expect(few.upper!).toBeLessThan(20);
    expect(seriesQuantile(dragging(117, 4), 0.95, 0.05)).toMatchObject({ by: null, upper: null });
    expect(seriesQuantile(noise(250, 1), 0.95, 0.05).by).toBe("order statistics");
  });

  it("of a machine that drifts away are no bound at all", () => {
    expect(
      seriesQuantile(
        Float64Array.from({ length: 250 }, (_, i) => i),
        0.95,
        0.05,
      ).upper,
    ).toBeNull();
  });

  it("give a mean Student's bounds where they are independent", () => {
    const { estimate, lower, upper } = seriesMean(Float64Array.of(1, 9, 4, 7, 2, 10, 5, 3, 8, 6), 0.05);
    // SciPy: t.ppf(0.95, 9) · std(ddof=1) / √10 = 1.833113 · 0.957427
    expect(estimate).toBe(5.5);
    expect(upper! - 5.5).toBeCloseTo(1.755072, 5);
    expect(5.5 - lower!).toBeCloseTo(1.755072, 5);
  });
});

describe("calibration error", () => {
  const rows = (n: number, shift: number): Surplus[][] => {
    const source = random(5, "rows", n);
    return Array.from({ length: n }, () => {
      const confidence = source.between(0.5, 1);
      return [
        {
          bin: Math.min(9, Math.floor((confidence - 0.5) * 20)),
          correct: source.next() < confidence - shift,
          confidence,
        },
      ];
    });
  };

  it("of honest confidence may be nothing, of boasting confidence is something", () => {
    expect(binnedErrorBounds({ bins: 10, groups: rows(1000, 0), alpha: 0.05 }).lower).toBe(0);
    const boasting = binnedErrorBounds({ bins: 10, groups: rows(1000, 0.2), alpha: 0.05 });
    expect(boasting.lower).toBeGreaterThan(0.15);
    expect(boasting.upper).toBeLessThan(0.26);
    expect(boasting.lower).toBeLessThan(boasting.estimate);
  });

  it("is surer of more photographs, and of as many in groups less sure", () => {
    const width = (groups: Surplus[][]): number => {
      const { lower, upper } = binnedErrorBounds({ bins: 10, groups, alpha: 0.05 });
      return upper - lower;
    };
    expect(width(rows(4000, 0.2))).toBeLessThan(width(rows(400, 0.2)) / 2);
    const repeated = rows(400, 0.2).map(([one]) => Array.from({ length: 10 }, () => one!));
    expect(width(repeated)).toBeGreaterThan(width(rows(4000, 0.2)) * 2);
  });
});

test("the bounds of a difference are Newcombe's where those of the rates are Wilson's", () => {
  // Newcombe 1998, table II, contrast (a), method 10: 56/70 − 48/80, 95 %: 0.0524 to 0.3339.
  const a = { estimate: 56 / 70, lower: 0.6921, upper: 0.8769 }; // Wilson's
  const b = { estimate: 48 / 80, lower: 0.4904, upper: 0.7003 };
  const { estimate, lower, upper } = differenceBounds(a, b);
  expect(estimate).toBeCloseTo(0.2, 12);
  expect(lower).toBeCloseTo(0.0524, 3);
  expect(upper).toBeCloseTo(0.3339, 3);
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
