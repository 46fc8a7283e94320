/** Which recipe a run uses: searched on a sample of train, and kept in the run's folder so that a resumed run goes on with it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Backbone,
  checkPreprocessing,
  describeCheck,
  isModelFile,
  loadBackbone,
  mostPictures,
  plainRecipe,
  type Recipe,
  recipeName,
} from "../backbone/index.js";
import { formatSeconds, random } from "../core/index.js";
import { extractFeatures } from "../features/index.js";
import { prepare } from "../image/index.js";
import { searchRecipe } from "../loop/index.js";
import { writeJson } from "../store/index.js";
import { fitHead } from "../train/index.js";
import type { RunContext, RunRequest } from "./context.js";
import type { RunData } from "./data.js";
import { budgetOf, limitsOf, sufficiency } from "./limits.js";
import { judgedImages, type Learnable, type Part, sampleOf } from "./parts.js";
import type { Workload } from "./workload.js";

/** Networks that a run may use where the user names none. The first is where the search begins. */
export const usualBackbones: readonly string[] = ["efficientnet-lite0", "efficientnet-lite2"];

/** Photographs that recipes are tried on: what they differ by is then seen to about a point of accuracy. */
const largestSample = 1000;

const smallestSample = 300;

/** Share of the budget that the features of the sample by the first recipe may take. */
const sampleShare = 0.04;

/** Photographs by which the speed of this machine is first measured. */
const probeImages = 64;

export async function chooseRecipe(
  context: RunContext,
  data: RunData,
  parts: Readonly<Record<Learnable, Part>>,
  workload: Workload,
): Promise<Recipe> {
  const { request, backbones, folder, trace, spec, around } = context;
  await checkPixels(context, data, parts.train);
  const path = folder.file("recipe.json");
  const earlier = await recallRecipe(path, backbones);
  if (earlier !== null) {
    trace.add("decision", "loop", `the recipe that this run chose before: ${recipeName(earlier)}`);
    return earlier;
  }
  const budget = budgetOf(spec, request.budgetSeconds);
  trace.add("decision", "loop", `budget ${formatSeconds(budget)}`, { budget });
  const first = plainRecipe(backbones[0]!);
  if (budget === 0) return first;
  const start = performance.now();
  const secondsLeft = (): number => budget - (performance.now() - start) / 1000;
  const sample = await sizeSample(first, parts.train, budget, context, data, workload);
  const classes = data.dataset.classes.length;
  const { recipe } = await searchRecipe({
    start: first,
    means: { backbones },
    sample: {
      images: sample.pictures.length,
      extract: (taps) =>
        workload.record(extractFeatures(sample.pictures, taps, { root: data.dataset.root, ...around })),
      fit: (features) => fitHead({ ...sample, views: [features], classes, seed: request.seed, ...quiet(context) }),
    },
    labels: sample.labels,
    groups: sample.groups,
    classes,
    images: Object.values(parts).reduce((sum, { pictures }) => sum + pictures.length, 0),
    secondsLeft,
    refuse: limitsOf(spec, classes, around.threads),
    suffices: sufficiency(spec, judgedImages(data, parts)),
    trace,
    signal: around.signal,
  });
  await writeJson(path, nameParts(recipe));
  return recipe;
}

/** The networks that a run may use. Throws what `loadBackbone` throws. */
export async function openBackbones({ backbones, backboneOptions }: RunRequest): Promise<Backbone[]> {
  const opened: Backbone[] = [];
  for (const name of backbones ?? usualBackbones) opened.push(await loadBackbone(name, backboneOptions));
  return opened;
}

/** Says of each network that came as a file whether its pixels look right. */
async function checkPixels({ request, backbones, trace, around }: RunContext, data: RunData, train: Part) {
  for (const [i, name] of (request.backbones ?? []).entries()) {
    if (!isModelFile(name)) continue;
    const backbone = backbones[i]!;
    const few = random(request.seed, "preprocessing").shuffle(train.pictures).slice(0, mostPictures);
    const pixels = await Promise.all(
      few.map(async ({ path }) => prepare(await readFile(join(data.dataset.root, path)), backbone.row.view)),
    );
    const check = await checkPreprocessing(backbone, pixels, around.progress);
    if (check)
      trace.add("observation", "backbone", `${backbone.row.name}: ${describeCheck(check).join("; ")}`, { ...check });
  }
}

/** As many photographs of train as a first pass has time for; a few are timed for that, and stay in the cache. */
async function sizeSample(
  first: Recipe,
  train: Part,
  budget: number,
  { request, around }: RunContext,
  data: RunData,
  workload: Workload,
): Promise<Part> {
  const { root } = data.dataset;
  const all = sampleOf(train, largestSample, request.seed);
  const probe = all.pictures.slice(0, probeImages);
  const taps = [{ ...first.branches[0]!, view: first.view, look: first.looks[0]! }];
  const { computed } = await workload.record(extractFeatures(probe, taps, { root, ...around, progress: undefined }));
  const rate = computed.seconds > 0 ? probe.length / computed.seconds : Number.POSITIVE_INFINITY;
  const affordable = Math.max(smallestSample, Math.min(largestSample, Math.floor(sampleShare * budget * rate)));
  return sampleOf(train, affordable, request.seed);
}

/** Options of a fit that shows no progress of its own: trials are many and short. */
function quiet({ around }: RunContext) {
  return { threads: around.threads, signal: around.signal };
}

/** A recipe with its networks by hash. */
interface StoredRecipe extends Pick<Recipe, "view" | "looks"> {
  readonly branches: readonly { readonly backbone: string; readonly sha256: string; readonly size: number }[];
}

function nameParts({ view, looks, branches }: Recipe): StoredRecipe {
  return {
    view,
    looks,
    branches: branches.map(({ backbone: { row }, size }) => ({ backbone: row.name, sha256: row.sha256, size })),
  };
}

async function recallRecipe(path: string, backbones: readonly Backbone[]): Promise<Recipe | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const { view, looks, branches } = JSON.parse(text) as StoredRecipe;
  const found = branches.flatMap(({ sha256, size }) => {
    const backbone = backbones.find(({ row }) => row.sha256 === sha256);
    return backbone ? [{ backbone, size }] : [];
  });
  return found.length === branches.length ? { view, looks, branches: found } : null;
}
