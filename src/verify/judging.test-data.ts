/** Measurements to be judged in tests, and lines to judge them by. */
import { parseSpec, type Requirement } from "../spec/index.js";
import { openingAlpha } from "../statistics/index.js";
import type { Levels, Measurements } from "./finding.js";
import { judge } from "./judge.js";
import type { Outcome } from "./measure.js";

/** Outcomes of each class: so many photographs, so many right; the wrong ones go to the next class. */
export function outcomes(...classes: readonly (readonly [n: number, right: number])[]): Outcome[] {
  return classes.flatMap(([n, right], truth) =>
    Array.from({ length: n }, (_, i): Outcome => {
      const predicted = i < right ? truth : (truth + 1) % classes.length;
      const probabilities = new Float32Array(classes.length).fill(0.2 / (classes.length - 1));
      probabilities[predicted] = 0.8;
      return { path: `${truth}/${i}`, pixelHash: `${truth}-${i}`, truth, predicted, probabilities };
    }),
  );
}

export const levels: Levels = { spec: 0.05, test: openingAlpha(0.05, 1), opening: 1, spentAt: null };

export function measurements(changes: Partial<Measurements> = {}): Measurements {
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

export function line(text: string, list = "CONSTRAINTS"): Requirement {
  return parseSpec(`## ${list}\n- ${text}\n`, "spec.md", "markdown").requirements[0]!;
}

export const verdictOf = (text: string, changes: Partial<Measurements> = {}, at = levels): string =>
  judge(line(text), measurements(changes), at).verdict;
