/** Groups, differences and metrics of a split, and which photographs are offered as test. */
import { describe, expect, test } from "vitest";
import type { Dataset, Picture } from "../dataset/index.js";
import type { Provenance } from "../bundle/index.js";
import { judge } from "./judge.js";
import { measureSplit, type Outcome } from "./measure.js";
import { offeredPictures } from "./offered.js";
import { levels, line, measurements, outcomes, verdictOf } from "./judging.test-data.js";

describe("groups of photographs", () => {
  const together = (size: number): Outcome[] =>
    outcomes([250, 245], [250, 245]).map((outcome, i) => ({ ...outcome, group: String(Math.floor(i / size)) }));

  test("make the same share prove less, and the line says so", () => {
    const alone = judge(line("95% accuracy required"), measurements(), levels);
    const grouped = judge(line("95% accuracy required"), measurements({ test: together(5) }), levels);
    expect(alone.verdict).toBe("met");
    expect(grouped).toMatchObject({ verdict: "unproven", measured: alone.measured, n: 500 });
    expect(grouped.lower!).toBeLessThan(alone.lower!);
    expect(grouped.evidence).toMatch(/100 groups; Korn–Graubard .* approximate/);
    expect(alone).not.toHaveProperty("designEffect");
    expect(grouped.designEffect).toBeGreaterThan(1);
    expect(grouped.evidence).toContain(`counting for ${(1 / grouped.designEffect!).toFixed(2)} of one`);
  });

  test("of one photograph are none", () => {
    expect(judge(line("95% accuracy required"), measurements({ test: together(1) }), levels)).toEqual(
      judge(line("95% accuracy required"), measurements(), levels),
    );
  });

  test("count in the metrics of a split, and widen what is drawn by groups", () => {
    const [alone, grouped] = [measureSplit(outcomes([250, 245], [250, 245]), 2), measureSplit(together(5), 2)];
    expect([alone.groups, grouped.groups]).toEqual([500, 100]);
    expect(grouped.accuracyInterval[0]).toBeLessThan(alone.accuracyInterval[0]);
    expect(grouped.balancedAccuracyInterval[0]).toBeLessThan(alone.balancedAccuracyInterval[0]);
  });
});

describe("overfitting", () => {
  test.each<[readonly [number, number], readonly [number, number], string]>([
    [[500, 490], [500, 485], "met"],
    [[500, 500], [500, 450], "not met"],
    [[100, 100], [100, 97], "unproven"],
  ])("trained on %j right, calibrate %j: %s", (seen, unseen, verdict) => {
    const found = judge(
      line("Overfitting on small dataset", "PENALTIES"),
      measurements({ trained: outcomes(seen, [0, 0]), calibrate: outcomes(unseen, [0, 0]) }),
      levels,
    );
    expect(found.verdict).toBe(verdict);
    expect(found.measured).toBeCloseTo(seen[1] / seen[0] - unseen[1] / unseen[0], 12);
    expect(found.evidence).toContain("out of fold, train reached 95.0 %");
  });

  test("an open line says how many photographs of calibrate would decide, or that none would", () => {
    const judged = (calibrate: Outcome[], text = "Overfitting gap at most 5%") =>
      judge(line(text), measurements({ trained: outcomes([120, 120], [0, 0]), calibrate }), levels);
    const { verdict, evidence } = judged(outcomes([200, 194], [0, 0]));
    expect(verdict).toBe("unproven");
    const needed = Number(
      /about ([\d,]+) photographs of calibrate would prove it/.exec(evidence)![1]!.replace(",", ""),
    );
    expect(judged(outcomes([needed, Math.round(0.97 * needed)], [0, 0])).verdict).toBe("met");
    expect(judged(outcomes([200, 188], [0, 0])).evidence).toContain("no number of photographs of calibrate would");
  });

  test("is open where the training photographs are not at hand", () => {
    expect(verdictOf("Overfitting gap at most 5%")).toBe("unproven");
  });
});

test("calibration error is judged with its bounds, by the probabilities", () => {
  const error = (text: string) => judge(line(text), measurements(), levels);
  expect(error("Calibration error at most 30%")).toMatchObject({ verdict: "met", n: 500 });
  expect(error("Calibration error at most 30%").measured).toBeCloseTo(0.18, 6); // 0.98 right at a confidence of 0.8
  expect(error("Calibration error at most 5%").verdict).toBe("not met");
  const few = judge(
    line("Calibration error at most 17%"),
    measurements({ test: outcomes([20, 20], [20, 20]) }),
    levels,
  );
  expect(few.verdict).toBe("unproven");
  // √(2 · 0.8 · 0.2 · 15 / (40 π)) = 0.195
  expect(few.evidence).toContain(
    "chance alone makes an error of about 19.5 % with 40 photographs, and less than the target only from about 53 on",
  );
});

test("throughput is the mean of its rounds, with bounds", () => {
  const throughput = Float64Array.of(101, 99, 100, 102, 98, 100, 101, 99, 100, 100, 99, 101);
  expect(verdictOf("Throughput of at least 90 images per second", { throughput })).toBe("met");
  expect(verdictOf("Throughput of at least 110 images per second", { throughput })).toBe("not met");
  expect(verdictOf("Throughput of at least 100 images per second", { throughput })).toBe("unproven");
});

test("a split's metrics agree with hand counts", () => {
  const metrics = measureSplit(outcomes([4, 3], [6, 6]), 2);
  expect(metrics).toMatchObject({
    n: 10,
    accuracy: 0.9,
    balancedAccuracy: 0.875,
    confusion: [
      [3, 1],
      [0, 6],
    ],
  });
  // SciPy: binomtest(9, 10).proportion_ci(0.95, "exact")
  expect(metrics.accuracyInterval[0]).toBeCloseTo(0.554984, 6);
  expect(metrics.accuracyInterval[1]).toBeCloseTo(0.997471, 6);
});

test("reliability: bins of equal size by confidence, each with its exact interval", () => {
  const sure = Array.from({ length: 20 }, (_, i): Outcome => {
    const confidence = 0.6 + i / 100;
    const probabilities = Float32Array.from([confidence, 1 - confidence]);
    return { path: `${i}`, pixelHash: `${i}`, truth: i < 4 ? 1 : 0, predicted: 0, probabilities };
  });
  const { reliability } = measureSplit(sure, 2);
  expect(reliability.map(({ n, accuracy }) => [n, accuracy])).toEqual([
    [2, 0],
    [2, 0],
    ...Array.from({ length: 8 }, () => [2, 1]),
  ]);
  expect(reliability[0]!.confidence).toBeCloseTo(0.605, 6);
  // SciPy: binomtest(2, 2).proportion_ci(0.95, "exact")
  expect(reliability[9]!.interval[0]).toBeCloseTo(0.158114, 6);
  expect(reliability[9]!.interval[1]).toBe(1);
});

describe("what is offered as test", () => {
  const picture = (pixelHash: string, given: Picture["given"] = null): Picture =>
    ({ pixelHash, path: `${pixelHash}.jpg`, label: "x", given }) as Picture;
  const dataset = (...pictures: Picture[]): Dataset => ({ pictures }) as unknown as Dataset;
  const provenance = {
    images: { train: ["a", "b"], select: ["c"], calibrate: ["d"], test: ["e", "f"] },
  } as unknown as Provenance;
  const hashes = (pictures: readonly Picture[]): string[] => pictures.map(({ pixelHash }) => pixelHash);

  test("the run's own folder gives its own test split, copies once", () => {
    const offered = offeredPictures(
      dataset(...["a", "b", "c", "d", "e", "e", "f", "new"].map((hash) => picture(hash))),
      provenance,
    );
    expect([hashes(offered.test), hashes(offered.calibrate)]).toEqual([["e", "f"], ["d"]]);
  });

  test("fresh photographs are all taken", () => {
    expect(hashes(offeredPictures(dataset(picture("x"), picture("y")), provenance).test)).toEqual(["x", "y"]);
  });

  test("training photographs among fresh ones, or in a given test split, are a fault", () => {
    const leaky = [dataset(picture("x"), picture("a")), dataset(picture("e"), picture("c", "test"))];
    for (const data of leaky)
      expect(() => offeredPictures(data, provenance)).toThrowError(
        expect.objectContaining({ code: "test-leak" }) as Error,
      );
  });
});
