import { describe, expect, it } from "vitest";
import { testImagesNeeded } from "../statistics/index.js";
import type { Evidence, RequirementEvidence } from "../verify/index.js";
import type { ReportExtras } from "./data.js";
import { sampleExtras, tunedExtras } from "./extras.test-data.js";
import { buildLine } from "./measurements.test-data.js";
import { priceLines } from "./price.js";
import { sample } from "./sample.test-data.js";

const accuracy = (part: Partial<RequirementEvidence>): RequirementEvidence =>
  buildLine({
    id: "C1",
    text: "95% accuracy",
    kind: "accuracy",
    split: "test",
    unit: "fraction",
    target: { comparison: ">=", value: 0.95 },
    measured: 0.965,
    lower: 0.941,
    upper: 0.981,
    alpha: 0.04,
    n: 200,
    ...part,
  });

/** What is offered for one line, in order. */
function optionsFor(line: RequirementEvidence, extras: ReportExtras = {}, run: Partial<Evidence["run"]> = {}) {
  const evidence = { ...sample, run: { ...sample.run, ...run }, requirements: [line] };
  return priceLines(evidence, extras)[0]?.options ?? [];
}

const text = (options: ReturnType<typeof optionsFor>): string =>
  options.map(({ what, why }) => `${what}. ${why}`).join("\n");

describe("the price of met", () => {
  it("is asked of open lines only, hard ones first", () => {
    const open = priceLines(sample, {}).map(({ line }) => line);
    expect(open.map(({ verdict }) => verdict)).not.toContain("met");
    expect(open.map(({ verdict }) => verdict)).not.toContain("not checkable");
    expect(open.map(({ role }) => role)).toEqual(["hard", "hard", "hard", "soft"]);
  });

  it("says how many fresh photographs prove it, at the observed rate and at the bounds", () => {
    const needed = testImagesNeeded({ rate: 0.965, target: 0.95, alpha: 0.04, power: 0.8 })!;
    const best = testImagesNeeded({ rate: 0.981, target: 0.95, alpha: 0.04, power: 0.8 })!;
    const [first] = optionsFor(accuracy({}));
    expect(first).toMatchObject({
      surety: "likely",
      what: `About ${needed.toLocaleString("en-US")} fresh test photographs`,
    });
    expect(first!.why).toContain(`${best} if the true rate is its upper bound, 98.1 %`);
    expect(first!.why).toContain("none would do at its lower bound, 94.1 %");
  });

  it("says of an overfitting gap what its evidence says: no bound of it narrows with all of its photographs", () => {
    const decides =
      "about 740 photographs of calibrate would prove it with 80 % power at the observed rates, 402 are there";
    const gap = { kind: "overfitting-gap", split: "calibrate", target: { comparison: "<=", value: 0.05 } } as const;
    const open = accuracy({ ...gap, measured: 0.03, lower: 0.01, upper: 0.06, decides });
    expect(text(optionsFor(open))).toBe(`A${decides.slice(1)}. The bound that decides is 6.0 %, the target 5.0 %.`);
  });

  it("judges fresh photographs at the level of a first opening, whatever this one was", () => {
    const at = (opening: number, alpha: number) =>
      optionsFor(accuracy({ alpha }), {}, { testOpening: opening, testAlpha: alpha })[0]!.what;
    expect(at(3, (0.2 * 0.05) / 6)).toBe(at(1, 0.04));
  });

  it("counts the mistakes that a proof would allow", () => {
    // Clopper–Pearson at 0.04 (SciPy): 484 of 500 prove 95 %, 483 do not.
    const line = accuracy({ measured: 480 / 500, n: 500, lower: 0.9405, upper: 0.974 });
    expect(text(optionsFor(line))).toContain("A model that makes 16 mistakes in 500 photographs, not 20");
    expect(text(optionsFor(accuracy({ measured: 1, n: 50, lower: 0.937, upper: 1 })))).toContain(
      "Even 50 of 50 right would not prove 95.0 %",
    );
  });

  it("carries the gain of the last doubling on, with the band of that gain, and not where it is within its noise", () => {
    const line = accuracy({ measured: 0.932, lower: 0.91, upper: 0.948, n: 600, verdict: "not met" });
    const shown = text(optionsFor(line, sampleExtras));
    expect(shown).toMatch(/About [\d,]+ training photographs\./);
    expect(shown).toContain("From 1,476 to 2,952 training photographs brought +1.6 ± 0.5 points out of fold");
    expect(shown).toContain("lower limits");
    const { doubling } = sampleExtras.learningCurve!;
    const flat = {
      ...sampleExtras.learningCurve!,
      doubling: { ...doubling, gain: { value: 0.002, standardError: 0.004 } },
    };
    const unknown = text(optionsFor(line, { ...sampleExtras, learningCurve: flat }));
    expect(unknown).toContain("how many is not known");
    expect(unknown).toContain("within its noise");
  });

  it("counts photographs in groups for what they are worth", () => {
    // 480 of 500 in groups that count for 200: as 192 of 200, of which 196 (SciPy) would have to be right.
    const line = accuracy({ measured: 480 / 500, n: 500, lower: 0.92, upper: 0.983, designEffect: 2.5 });
    const alone = testImagesNeeded({ rate: 0.96, target: 0.95, alpha: 0.04, power: 0.8 })!;
    const options = optionsFor(line);
    expect(options[0]!.what).toBe(`About ${Math.ceil(2.5 * alone).toLocaleString("en-US")} fresh test photographs`);
    expect(options[0]!.why).toContain(
      `500 were judged, which come in groups and count for 200; of photographs without groups ${alone.toLocaleString("en-US")} would do`,
    );
    expect(text(options)).toMatch(/A model that makes \d+ mistakes in 500 photographs, not 20\..*count for 200/);
    const allowed = (designEffect: number): number =>
      Number(/that makes (\d+) mistakes/.exec(text(optionsFor(accuracy({ ...line, designEffect }))))![1]);
    expect(allowed(1)).toBe(16);
    expect(allowed(2.5)).toBe(10);
    // 250 of which 5 stand for one count for 50, of which all would not do.
    const few = accuracy({ measured: 1, n: 250, lower: 0.937, upper: 1, designEffect: 5 });
    expect(text(optionsFor(few))).toContain("Even 250 of 250 right would not prove 95.0 %, which come in groups");
  });

  it("counts them for a class too", () => {
    const line = sample.requirements.find(({ kind }) => kind === "worst-class-recall")!;
    const price = (designEffect?: number): number => {
      const classes = sample.metrics.classes.map((row) => ({ ...row, ...(designEffect && { designEffect }) }));
      const evidence = { ...sample, metrics: { ...sample.metrics, classes }, requirements: [line] };
      const found = text([...priceLines(evidence, {})[0]!.options]);
      return Number(/About ([\d,]+) fresh test photographs of "/.exec(found)![1]!.replaceAll(",", ""));
    };
    expect(price(3)).toBe(3 * price());
  });

  it("offers the learning curve of a frozen network's head for a fine-tuned one only as what it is", () => {
    const line = accuracy({ measured: 0.932, lower: 0.91, upper: 0.948, n: 600, verdict: "not met" });
    const find = (extras: ReportExtras) =>
      optionsFor(line, extras).find(({ what }) => /training photographs/.test(what));
    expect(find(sampleExtras)).toMatchObject({ surety: "measured effect" });
    const tuned = find(tunedExtras)!;
    expect(tuned.surety).toBe("effect not measured");
    expect(tuned.what).toContain("did it gain as that head");
    expect(tuned.why).toContain("for a head on the frozen network; the delivered one was fine-tuned");
  });

  it("compares a cheaper recipe only with what was measured on the same photographs", () => {
    const line = buildLine({
      id: "C1",
      text: "x",
      kind: "latency",
      unit: "seconds",
      measured: 0.04,
      lower: 0.038,
      upper: 0.045,
      target: { comparison: "<", value: 0.03 },
    });
    const dear = { ...sampleExtras.candidates![1]!, multiplyAdds: 900e6 };
    const cheap = sampleExtras.candidates![0]!;
    expect(text(optionsFor(line, { candidates: [cheap, dear] }))).toContain(
      "at 93.1 % on train, out of fold instead of 94.0 %",
    );
    const shown = text(optionsFor(line, { candidates: [cheap, { ...dear, on: "select" }] }));
    expect(shown).toContain(
      "at 93.1 % on train, out of fold; the one in use has 94.0 % on select, which is not comparable",
    );
  });

  it("names actions with what the trace has of them: refused with the measured gain, or not measured", () => {
    const options = optionsFor(accuracy({ measured: 0.93 }), sampleExtras);
    const shown = text(options);
    expect(shown).toContain("efficientnet-lite2@260, squash-260-cubic, whole: +1.3 ± 0.5 points on train, out of fold");
    expect(shown).toContain("Measured and refused: it takes 123 ms for one image");
    expect(shown).toMatch(
      /The action "mirror" \(about 5 min 12 s\)\. .*what it brings was not measured; a larger --budget tries it/,
    );
    expect(shown).toContain("Review 37 labels of training photographs");
    const order = ["certain", "likely", "measured effect", "effect not measured"];
    const ranks = options.map(({ surety }) => order.indexOf(surety));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(text(optionsFor(accuracy({ measured: 0.93 })))).not.toMatch(/action|recipe|labels|training photographs/);
  });

  it("promises nothing of a larger budget for what did not fit the memory", () => {
    const mirror = sampleExtras.candidates!.at(-1)!;
    const unfit = { ...mirror, name: "fine-tune all layers", seconds: null, reason: "they need 9 GB, 2 GB are there" };
    const shown = text(optionsFor(accuracy({ measured: 0.93 }), { candidates: [unfit] }));
    expect(shown).toContain('The action "fine-tune all layers". Not measured: they need 9 GB, 2 GB are there.');
    expect(shown).not.toContain("--budget");
    const both = text(optionsFor(accuracy({ measured: 0.93 }), { candidates: [mirror, unfit] }));
    expect(both).toMatch(/The action "mirror" \(about .*--budget/);
    expect(both).toContain("Not measured: they need 9 GB");
  });

  it("goes class by class for the worst class", () => {
    const line = sample.requirements.find(({ kind }) => kind === "worst-class-recall")!;
    const shown = text(optionsFor(line, sampleExtras));
    expect(shown).toContain('training photographs of "Blouse", the other classes growing alike');
    expect(shown).toContain('Review 21 labels of training photographs in "Blouse"');
    expect(shown).toMatch(/About \d+ fresh test photographs of "/);
  });

  it.each([
    [
      { kind: "image-count", unit: "images", measured: 4724, lower: 4724, upper: 4724, target: 5000 },
      "276 more labelled photographs",
    ],
    [
      { kind: "latency", unit: "seconds", measured: 0.04, lower: 0.038, upper: 0.045, target: 0.015, comparison: "<" },
      "3.0 times less: 30.0 ms have to go",
    ],
    [
      {
        kind: "latency",
        unit: "seconds",
        measured: 0.01,
        lower: 0.005,
        upper: 0.02,
        n: 100,
        target: 0.015,
        comparison: "<",
      },
      "The same measurement on a machine with nothing else to do. The bound 20.0 ms from 100 timings lies 2.0 times as far",
    ],
    [
      { kind: "balanced-accuracy", unit: "fraction", measured: 0.8, lower: 0.7, upper: 0.9, n: 100, target: 0.75 },
      "About 910 fresh photographs",
    ],
  ] as const)("%o", ({ target, ...part }, expected) => {
    const comparison = "comparison" in part ? part.comparison : ">=";
    const line = buildLine({ id: "C1", text: "x", ...part, target: { comparison, value: target } });
    expect(text(optionsFor(line))).toContain(expected);
  });

  it.each([
    { kind: "latency", unit: "seconds", measured: 0.01, lower: 0.005, upper: 0.02, comparison: "<", target: 0.015 },
    {
      kind: "http-latency",
      unit: "seconds",
      measured: 0.01,
      lower: 0.005,
      upper: 0.02,
      comparison: "<",
      target: 0.015,
    },
    { kind: "throughput", unit: "images/s", measured: 40, lower: 30, upper: 50, comparison: ">", target: 35 },
  ] as const)("names no number of runs for $kind, which no option sets", ({ comparison, target, ...part }) => {
    const line = buildLine({ id: "C1", text: "x", ...part, n: 100, target: { comparison, value: target } });
    const shown = text(optionsFor(line));
    expect(shown).not.toMatch(/About [\d,]+/);
    expect(shown).toContain("a machine with nothing else to do");
  });

  it("offers for 100 % nothing but a smaller number: no photographs and no model prove it", () => {
    const line = accuracy({ target: { comparison: ">=", value: 1 }, measured: 1, lower: 0.984, upper: 1 });
    const options = optionsFor(line, sampleExtras);
    expect(options).toHaveLength(1);
    expect(text(options)).toContain("By its bound, at least 98.4 % would be met");
  });

  it("asks for a number where the line has none, and says nothing where nothing was measured", () => {
    const aimless = buildLine({
      id: "R1",
      text: "Slow",
      kind: "latency",
      unit: "seconds",
      measured: 0.02,
      upper: 0.03,
    });
    expect(text(optionsFor(aimless))).toMatch(/Give the line a number.*at most 30.0 ms would be met/);
    expect(optionsFor(buildLine({ id: "G1", text: "API", kind: "api" }))).toEqual([]);
  });
});
