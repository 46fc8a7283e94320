/** The photographs that a run may learn from, by split, and their features. */
import { learningTaps, type Recipe } from "../backbone/index.js";
import { random } from "../core/index.js";
import type { Picture, SplitName } from "../dataset/index.js";
import { assembleViews, type Extraction, extractFeatures, takeRows, type Views } from "../features/index.js";
import type { RunContext } from "./context.js";
import type { RunData } from "./data.js";
import type { JudgedImages } from "./limits.js";
import type { Workload } from "./workload.js";

export type Learnable = Exclude<SplitName, "test" | "excluded">;

export const learnable = ["train", "select", "calibrate"] as const satisfies readonly Learnable[];

/** The photographs of a split, each different picture once: copies teach nothing new. */
export interface Part {
  readonly pictures: readonly Picture[];
  /** Class index of each. */
  readonly labels: Int32Array;
  readonly groups: readonly string[];
}

export function partOf({ dataset, rows }: RunData, split: SplitName): Part {
  const indices = dataset.pictures.flatMap((_, i) => (rows[i]!.split === split ? [i] : []));
  const first = new Map(indices.toReversed().map((i) => [dataset.pictures[i]!.pixelHash, i]));
  const chosen = [...first.values()].toReversed();
  const classIndex = new Map(dataset.classes.map((label, i) => [label, i]));
  const pictures = chosen.map((i) => dataset.pictures[i]!);
  return {
    pictures,
    labels: Int32Array.from(pictures, ({ label }) => classIndex.get(label)!),
    groups: chosen.map((i) => rows[i]!.group),
  };
}

/** How many photographs the splits have that lines of a spec are judged on. */
export function judgedImages(data: RunData, { calibrate }: Readonly<Record<Learnable, Part>>): JudgedImages {
  const test = partOf(data, "test").pictures.length;
  return { test, calibrate: calibrate.pictures.length, opening: data.opened + 1 };
}

export function joinParts(parts: readonly Part[]): Part {
  return {
    pictures: parts.flatMap(({ pictures }) => pictures),
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    groups: parts.flatMap(({ groups }) => groups),
  };
}

/** At most so many photographs of a part, of every class its share and of none fewer than a few; the same for the same seed. */
export function sampleOf(part: Part, count: number, seed: number): Part {
  if (part.pictures.length <= count) return part;
  const share = count / part.pictures.length;
  const taken = new Map<number, number>();
  const total = new Map<number, number>();
  for (const label of part.labels) total.set(label, (total.get(label) ?? 0) + 1);
  const order = random(seed, "sample").shuffle([...part.labels.keys()]);
  const rows = order.filter((row) => {
    const label = part.labels[row]!;
    const before = taken.get(label) ?? 0;
    if (before >= Math.max(leastOfClass, Math.round(share * total.get(label)!))) return false;
    taken.set(label, before + 1);
    return true;
  });
  const sorted = rows.toSorted((a, b) => a - b);
  return {
    pictures: sorted.map((row) => part.pictures[row]!),
    labels: Int32Array.from(sorted, (row) => part.labels[row]!),
    groups: sorted.map((row) => part.groups[row]!),
  };
}

/** Fewer photographs of a class make no fold worth its name. */
const leastOfClass = 5;

/** Features of every learnable part by a recipe and by its random views, in one pass. Throws as `extractFeatures` does. */
export async function extractParts(
  { around, request }: RunContext,
  root: string,
  parts: Readonly<Record<Learnable, Part>>,
  recipe: Recipe,
  workload: Workload,
): Promise<{ features: Readonly<Record<Learnable, Views>>; extraction: Extraction }> {
  const sources = learnable.flatMap((split) => parts[split].pictures);
  const taps = learningTaps(recipe, request.seed);
  const extraction = await workload.record(extractFeatures(sources, taps, { root, ...around }));
  const { clean, drawn } = assembleViews(recipe, extraction.features);
  let from = 0;
  const next = ({ pictures }: Part): Views => {
    const rows = pictures.map((_, i) => from + i);
    from += rows.length;
    return { clean: takeRows(clean, rows), drawn: drawn.map((view) => takeRows(view, rows)) };
  };
  const [train, select, calibrate] = learnable.map((split) => next(parts[split]));
  return { features: { train: train!, select: select!, calibrate: calibrate! }, extraction };
}
