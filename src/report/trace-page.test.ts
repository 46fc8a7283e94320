/** The trace for people, and the summary that is derived from it. */
import { expect, test } from "vitest";
import type { TraceEvent } from "../trace/index.js";
import { renderTrace, summarizeRun } from "./index.js";
import { sample } from "./sample.test-data.js";

const events: TraceEvent[] = [
  ["scan", "action", "scan photos", {}],
  ["loop", "observation", "small: accuracy 80.0 %, log loss 0.700 out of fold", { start: true }],
  ["loop", "thought", "two backbones: they err differently", { name: "two backbones" }],
  [
    "loop",
    "observation",
    "two backbones: a + b: accuracy 84.0 %; +4.0 ± 1.0 points: kept",
    { name: "two backbones", verdict: "kept", accuracyGain: 0.04, seconds: 12 },
  ],
  [
    "loop",
    "observation",
    "mirror: a + b, mirrored: accuracy 83.9 %; −0.1 ± 0.5 points: rolled back",
    { name: "mirror", verdict: "rolled back", accuracyGain: -0.001, accuracyStandardError: 0.005 },
  ],
  [
    "loop",
    "decision",
    "resolution: not measured; it takes about 5 min, 1 min are left",
    { name: "resolution", unmeasured: true },
  ],
].map(
  ([stage, kind, text, data], second) =>
    ({ at: new Date(second * 1000).toISOString(), stage, kind, text, data }) as TraceEvent,
);

test("the summary says what was met, what brought it, and what did not pay, with the numbers of the trace", () => {
  const { achievements, factors, lessons } = summarizeRun(sample, events);
  const onSelect = events.map((event) => ({ ...event, data: { ...event.data, on: "select" } }));
  expect(summarizeRun(sample, onSelect).lessons.join()).toContain("(−0.1 ± 0.5 points of accuracy on select)");
  const met = sample.requirements.filter(({ verdict }) => verdict === "met");
  expect(achievements).toHaveLength(met.length);
  expect(factors).toEqual([
    "The search began at small: accuracy 80.0 %, log loss 0.700 out of fold.",
    "two backbones: a + b: accuracy 84.0 %; +4.0 ± 1.0 points, in 12.0 s.",
  ]);
  expect(lessons).toContain(
    "mirror made no difference here beyond noise (−0.1 ± 0.5 points of accuracy out of fold): rolled back.",
  );
  expect(lessons).toContain("resolution: not measured; it takes about 5 min, 1 min are left.");
  for (const { id } of sample.requirements.filter(({ verdict }) => verdict !== "met"))
    expect(lessons.some((text) => text.startsWith(id))).toBe(true);
});

test.each([
  [-0.047, 0.01, null, "mirror did not pay here (−4.7 ± 1.0 points of accuracy out of fold): rolled back."],
  [
    0.047,
    0.03,
    null,
    "mirror made no difference here beyond noise (+4.7 ± 3.0 points of accuracy out of fold): rolled back.",
  ],
  [
    0,
    null,
    null,
    "mirror made no difference here beyond noise (+0.0 ± ? points of accuracy out of fold): rolled back.",
  ],
  [
    0.047,
    0.01,
    null,
    "mirror: +4.7 ± 1.0 points of accuracy out of fold, but log loss decides, and it gained too little: rolled back.",
  ],
  [0.047, 0.01, "too slow", "mirror: +4.7 ± 1.0 points of accuracy out of fold, refused, too slow."],
])("a change of %d ± %d, refused for %s, is told as what it is", (gain, error, refusal, lesson) => {
  const verdict = refusal === null ? "rolled back" : `refused, ${refusal}`;
  const data = { name: "mirror", verdict, refusal, accuracyGain: gain, accuracyStandardError: error };
  const { lessons } = summarizeRun(sample, [{ ...events[1]!, text: "mirror: as above", data }]);
  expect(lessons).toContain(lesson);
});

test("events are numbered as the plan cites them, by stage, each on one line", () => {
  const page = renderTrace([...events, { ...events[0]!, text: "two\nlines" }], null);
  expect(page).toContain("## loop\n\n2. **Observation:** small");
  expect(page).toContain("7. **Action:** two lines");
  expect(page).toContain("*(3.0 s)*");
});
