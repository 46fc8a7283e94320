/** Golden examples: photographs with the pixels and probabilities they must give, so that a bundle proves itself where it runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { names } from "../backbone/index.js";
import { describeMachine, type Machine, platformKey } from "../bench/index.js";
import { Fault } from "../core/index.js";
import { inferBatch } from "../features/index.js";
import { decodePixels, encodePng, prepare, type View } from "../image/index.js";
import { devices, type SessionPool } from "../onnx/index.js";
import { decide } from "./decide.js";
import { type BundleContent, type BundleManifest, fileNames } from "./manifest.js";

export interface GoldenExample {
  /** The photograph without metadata, in `golden/`. */
  readonly image: string;
  /** Its prepared square as PNG, in `golden/`. */
  readonly pixels: string;
  readonly label: string;
  readonly probabilities: readonly number[];
}

/** Where another processor or library computes: the largest tolerated difference. The label must be the same everywhere. */
export const tolerances = {
  /** Mean absolute difference of prepared pixels, of 255. */
  pixels: 2,
  /** Of a probability. */
  probability: 0.02,
} as const;

export interface GoldenReport {
  /** Whether this is the platform that wrote the examples, where outputs must agree bit for bit. */
  readonly exact: boolean;
  /** Where it is another one: what differs, such as "libvips 8.17.3 instead of 8.18.7". */
  readonly unlike: readonly string[];
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
export async function checkGolden(folder: string, manifest: BundleManifest, pool: SessionPool): Promise<GoldenReport> {
  const { device } = pool.placed;
  const unlike = platformDifferences(manifest, describeMachine(device));
  const exact = unlike.length === 0;
  const examples = await readExamples(folder, manifest);
  const seen = await Promise.all(examples.map((example) => compare(folder, example, manifest, pool)));
  for (const [i, example] of examples.entries()) judge(example, seen[i]!, exact, unlike);
  const difference = Math.max(...seen.map(({ probability }) => probability));
  return { exact, unlike, examples: examples.length, difference };
}

/** What differs from the machine that wrote the bundle; nothing where outputs must agree bit for bit. */
function platformDifferences({ platform, versions }: BundleManifest, here: Machine): string[] {
  const { device = "cpu" } = here;
  if (device !== "cpu") return [`${devices[device].title} instead of the CPU`];
  if (platform === platformKey(here)) return [];
  const libraries = { onnxruntime: "ONNX Runtime", libvips: "libvips" } as const;
  const others = (["onnxruntime", "libvips"] as const).filter((name) => versions[name] !== here[name]);
  if (others.length === 0) return ["another processor or system"];
  return others.map((name) => `${libraries[name]} ${here[name]} instead of ${versions[name]}`);
}

/** Paths of the golden photographs of a bundle. Throws `bundle-invalid`. */
export async function goldenPhotographs(folder: string, manifest: BundleManifest): Promise<string[]> {
  return (await readExamples(folder, manifest)).map(({ image }) => join(folder, image));
}

/** Reads golden.json: at least one example, and only files that the manifest vouches for. Throws `bundle-invalid`. */
async function readExamples(folder: string, { files }: BundleManifest): Promise<readonly GoldenExample[]> {
  const path = join(folder, fileNames.golden);
  const examples = parseExamples(await readFile(path, "utf8"));
  const vouched = examples?.every(({ image, pixels }) => image in files && pixels in files);
  if (!examples || examples.length === 0 || !vouched)
    throw new Fault("bundle-invalid", {
      what: `${path} has no golden examples that ${fileNames.manifest} vouches for`,
    });
  return examples;
}

function parseExamples(text: string): readonly GoldenExample[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as readonly GoldenExample[]) : null;
  } catch {
    return null; // told by the caller
  }
}

/** How far an example is from what was written. */
interface Comparison {
  readonly pixels: number;
  readonly probability: number;
  readonly label: string | undefined;
}

async function compare(
  folder: string,
  example: GoldenExample,
  { labels, preprocessing: view, decisionBias }: Answering,
  pool: SessionPool,
): Promise<Comparison> {
  const photograph = await readFile(join(folder, example.image));
  const expected = await decodePixels(await readFile(join(folder, example.pixels)));
  const pixels = meanDifference(await prepare(photograph, view), expected);
  const probabilities = await probabilitiesOf(photograph, view, pool);
  const probability = largestDifference(probabilities, example.probabilities);
  return { pixels, probability, label: labels[decide(probabilities, decisionBias)] };
}

function judge(example: GoldenExample, got: Comparison, exact: boolean, unlike: readonly string[]): void {
  const limits = exact ? { pixels: 0, probability: 0 } : tolerances;
  const close = got.pixels <= limits.pixels && got.probability <= limits.probability;
  if (close && got.label === example.label) return;
  const where = exact ? "" : ` (tolerances, for ${unlike.join(", ")})`;
  throw new Fault("bundle-golden", {
    what: `${example.image} is not reproduced`,
    expected: `${example.label}, pixels within ${limits.pixels} and probabilities within ${limits.probability}${where}`,
    got: `${got.label ?? "nothing"}, pixels off by ${got.pixels.toPrecision(3)} and probabilities by ${got.probability.toPrecision(3)}`,
  });
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
