/** Golden examples: photographs with the pixels and probabilities they must give, so that a bundle proves itself where it runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { names } from "../backbone/index.js";
import { Fault } from "../core/index.js";
import { inferBatch } from "../features/index.js";
import { decodePixels, encodePng, prepare, type View } from "../image/index.js";
import type { SessionPool } from "../onnx/index.js";
import { decide } from "./decide.js";
import { type BundleContent, fileNames } from "./manifest.js";

export interface GoldenExample {
  /** The photograph without metadata, in `golden/`. */
  readonly image: string;
  /** Its prepared square as PNG, in `golden/`. */
  readonly pixels: string;
  readonly label: string;
  readonly probabilities: readonly number[];
}

/** Where another processor or library computes: the largest tolerated difference. */
export const tolerances = {
  /** Mean absolute difference of prepared pixels, of 255. */
  pixels: 2,
  /** Of a probability. */
  probability: 0.02,
} as const;

export interface GoldenReport {
  /** Whether this is the platform that wrote the examples, where outputs must agree bit for bit. */
  readonly exact: boolean;
  readonly examples: number;
  /** Largest difference of a probability. */
  readonly difference: number;
}

/** What an answer depends on besides the model. */
export type Answering = Pick<BundleContent, "labels" | "preprocessing" | "decisionBias">;

/** Runs a photograph and returns its golden files' contents. */
export async function makeGolden(
  index: number,
  photograph: Uint8Array,
  { labels, preprocessing: view, decisionBias }: Answering,
  pool: SessionPool,
): Promise<{ example: GoldenExample; files: Record<string, Uint8Array> }> {
  const prepared = await prepare(photograph, view);
  const probabilities = await probabilitiesOf(photograph, view, pool);
  const image = `golden/${index}.png`;
  const pixels = `golden/${index}.pixels.png`;
  const label = labels[decide(probabilities, decisionBias)]!;
  return {
    example: { image, pixels, label, probabilities: [...probabilities] },
    files: { [image]: photograph, [pixels]: await encodePng(prepared, view.size, view.size) },
  };
}

/** Compares every golden example with what this machine computes. Throws `bundle-golden` saying by how much it is off. */
export async function checkGolden(
  folder: string,
  answering: Answering,
  pool: SessionPool,
  exact: boolean,
): Promise<GoldenReport> {
  const examples = JSON.parse(await readFile(join(folder, fileNames.golden), "utf8")) as readonly GoldenExample[];
  let difference = 0;
  for (const example of examples)
    difference = Math.max(difference, await checkExample(folder, example, answering, pool, exact));
  return { exact, examples: examples.length, difference };
}

async function checkExample(
  folder: string,
  example: GoldenExample,
  { labels, preprocessing: view, decisionBias }: Answering,
  pool: SessionPool,
  exact: boolean,
): Promise<number> {
  const photograph = await readFile(join(folder, example.image));
  const expected = await decodePixels(await readFile(join(folder, example.pixels)));
  const pixelDifference = meanDifference(await prepare(photograph, view), expected);
  const probabilities = await probabilitiesOf(photograph, view, pool);
  const difference = largestDifference(probabilities, example.probabilities);
  const label = labels[decide(probabilities, decisionBias)];
  const limits = exact ? { pixels: 0, probability: 0 } : tolerances;
  const passes =
    pixelDifference <= limits.pixels && difference <= limits.probability && (exact || label === example.label);
  if (!passes)
    throw new Fault("bundle-golden", {
      what: `${example.image} is not reproduced`,
      expected: `${example.label}, pixels within ${limits.pixels} and probabilities within ${limits.probability}`,
      got: `${label ?? "nothing"}, pixels off by ${pixelDifference.toPrecision(3)} and probabilities by ${difference.toPrecision(3)}`,
    });
  return difference;
}

async function probabilitiesOf(photograph: Uint8Array, view: View, pool: SessionPool): Promise<Float32Array> {
  const [row] = await inferBatch(pool, view, [async () => photograph], [names.probabilities]);
  if (!row?.ok) throw new Fault("bundle-invalid", { what: "a golden photograph cannot be decoded", cause: row?.error });
  return row.outputs.probabilities;
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

function largestDifference(a: Float32Array, b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
