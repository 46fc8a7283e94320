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
import { Fault, formatSeconds, random } from "../core/index.js";
import { extractFeatures } from "../features/index.js";
import { prepare } from "../image/index.js";
import { searchRecipe, utilityOf } from "../loop/index.js";
import type { NetworkFacts } from "../plan/index.js";
import { writeJson } from "../store/index.js";
import { fitHead } from "../train/index.js";
import type { LearnRequest, RunContext } from "./context.js";
import type { RunData } from "./data.js";
import { budgetOf, limitsOf, sufficiency } from "./limits.js";
import { judgedImages, type Learnable, type Part, sampleOf } from "./parts.js";
import { recordedRecipe, type StoredRecipe } from "./replay.js";
import { openTrialStore } from "./trial-store.js";
import { tuningFits } from "./tune.js";
import type { Workload } from "./workload.js";

/** Networks that a run may use where the user names none. The first is where the search begins. */
export const usualBackbones: readonly string[] = ["efficientnet-lite0", "efficientnet-lite2"];

/** Photographs that recipes are tried on: what they differ by is then seen to about a point of accuracy. */
const largestSample = 1000;

const smallestSample = 300;

/** Share of the budget for the recipe and its features where fine-tuning may follow. */
export const recipeShare = 0.4;

/** Share of the budget that the features of the sample by the first recipe may take. */
const sampleShare = 0.04;

/** The recipe of a run: the one it chose before, the one of a replayed trace, or what the search finds. */
export async function chooseRecipe(
  context: RunContext,
  data: RunData,
  parts: Readonly<Record<Learnable, Part>>,
  networks: readonly NetworkFacts[],
  workload: Workload,
): Promise<Recipe> {
  const { backbones, folder, trace, replay } = context;
  await checkPixels(context, data, parts.train);
  const path = folder.file("recipe.json");
  const earlier = await recallRecipe(path, backbones);
  if (earlier !== null) {
    trace.add("decision", "loop", `the recipe that this run chose before: ${recipeName(earlier)}`);
    return earlier;
  }
  const recipe =
    replay === null
      ? asAsked(await search(context, data, parts, networks, workload), context.request)
      : findNetworks(recordedRecipe(replay), backbones);
  if (recipe === null)
    throw new Fault("run-mismatch", {
      what: "the trace's recipe needs a network that is not there",
      expected: "those it names",
    });
  const stored = nameParts(recipe);
  trace.add("decision", "loop", `recipe: ${recipeName(recipe)}${replay ? ", as in the trace" : ""}`, {
    chosen: stored,
  });
  await writeJson(path, stored);
  return recipe;
}

/** Random views as the user asks for them: trials do without. */
function asAsked(recipe: Recipe, { augment }: LearnRequest): Recipe {
  return augment === null || augment === 0 ? recipe : { ...recipe, draws: augment };
}

async function search(
  context: RunContext,
  data: RunData,
  parts: Readonly<Record<Learnable, Part>>,
  networks: readonly NetworkFacts[],
  workload: Workload,
): Promise<Recipe> {
  const { request, backbones, trace, spec, around, folder } = context;
  const whole = budgetOf(spec, request.budgetSeconds);
  const isShared = tuningFits(context, parts, networks, whole * (1 - recipeShare));
  const budget = whole * (isShared ? recipeShare : 1);
  const forRecipe = isShared ? `, of which ${formatSeconds(budget)} are for the recipe` : "";
  trace.add("decision", "loop", `budget ${formatSeconds(whole)}${forRecipe}`, { budget: whole });
  const start = plainRecipe(backbones[0]!);
  if (budget === 0) return start;
  const { imagesPerSecond, multiplyAdds } = networks[0]!;
  const sample = sampleOf(parts.train, await sizeSample(context, budget * imagesPerSecond), request.seed);
  const classes = data.dataset.classes.length;
  const judged = judgedImages(data, parts);
  const quiet = { threads: around.threads, signal: around.signal }; // trials are many and short: they show no progress
  const { recipe } = await searchRecipe({
    start,
    means: { backbones, draws: request.augment },
    sample: {
      images: sample.pictures.length,
      seed: request.seed,
      extract: (taps) =>
        workload.record(extractFeatures(sample.pictures, taps, { root: data.dataset.root, ...around })),
      fit: ({ clean, drawn }) =>
        fitHead({ ...sample, views: [clean, ...drawn], judged: clean, classes, seed: request.seed, ...quiet }),
    },
    speed: { seconds: 1 / imagesPerSecond, multiplyAdds },
    store: openTrialStore(folder.file("trials")),
    labels: sample.labels,
    groups: sample.groups,
    classes,
    images: Object.values(parts).reduce((sum, { pictures }) => sum + pictures.length, judged.test + judged.calibrate),
    secondsLeft: () => budget - workload.seconds,
    refuse: limitsOf(spec, classes, around),
    suffices: sufficiency(spec, judged),
    utility: utilityOf(spec, { labels: sample.labels, classes, start }),
    trace,
    signal: around.signal,
  });
  return recipe;
}

/** As many photographs as a first pass has time for; a resumed run goes on with as many as before. */
async function sizeSample({ folder }: RunContext, imagesInBudget: number): Promise<number> {
  const path = folder.file("trials", "sample.json");
  const earlier = await readFile(path, "utf8").catch(() => null);
  if (earlier !== null) return (JSON.parse(earlier) as { images: number }).images;
  const images = Math.max(smallestSample, Math.min(largestSample, Math.floor(sampleShare * imagesInBudget)));
  await writeJson(path, { images });
  return images;
}

/** The networks that a run may use. Throws what `loadBackbone` throws. */
export async function openBackbones({ backbones, backboneOptions }: LearnRequest): Promise<Backbone[]> {
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
    const pixels: Uint8Array[] = [];
    for (const { path } of few)
      pixels.push(await prepare(await readFile(join(data.dataset.root, path)), backbone.row.view));
    const check = await checkPreprocessing(backbone, pixels, around.progress);
    if (check)
      trace.add("observation", "backbone", `${backbone.row.name}: ${describeCheck(check).join("; ")}`, { ...check });
  }
}

function nameParts({ branches, ...recipe }: Recipe): StoredRecipe {
  return {
    ...recipe,
    branches: branches.map(({ backbone: { row }, size }) => ({ backbone: row.name, sha256: row.sha256, size })),
  };
}

async function recallRecipe(path: string, backbones: readonly Backbone[]): Promise<Recipe | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : findNetworks(JSON.parse(text) as StoredRecipe, backbones);
}

/** A stored recipe with its networks; null where one of them is not there. */
function findNetworks({ branches, ...recipe }: StoredRecipe, backbones: readonly Backbone[]): Recipe | null {
  const found = branches.flatMap(({ sha256, size }) => {
    const backbone = backbones.find(({ row }) => row.sha256 === sha256);
    return backbone ? [{ backbone, size }] : [];
  });
  return found.length === branches.length ? { ...recipe, branches: found } : null;
}
