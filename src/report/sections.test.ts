/** The sections below the verdicts; names that may hold anything; confusions. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatSeconds } from "../core/index.js";
import { rankConfusions } from "./confusion.js";
import { renderReport } from "./index.js";
import { sampleExtras, tunedExtras } from "./extras.test-data.js";
import { buildLine, hostileName } from "./measurements.test-data.js";
import { sample, withClasses } from "./sample.test-data.js";
import { measureStages } from "./timeline.js";
import { readPage } from "./well-formed.test-data.js";

const page = renderReport(sample, sampleExtras);
const read = readPage(page);

/** Every text in a value replaced by one of two, but for pictures and the words of a fixed vocabulary. */
function spoil<T>(value: T, name: string, other: string, key = ""): T {
  if (typeof value === "string") {
    const fixed = value.startsWith("data:") || key === "split" || key === "outcome" || key === "on";
    return (fixed ? value : value.length % 2 === 0 ? name : other) as T;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => spoil(item, name, other, key)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([each, item]) => [each, spoil(item, name, other, each)])) as T;
}

/** Every number in a value as the report may write it; numbers within texts as they stand. */
function writings(value: unknown): string[] {
  if (typeof value === "string")
    return value.startsWith("data:") ? [] : [...value.matchAll(numeral)].map(([one]) => one);
  if (typeof value === "number") {
    const absolute = Math.abs(value);
    const scaled = [0, 1].map((digits) => (100 * absolute).toFixed(digits));
    const texts = [
      formatCount(absolute),
      ...scaled,
      absolute.toFixed(3),
      formatSeconds(absolute),
      formatBytes(absolute),
    ];
    const operations = [(absolute / 1e6).toPrecision(3), (absolute / 1e9).toPrecision(3)];
    return [...texts, ...operations].flatMap((text) => text.match(numeral) ?? []);
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(writings) : [];
}

const numeral = /\d[\d,]*(?:\.\d+)?/g;

/** The text of a section without the ticks of its axes. */
function sectionText(id: string): string {
  const source = page.slice(page.indexOf(`<section id="${id}"`));
  const section = source.slice(0, source.indexOf("</section>"));
  return readPage(
    `<!doctype html>${section.replace(/<text class="tick".*?<\/text>/g, "").replaceAll(">", "> ")}</section>`,
  ).text;
}

describe("the sections below", () => {
  const trains = sample.metrics.classes.map(({ trainCount }) => trainCount);
  const total = trains.reduce((sum, count) => sum + count, 0);
  const sums = [total, total / trains.length, trains.filter((count) => count < total / trains.length / 2).length];
  const known = new Set([
    ...writings([sample, sampleExtras, sampleExtras.mistakes!.map(({ worst }) => worst.length)]),
    ...writings([...sums.map(Math.round), sample.metrics.classes.length]),
    (Math.max(...trains) / Math.min(...trains)).toFixed(1),
    "95", // the level of the intervals
  ]);

  it.each(["accuracy", "confusions", "mistakes", "reliability", "costs", "candidates", "plan", "distribution", "data"])(
    "%s has no number but those of the evidence",
    (id) => {
      const shown = sectionText(id).match(numeral) ?? [];
      expect(shown.length).toBeGreaterThan(2);
      if (id === "accuracy" || id === "confusions") return; // shares of sums; their own tests say which
      expect(shown.filter((one) => !known.has(one))).toEqual([]);
    },
  );

  it("tells every recipe with what was decided", () => {
    const text = sectionText("candidates");
    for (const candidate of sampleExtras.candidates!) {
      expect(text).toContain(candidate.name);
      expect(text).toContain(candidate.outcome);
    }
    expect(text).toContain("+1.3 ± 0.5 points");
    expect(text).toContain("−0.042 ± 0.012");
    expect(text).toContain("385 M");
    expect(text).toMatch(/Log loss\s+Utility\s+Cost\s+multiply-adds of one picture\s+time of the trial\s+Decision/);
  });

  it("repeats no tick of a curve, however narrow its range", () => {
    const judged = (accuracy: number) => ({ accuracy, loss: 0.1 + (1 - accuracy) / 10 });
    const history = [0.971, 0.978, 0.984].map((accuracy, epoch) => ({
      ...tunedExtras.fineTuning!.history[0]!,
      epoch,
      train: judged(accuracy),
      select: judged(accuracy - 0.004),
      averaged: null,
    }));
    const best = { epoch: 2, isAveraged: false, loss: 0.1 };
    const tuned = renderReport(sample, { ...tunedExtras, fineTuning: { ...tunedExtras.fineTuning!, history, best } });
    for (const title of ["Log loss by epoch", "Accuracy by epoch"]) {
      const plot = tuned.slice(tuned.indexOf(`<b>${title}`)).split("</figure>", 1)[0]!;
      const ticks = [...plot.matchAll(/<text class="tick"[^>]*text-anchor="end">([^<]*)</g)].map(([, tick]) => tick);
      expect(ticks.length).toBeGreaterThan(2);
      expect(new Set(ticks).size).toBe(ticks.length);
    }
  });

  it("puts what was measured on select and what was measured out of fold on axes of their own, each with its name", () => {
    const figures = (extras: typeof sampleExtras): string[] =>
      [...renderReport(sample, extras).matchAll(/<figure>.*?<\/figure>/gs)]
        .map(([figure]) => figure)
        .filter((figure) => figure.includes(" against cost"));
    expect(figures(sampleExtras)).toHaveLength(1);
    const [outOfFold, select, ...others] = figures(tunedExtras);
    expect(others).toEqual([]);
    expect(outOfFold).toContain("accuracy on train, out of fold");
    expect(outOfFold).not.toMatch(/select|tuned@/);
    expect(select).toContain("accuracy on select");
    expect(select).not.toMatch(/out of fold|squash/);
    expect(select).toMatch(/tuned@224: 97\.1 %.*tuned@288: 96\.1 %/s);
    const text = readPage(renderReport(sample, tunedExtras)).text;
    expect(text).toMatch(/tuned@224\s*fine-tune the last stages; on select/);
    expect(text).toMatch(/whole\s*resize mode; on train, out of fold/);
  });

  it("says that the learning curve is that of heads, and where the model is none of them", () => {
    const [plain, tuned] = [sampleExtras, tunedExtras].map((extras) => readPage(renderReport(sample, extras)).text);
    const caveat = "The delivered network was fine-tuned: how it learns from more photographs was not measured";
    for (const text of [plain, tuned]) expect(text).toContain("heads on the frozen network; the last doubling brought");
    expect(plain).not.toContain(caveat);
    expect(tuned).toContain(caveat);
  });

  it("shows mistakes with picture, heat map and path, and says that none is from test", () => {
    expect(page.match(/<img class="photograph"/g)).toHaveLength(2);
    expect(page.match(/<img class="heat"/g)).toHaveLength(1);
    expect(sectionText("mistakes")).toContain("None is from test");
    expect(sectionText("mistakes")).toContain("97.4 % sure, 1.3 % for the true class");
    const hidden = sampleExtras.mistakes!.map((split) => ({
      ...split,
      worst: split.worst.map((one) => ({ ...one, thumbnail: null, heatMap: null })),
    }));
    const bare = renderReport(sample, { mistakes: hidden });
    expect(bare).not.toContain("<img");
    expect(readPage(bare).text).toContain("Photographs are kept out of this report");
    const flawless = renderReport(sample, { mistakes: [{ split: "select", images: 22, count: 0, worst: [] }] });
    expect(readPage(flawless).text).toContain("0 of 22 photographs are wrong");
    expect(flawless).not.toContain("kept out of this report");
  });

  it("says so where the mistakes of test are shown, and where they were before", () => {
    const [first] = sampleExtras.mistakes!;
    const { text } = readPage(renderReport(sample, { mistakes: [{ ...first!, split: "test" }] }));
    expect(text).toContain("this test split is spent");
    expect(text).not.toContain("None is from test");
    expect(text).not.toContain("Individual test photographs are not shown");
    const spent = { ...sample, run: { ...sample.run, testSpentAt: "2026-03-11T09:00:00.000Z" } };
    expect(readPage(renderReport(spent)).text).toContain("Spent test.");
  });

  it("adds up the time of each part, and leaves the pause before a resumed run out", () => {
    const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
    const { stages, seconds } = measureStages([
      { at: at(0), kind: "action", stage: "scan", text: "" },
      { at: at(4), kind: "observation", stage: "scan", text: "" },
      { at: at(10), kind: "observation", stage: "features", text: "" },
      { at: at(5000), kind: "action", stage: "scan", text: "" },
      { at: at(5003), kind: "observation", stage: "scan", text: "" },
    ]);
    expect(seconds).toBe(13);
    expect(stages).toEqual([
      {
        name: "scan",
        spans: [
          [0, 4],
          [10, 13],
        ],
      },
      { name: "features", spans: [[4, 10]] },
    ]);
  });
});

describe("names that may hold anything", () => {
  it("shows hostile names as text", () => {
    expect(page).not.toContain("<script");
    expect(page).not.toMatch(/<img src=x|<img(?! class="(?:photograph|heat)" src="data:image)/);
    expect(page).not.toContain("\u202e");
    expect(read.text).toContain(`<script>alert("1")</script> & 'Co' \ufffdgnol⏎second line 🧦`);
    expect(hostileName).toContain("\u202e");
  });

  it("stays well-formed whatever the names and texts are", () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("<", ">", "&", '"', "'", "`", "\n", "\0", "\u001b", "{{", "-->", "]]>", "</style>", "${", "🧦"),
        fc.string({ unit: "binary", maxLength: 2 }),
      ),
    });
    fc.assert(
      fc.property(text, text, (name, other) => {
        const evidence = {
          ...withClasses([name, other], [3, 4], [[0, 1, 1]]),
          requirements: [buildLine({ id: name, text: other, evidence: name })],
          notBuiltYet: [other],
        };
        const run = { ...evidence.run, images: name, specSource: other, finishedAt: name };
        const findings = [{ severity: "warning", text: name, count: 2, examples: [other] } as const];
        const { problems } = readPage(
          renderReport(
            { ...evidence, run, findings },
            {
              ...spoil(sampleExtras, name, other),
              trace: [
                { at: other, kind: name, stage: name, text: other },
                { at: name, kind: other, stage: other, text: name },
              ],
            },
          ),
        );
        expect(problems).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("takes no markup from parsed JSON", () => {
    const forged = JSON.parse('{"markup":"<b>"}') as unknown as string;
    expect(() => renderReport({ ...sample, notBuiltYet: [forged] })).toThrow(TypeError);
  });
});

describe("confusions", () => {
  it("are ranked by number, then by share of their class", () => {
    const ranked = rankConfusions([
      [7, 3, 0],
      [1, 9, 3],
      [0, 0, 0],
    ]);
    expect(ranked.map(({ actual, labelled, count }) => [actual, labelled, count])).toEqual([
      [0, 1, 3],
      [1, 2, 3],
      [1, 0, 1],
    ]);
    expect(ranked[0]!.share).toBeCloseTo(0.3);
  });
});
