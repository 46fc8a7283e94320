/** What a resumed run says again. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTrace, readTrace, type TraceEvent } from "./index.js";

test("a resumed run writes down what is new of its search, and not what it recalls", () => {
  const path = join(mkdtempSync(join(tmpdir(), "assay-trace-")), "trace.jsonl");
  const heard: string[] = [];
  const open = () =>
    openTrace(
      path,
      () => new Date(),
      ({ text }) => void heard.push(text),
    );
  const search = (seconds: number, accuracy: number): void => {
    const trace = open();
    trace.add("action", "scan", "scan photos");
    trace.add("thought", "loop", `mirror: it is steadier; about ${seconds} s`, { name: "mirror", seconds, gain: 0.1 });
    trace.add("observation", "loop", "mirror: accuracy", { name: "mirror", accuracy, spread: Number.NaN, seconds });
    trace.add("fault", "loop", "interrupted");
  };
  search(1, 0.9);
  search(2, 0.9);
  search(3, 0.8);
  const texts = (events: readonly TraceEvent[]): string[] => events.map(({ text }) => text);
  const again = ["scan photos", "interrupted"];
  const first = ["scan photos", "mirror: it is steadier; about 1 s", "mirror: accuracy", "interrupted"];
  expect(texts(readTrace(path))).toEqual([...first, ...again, "scan photos", "mirror: accuracy", "interrupted"]);
  expect(open().events).toEqual(readTrace(path));
  expect(heard.filter((text) => text === "mirror: accuracy")).toHaveLength(3);
});

test("one process may say the same twice", () => {
  const trace = openTrace(null, () => new Date());
  for (const _ of [1, 2]) trace.add("observation", "loop", "gradients overflowed", {});
  expect(trace.events).toHaveLength(2);
});
