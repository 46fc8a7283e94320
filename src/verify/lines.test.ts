/** Verdicts of lines about cost, device and delivery, and of those without a number. */
import { describe, expect, test } from "vitest";
import { random } from "../core/index.js";
import { adapterOf } from "../onnx/index.js";
import { parseSpec } from "../spec/index.js";
import { openingAlpha } from "../statistics/index.js";
import type { Levels, Measurements } from "./finding.js";
import { judge } from "./judge.js";
import { levels, line, measurements, verdictOf } from "./judging.test-data.js";

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
