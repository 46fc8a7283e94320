/** What learning finds out by the way, on predictions that are counted by hand. */
import { expect, test } from "vitest";
import type { Picture } from "../dataset/index.js";
import type { TraceEvent } from "../trace/index.js";
import { findDoubtfulLabels, findMistakes, mistakesOf } from "./insights.js";
import type { Part } from "./parts.js";
import { readCandidates } from "./report-data.js";

const names = ["cup", "mug"];

/** A photograph for each probability of "mug", with its label. */
function partOf(rows: readonly (readonly [label: number, mug: number])[]): { part: Part; logits: Float32Array } {
  const pictures = rows.map((_, i) => ({ path: `${i}.jpg` }) as Picture);
  const labels = Int32Array.from(rows, ([label]) => label);
  const logits = Float32Array.from(rows.flatMap(([, mug]) => [Math.log(1 - mug), Math.log(mug)]));
  return { part: { pictures, labels, groups: pictures.map(({ path }) => path) }, logits };
}

test("mistakes come by the confidence of the wrong label, with the temperature applied", () => {
  const { part, logits } = partOf([
    [0, 0.6],
    [0, 0.1],
    [1, 0.05],
    [1, 0.7],
  ]);
  const { images, count, worst } = mistakesOf(part, logits, 1, names);
  expect([images, count]).toEqual([4, 2]);
  expect(worst.map(({ path, actual, labelled }) => [path, actual, labelled])).toEqual([
    ["2.jpg", "mug", "cup"],
    ["0.jpg", "cup", "mug"],
  ]);
  expect(worst[0]!.confidence).toBeCloseTo(0.95, 5);
  expect(worst[0]!.actualProbability).toBeCloseTo(0.05, 5);
  // At temperature 2: √0.95 / (√0.95 + √0.05).
  expect(mistakesOf(part, logits, 2, names).worst[0]!.confidence).toBeCloseTo(0.8134, 4);
});

test("a label chosen by a decision bias keeps its own probability", () => {
  const found = findMistakes([{ path: "a", truth: 0, predicted: 1 }], (_, label) => [0.6, 0.4][label]!, names);
  expect(found).toEqual([{ path: "a", actual: "cup", labelled: "mug", confidence: 0.4, actualProbability: 0.6 }]);
});

test("a label is in doubt where the other class is named with its usual confidence", () => {
  // Mugs are usually 0.8 sure: (0.9 + 0.7 + 0.8) / 3. Of the cups taken for mugs one reaches that, the other does not.
  const { part, logits } = partOf([
    [1, 0.9],
    [1, 0.7],
    [1, 0.8],
    [0, 0.85],
    [0, 0.75],
    [0, 0.1],
  ]);
  const doubtful = findDoubtfulLabels(part, logits, names);
  expect(doubtful).toMatchObject({ images: 6, count: 1, classes: [{ label: "cup", count: 1, images: 3 }] });
  expect(doubtful.worst.map(({ path, label, predicted }) => [path, label, predicted])).toEqual([
    ["3.jpg", "cup", "mug"],
  ]);
});

const event = (kind: TraceEvent["kind"], text: string, data: TraceEvent["data"] = {}, stage = "loop"): TraceEvent => ({
  at: "2026-01-01T00:00:00.000Z",
  kind,
  stage,
  text,
  data,
});

test("candidates are the recipes of the trace, with what was decided", () => {
  const figures = { accuracy: 0.9, logLoss: 0.3, headSeconds: 2, multiplyAdds: 4e8 };
  const gains = { accuracyGain: 0.01, accuracyStandardError: 0.004, logLossGain: 0.02, logLossStandardError: Infinity };
  const found = readCandidates([
    event("action", "try 999 photographs"),
    event("observation", "plain: accuracy 90 %", { ...figures, recipe: "plain" }),
    event("observation", "mirror: …: kept", { ...figures, ...gains, recipe: "a", name: "mirror", verdict: "kept" }),
    event("observation", "x: …: rolled back", { ...figures, ...gains, recipe: "b", name: "x", verdict: "rolled back" }),
    event("observation", "x: …", { ...figures, ...gains, recipe: "c", name: "x", refusal: "too slow", seconds: 9 }),
    event("observation", "z: …: kept", { ...figures, ...gains, recipe: "d", name: "z", verdict: "kept", on: "select" }),
    event("decision", "y: not measured; it takes about 9 s", { name: "y", unmeasured: true, seconds: 9 }),
    event("decision", "no more trials"),
    event("observation", "accuracy", { recipe: "z" }, "head"),
  ]);
  expect(found.map(({ name, action, outcome, seconds }) => [name, action, outcome, seconds])).toEqual([
    ["plain", null, "start", 2],
    ["a", "mirror", "kept", 2],
    ["b", "x", "rolled back", 2],
    ["c", "x", "refused", 9],
    ["d", "z", "kept", 2],
    ["y", "y", "not measured", 9],
  ]);
  const out = "train, out of fold";
  expect(found.map(({ on }) => on)).toEqual([out, out, out, out, "select", out]);
  expect(found[1]!.accuracyGain).toEqual({ value: 0.01, standardError: 0.004 });
  expect(found[1]!.logLossGain!.standardError).toBeNaN();
  expect(found[3]!.reason).toBe("too slow");
});

test("an action that was interrupted and then left out is one candidate, and so is one whose rest is beyond the budget", () => {
  const performed = (): TraceEvent => event("action", "resize mode", { name: "resize mode" });
  const begun = (): TraceEvent[] => [
    event("decision", "resize mode: 2 not measured, they exceed the budget", { name: "resize mode", isPart: true }),
    performed(),
  ];
  const whole = event("decision", "resize mode: not measured; it takes about 11.3 s, 7.6 s are left", {
    name: "resize mode",
    unmeasured: true,
    seconds: 11.3,
    why: "7.6 s are left",
  });
  const rows = (...trace: TraceEvent[]) => readCandidates(trace).map(({ name, seconds }) => [name, seconds]);
  expect(rows(...begun(), whole)).toEqual([["resize mode", 11.3]]);
  expect(rows(...begun())).toEqual([["resize mode", null]]);
  expect(rows(...begun(), ...begun())).toEqual([["resize mode", null]]);
  expect(rows(...begun(), performed())).toEqual([]);
});
