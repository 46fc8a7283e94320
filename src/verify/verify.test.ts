import { describe, expect, test } from "vitest";
import { random } from "../core/index.js";
import type { Dataset, Picture } from "../dataset/index.js";
import type { Provenance } from "../bundle/index.js";
import { adapterOf } from "../onnx/index.js";
import { parseSpec, type Requirement } from "../spec/index.js";
import { openingAlpha } from "../statistics/index.js";
import type { Levels, Measurements } from "./finding.js";
import { judge } from "./judge.js";
import { measureSplit, type Outcome } from "./measure.js";
import { offeredPictures } from "./offered.js";

/** Outcomes of each class: so many photographs, so many right; the wrong ones go to the next class. */
function outcomes(...classes: readonly (readonly [n: number, right: number])[]): Outcome[] {
  return classes.flatMap(([n, right], truth) =>
    Array.from({ length: n }, (_, i): Outcome => {
      const predicted = i < right ? truth : (truth + 1) % classes.length;
      const probabilities = new Float32Array(classes.length).fill(0.2 / (classes.length - 1));
      probabilities[predicted] = 0.8;
      return { path: `${truth}/${i}`, pixelHash: `${truth}-${i}`, truth, predicted, probabilities };
    }),
  );
}

const levels: Levels = { spec: 0.05, test: openingAlpha(0.05, 1), opening: 1, spentAt: null };

function measurements(changes: Partial<Measurements> = {}): Measurements {
  const labels = changes.labels ?? ["cup", "mug"];
  const trainCounts = Object.fromEntries(labels.map((label, i) => [label, i === 0 ? 100 : 1000]));
  return {
    labels,
    test: outcomes([250, 245], [250, 245]),
    fresh: false,
    calibrate: outcomes([100, 97], [100, 97]),
    trainCounts,
    latencyMs: Float64Array.from({ length: 250 }, (_, i) => 10 + ((i * 97) % 250) / 100),
    trained: [],
    outOfFoldAccuracy: 0.95,
    throughput: new Float64Array(0),
    trainedOn: { memoryBytes: 8e9 } as Measurements["trainedOn"],
    service: { reason: "no service was started" },
    container: { reason: "no container was written" },
    documents: { reason: "no line asks for documents" },
    modelSizeBytes: 13e6,
    imageCount: 2000,
    classCount: 2,
    trainingSeconds: 60,
    peakMemoryBytes: 5e8,
    threads: 2,
    device: "cpu",
    adapter: null,
    deviceMemory: null,
    explanations: null,
    ...changes,
  };
}

function line(text: string, list = "CONSTRAINTS"): Requirement {
  return parseSpec(`## ${list}\n- ${text}\n`, "spec.md", "markdown").requirements[0]!;
}

const verdictOf = (text: string, changes: Partial<Measurements> = {}, at = levels): string =>
  judge(line(text), measurements(changes), at).verdict;

describe("accuracy on test", () => {
  // Clopper–Pearson at 0.04 (SciPy): 484 of 500 prove 95 %, 483 do not; the upper bound of 463 is 0.9454, of 466 it is 0.9506.
  test.each([
    [484, "met"],
    [483, "unproven"],
    [466, "unproven"],
    [463, "not met"],
  ])("%d of 500 right", (right, verdict) => {
    const half = Math.floor(right / 2);
    expect(verdictOf("95% accuracy required", { test: outcomes([250, half], [250, right - half]) })).toBe(verdict);
  });

  test("all of nothing proves nothing", () => {
    const found = judge(line("95% accuracy required"), measurements({ test: [] }), levels);
    expect(found).toMatchObject({ verdict: "unproven", measured: null, n: 0 });
  });

  test.each(["100% accuracy", "Worst class recall of 100%", "Balanced accuracy of 100%", "Recall of class mug: 100%"])(
    "%s can never be proved by any model, and the line says so",
    (text) => {
      const found = judge(line(text), measurements({ test: outcomes([250, 250], [250, 250]) }), levels);
      expect(found.verdict).toBe("unproven");
      expect(found.evidence).toContain("no number of photographs, and no model, can prove");
      expect(found.evidence).not.toMatch(/better model|too few photographs/);
    },
  );

  test("an unproven line says how many photographs would decide", () => {
    // 195 of 200 right: 97.5 % against a target of 95 % at 0.04 with 80 % power.
    const found = judge(line("95% accuracy required"), measurements({ test: outcomes([100, 98], [100, 97]) }), levels);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toMatch(/about \d{3} such photographs would prove it with 80 % power/);
  });

  test("a second opening is judged at 0.2 α/2 and carries the mark", () => {
    const second: Levels = { spec: 0.05, test: openingAlpha(0.05, 2), opening: 2, spentAt: null };
    const found = judge(
      line("95% accuracy required"),
      measurements({ test: outcomes([250, 242], [250, 242]) }),
      second,
    );
    expect(found.alpha).toBeCloseTo(0.005, 12);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toContain("reused test: opening 2");
  });

  test("photographs whose mistakes were shown prove nothing on test, and can still disprove", () => {
    const spent: Levels = { ...levels, test: openingAlpha(0.05, 2), opening: 2, spentAt: "2026-02-03T10:00:00.000Z" };
    const found = judge(line("90% accuracy required"), measurements(), spent);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toContain("spent test: the mistakes on these photographs were shown on 2026-02-03");
    expect(verdictOf("99.9% accuracy required", {}, spent)).toBe("not met");
    expect(judge(line("Model size at most 13 MB"), measurements(), spent).verdict).toBe("met");
    expect(judge(line(">90% validation accuracy", "GOAL STATE"), measurements(), spent).verdict).toBe("met");
  });

  test("validation accuracy is judged on calibrate at the spec's own level", () => {
    const found = judge(line("Trained model with >90% validation accuracy", "GOAL STATE"), measurements(), levels);
    expect(found).toMatchObject({ n: 200, measured: 0.97, alpha: 0.05, verdict: "met" });
    expect(found.evidence).toContain("calibrate");
  });
});

describe("recall", () => {
  const three = { labels: ["bowl", "cup", "mug"], test: outcomes([100, 95], [100, 99], [20, 12]) };

  test("the worst class needs every class to clear the target", () => {
    expect(verdictOf("Worst class recall at least 30%", three)).toBe("met");
    expect(verdictOf("Worst class recall at least 60%", three)).toBe("unproven");
    expect(verdictOf("Worst class recall at least 90%", three)).toBe("not met");
    expect(judge(line("Worst class recall at least 60%"), measurements(three), levels).evidence).toContain('"mug"');
  });

  test("a class without test photographs leaves the worst class open", () => {
    const found = judge(
      line("Worst class recall at least 30%"),
      measurements({ labels: ["bowl", "cup", "mug"], test: outcomes([100, 95], [100, 99], [0, 0]) }),
      levels,
    );
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toContain('"mug" has no photograph in');
  });

  test("a named class goes by its name, in any letter case", () => {
    expect(verdictOf("Recall of class Cup at least 97%", three)).toBe("unproven");
    expect(verdictOf("Recall of class cup at least 90%", three)).toBe("met");
    expect(judge(line("Recall of class Plate at least 90%"), measurements(three), levels).evidence).toContain(
      "no class",
    );
  });

  test("rare classes are those under half the mean number of training photographs", () => {
    const found = judge(line("Recall on rare classes at least 80%"), measurements(three), levels);
    expect(found).toMatchObject({ n: 100, measured: 0.95, verdict: "met" });
    expect(found.evidence).toContain('"bowl"');
  });

  test("a class that is all right still leaves balanced accuracy uncertain", () => {
    const perfect = { labels: ["bowl", "cup", "mug"], test: outcomes([5, 5], [5, 5], [5, 5]) };
    const found = judge(line("Balanced accuracy of at least 99%"), measurements(perfect), levels);
    expect(found).toMatchObject({ measured: 1, upper: 1, verdict: "unproven" });
    expect(found.lower!).toBeLessThan(0.9);
  });

  test("a line about validation is judged on calibrate", () => {
    const found = judge(line("Validation recall of class cup at least 90%"), measurements(), levels);
    expect(found).toMatchObject({ n: 100, measured: 0.97, alpha: 0.05, split: "calibrate", verdict: "met" });
  });

  test("balanced accuracy is labelled approximate", () => {
    const found = judge(line("Balanced accuracy of at least 70%"), measurements(three), levels);
    expect(found.measured).toBeCloseTo((0.95 + 0.99 + 0.6) / 3, 12);
    expect(found.evidence).toContain("approximate");
    expect(found.lower!).toBeLessThan(found.measured!);
  });
});

describe("interpretability", () => {
  const scored = (...gains: readonly number[]): Partial<Measurements> => ({
    explanations: { scores: gains.map((gain, i) => ({ name: `${i}`, chosen: 0, map: 0.4, random: 0.4 + gain })) },
  });

  test.each([
    ["maps that beat random order", [0.1, 0.2, 0.15, 0.1, 0.05], "met"],
    ["maps that are worse", [-0.1, -0.2, -0.15, -0.1, -0.05], "not met"],
    ["maps that may be either", [0.1, -0.2, 0.15, -0.1, 0.05], "unproven"],
    ["maps of one photograph", [0.3], "unproven"],
  ])("%s", (_name, gains, verdict) => {
    const found = judge(line("Model interpretability"), measurements(scored(...gains)), levels);
    expect(found).toMatchObject({ verdict, target: null, alpha: levels.test });
    expect(found.evidence).not.toContain("no target");
  });

  test("the difference is measured, at the level of the opening, and what would decide is said", () => {
    const found = judge(line("Model interpretability"), measurements(scored(0.1, -0.2, 0.15)), levels);
    expect(found.measured).toBeCloseTo(0.05 / 3, 12);
    expect(found.n).toBe(3);
    expect(found.evidence).toContain("more test photographs");
    const second: Levels = { spec: 0.05, test: openingAlpha(0.05, 2), opening: 2, spentAt: null };
    expect(judge(line("Model interpretability"), measurements(scored(0.1, 0.2)), second).evidence).toContain("reused");
  });

  test("a model without maps says why and what to do", () => {
    const explanations = { refused: "no feature map; use another network" };
    const found = judge(line("Model interpretability"), measurements({ explanations }), levels);
    expect(found).toMatchObject({ verdict: "unproven", measured: null });
    expect(found.evidence).toContain("use another network");
  });
});

describe("everything else", () => {
  test.each([
    ["1,000 labeled images available", "met"],
    ["3,000 labeled images available", "not met"],
    ["At least 2 classes", "met"],
    ["Inference time < 13ms", "met"],
    ["Inference time < 11ms", "not met"],
    ["Inference time < 12.35ms", "unproven"],
    ["p50 latency under 12 ms", "met"],
    ["p99 latency under 100 ms", "unproven"],
    ["Mean latency below 12 ms", "met"],
    ["Model size < 13 MB", "not met"],
    ["Model size at most 13 MB", "met"],
    ["Training time under 1 minute", "not met"],
    ["Peak memory under 1 GB", "met"],
    ["API endpoint for predictions", "unproven"],
    ["The manager likes it", "not checkable"],
  ])("%s: %s", (text, verdict) => expect(verdictOf(text)).toBe(verdict));

  test("a target far off is met on a machine with other work, a close one stays open", () => {
    const source = random(4, "noise");
    let level = 0;
    const latencyMs = Float64Array.from({ length: 150 }, () => 30 + 3 * (level = 0.9 * level + source.normal()));
    const found = judge(line("Inference time < 2 s"), measurements({ latencyMs }), levels);
    expect(found).toMatchObject({ verdict: "met", n: 150 });
    expect(found.evidence).toContain("Chebyshev");
    expect(verdictOf("Inference time < 45ms", { latencyMs })).toBe("unproven");
  });

  test("what the run did not record is unproven", () => {
    expect(verdictOf("Peak memory under 1 GB", { peakMemoryBytes: null })).toBe("unproven");
  });

  test("a soft line without target is measured and stays open", () => {
    const found = judge(line("Slow inference", "PENALTIES"), measurements(), levels);
    expect(found).toMatchObject({ verdict: "unproven", role: "soft" });
    expect(found.measured).toBeCloseTo(0.0123, 3);
    expect(found.evidence).toContain("no target");
  });

  test("the text of a line is kept exactly", () => {
    expect(judge(line("95%  accuracy *required*"), measurements(), levels).text).toBe("95%  accuracy *required*");
  });
});

describe("lines without a number", () => {
  const answers = {
    started: true,
    n: 100,
    differing: 0,
    largestDifference: 1e-8,
    firstDifference: null,
    latencyMs: Float64Array.from({ length: 100 }, (_, i) => 20 + ((i * 37) % 100) / 100),
  };
  const documents = { documents: ["README.md"], problems: [], tests: { passed: 9, failed: 0 } };

  test.each<[string, Partial<Measurements>, string]>([
    ["API endpoint for predictions", { service: answers }, "met"],
    ["API endpoint for predictions", { service: { ...answers, differing: 1 } }, "not met"],
    ["API endpoint for predictions", { service: { failed: "the service did not start" } }, "not met"],
    ["API endpoint for predictions", { service: { reason: "no service was started" } }, "unproven"],
    ["Easy deployment", { service: answers }, "met"],
    ["Easy deployment", { service: { ...answers, started: false } }, "unproven"],
    ["API response under 200 ms", { service: answers }, "met"],
    ["API response under 20 ms", { service: answers }, "not met"],
    ["p99 of the endpoint's answer < 0.5 s", { service: answers }, "unproven"],
    ["Docker container for deployment", { container: { engine: "docker", answers } }, "met"],
    ["Docker container for deployment", { container: { failed: "it would run as root" } }, "not met"],
    ["Docker container for deployment", { container: { reason: "no engine" } }, "unproven"],
    ["Documentation and tests", { documents }, "met"],
    ["Documentation and tests", { documents: { ...documents, problems: ["README.md: it is empty"] } }, "not met"],
    ["Documentation and tests", { documents: { ...documents, tests: { passed: 8, failed: 1 } } }, "not met"],
    ["Documentation and tests", { documents: { ...documents, tests: { reason: "they were not run" } } }, "unproven"],
    ["Runs on CPU", {}, "met"],
    ["Must run on a GPU", {}, "unproven"],
    ["Must run on a GPU", { device: "webgpu", adapter: { kind: "hardware", why: "x" } }, "met"],
    ["Must run on a GPU", { device: "webgpu", adapter: { kind: "software", why: "x" } }, "unproven"],
    ["Must run on a GPU", { device: "dml", adapter: { kind: "unknown", why: "x" } }, "unproven"],
    ["Runs on CPU", { device: "webgpu" }, "unproven"],
    ["Must run on 8GB GPU", {}, "unproven"],
    ["Model interpretability", {}, "unproven"],
  ])("%s, %j: %s", (text, changes, verdict) => {
    expect(verdictOf(text, changes)).toBe(verdict);
  });

  test("software that stands for a GPU is none, and the line says by what it was told", () => {
    const adapter = adapterOf(["/dev/null"], ["/usr/lib/chromium/libvk_swiftshader.so"]);
    const found = judge(line("Must run on a GPU"), measurements({ device: "webgpu", adapter }), levels);
    expect(found.verdict).toBe("unproven");
    expect(found.evidence).toMatch(
      /software that stands for a GPU, .*libvk_swiftshader\.so computes on the CPU.*would decide/,
    );
  });

  test("a device's memory is told as planned, and proves nothing", () => {
    const deviceMemory = { network: "small", limitBytes: 8e9, microBatch: 64, trainingBytes: 2e9, judgingBytes: 4e7 };
    const found = judge(line("Must run on 8GB GPU"), measurements({ deviceMemory }), levels);
    expect(found).toMatchObject({ verdict: "unproven", measured: null });
    expect(found.evidence).toContain("planned from the sizes of tensors");
    expect(found.evidence).toContain("2.0 GB in micro-batches of 64");
    const none = judge(line("Must run on 8GB GPU"), measurements(), levels);
    expect(none.evidence).not.toContain("planned");
    const onDevice = judge(line("Must run on 8GB GPU"), measurements({ device: "webgpu" }), levels);
    expect(onDevice.evidence).toContain("judged on a device of this machine by WebGPU");
  });

  test("a fear for memory holds when the run stayed within its machine", () => {
    const memory = (changes: Partial<Measurements>) =>
      judge(line("Memory overflow", "PENALTIES"), measurements(changes), levels);
    expect(memory({})).toMatchObject({ verdict: "met", measured: 5e8 });
    expect(memory({ peakMemoryBytes: 9e9 }).verdict).toBe("not met");
    expect(memory({ peakMemoryBytes: null }).verdict).toBe("unproven");
  });

  test("are read with the number of a line that asks the same", () => {
    const { requirements } = parseSpec(
      "## CONSTRAINTS\n- Inference time < 100ms\n- 95% accuracy required\n\n## PENALTIES\n- Slow inference\n",
      "spec.md",
      "markdown",
    );
    const found = judge(requirements[2]!, measurements(), levels, requirements);
    expect(found).toMatchObject({ verdict: "met", target: { comparison: "<", value: 0.1 } });
    expect(found.evidence).toContain("C1, “Inference time < 100ms”");
  });

  test("the p99 of an endpoint says that the timings are too few", () => {
    const found = judge(line("p99 of the endpoint's answer < 0.5 s"), measurements({ service: answers }), levels);
    expect(found.evidence).toContain("too few for an upper bound");
  });
});

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

  test("is open where the training photographs are not at hand", () => {
    expect(verdictOf("Overfitting gap at most 5%")).toBe("unproven");
  });
});

test("calibration error is judged with its bounds, by the probabilities", () => {
  const error = (text: string) => judge(line(text), measurements(), levels);
  expect(error("Calibration error at most 30%")).toMatchObject({ verdict: "met", n: 500 });
  expect(error("Calibration error at most 30%").measured).toBeCloseTo(0.18, 6); // 0.98 right at a confidence of 0.8
  expect(error("Calibration error at most 5%").verdict).toBe("not met");
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
