/** The second part of a run: recipe, features, head, temperature, bundle. It never looks at a test photograph. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { recipeName } from "../backbone/index.js";
import { describeMachine } from "../bench/index.js";
import { type Provenance, writeBundle } from "../bundle/index.js";
import { checkInterrupted, formatSeconds, random } from "../core/index.js";
import type { Picture } from "../dataset/index.js";
import { devices } from "../onnx/index.js";
import { accuracyOf } from "../metrics/index.js";
import type { FineTuning } from "../report/index.js";
import { describeService } from "../serve/index.js";
import { checkStory } from "../spec/index.js";
import { writeFileAtomic, writeJson } from "../store/index.js";
import { areEven } from "../plan/index.js";
import { proofCost } from "../verify/index.js";
import { chooseRecipe } from "./choose.js";
import { factsOf, foreseeDevice, measureNetworks, writePlan } from "./plan.js";
import { recordedHash } from "./replay.js";
import { type RunContext, timed } from "./context.js";
import type { RunData } from "./data.js";
import { fitAll } from "./fit.js";
import { drawGoldenPictures } from "./golden-pictures.js";
import { findDoubtfulLabels, type Insights, measureLearningCurve, mistakesOf } from "./insights.js";
import { encodeOutOfFold, formatOutOfFold } from "./out-of-fold.js";
import { extractParts, judgedImages, type Part, partOf } from "./parts.js";
import { Workload } from "./workload.js";

/** Learns and writes the bundle. Throws `interrupted`, `image-unreadable` for a photograph that changed, `output-unwritable`. */
export async function learn(context: RunContext, data: RunData, bundleFolder: string): Promise<void> {
  const workload = await Workload.open(context.folder.file("spent.json"));
  try {
    await learnCounted(context, data, bundleFolder, workload);
  } finally {
    await workload.close();
  }
}

async function learnCounted(context: RunContext, data: RunData, bundleFolder: string, workload: Workload) {
  const { trace, around, request, spec, folder } = context;
  const { classes: labels, root, pictures } = data.dataset;
  const parts = {
    train: partOf(data, "train"),
    select: partOf(data, "select"),
    calibrate: partOf(data, "calibrate"),
  };
  const place = { root, classes: labels.length, seed: request.seed };
  const known = factsOf(context);
  const usable = known.budgetSeconds === 0 ? context.backbones.slice(0, 1) : context.backbones; // no other will be tried
  const networks = await measureNetworks(usable, parts.train.pictures, place, around, workload);
  const device = await foreseeDevice(spec, context.backbones, labels.length);
  const facts = {
    ...known,
    audit: data.audit,
    scanSeconds: data.scanSeconds,
    opening: data.opened + 1,
    networks,
    proof: proofCost(spec, networks[0]!.latencySeconds),
    ...device,
  };
  const { warnings, seconds: predicted } = await writePlan(context, facts);
  for (const text of warnings) trace.add("observation", "plan", text);
  const limit = known.budgetSeconds === 0 ? {} : { budgetSeconds: known.budgetSeconds }; // 0 is no limit: it asks for no search
  const small = checkStory(spec, { predictedSeconds: predicted.fixed, ...limit });
  for (const { letter, pass, name, why } of small)
    if (letter === "S" && !pass) trace.add("observation", "plan", `${name}: ${why}`, { letter });
  trace.add("decision", "plan", "plan.md has the plan and its reasons", { predicted, networks });
  const recipe = await chooseRecipe(context, data, parts, networks, workload);
  checkInterrupted(around.signal);
  trace.add("action", "features", `features of all photographs but those of test by ${recipeName(recipe)}`);
  const { result, seconds } = await timed(() => extractParts(context, root, parts, recipe, workload));
  const { features, extraction } = result;
  const all = Object.values(parts).reduce((sum, part) => sum + part.pictures.length, 0);
  const text = `${all - extraction.cached} computed, ${extraction.cached} from the cache, in ${formatSeconds(seconds)}`;
  trace.add("observation", "features", text, { computed: all - extraction.cached, cached: extraction.cached, seconds });
  if (extraction.refusal !== null)
    trace.add(
      "observation",
      "device",
      `the CPU was used: ${devices[around.device].title} refused: ${extraction.refusal}`,
    );
  const fitted = await fitAll({
    context,
    root,
    parts,
    recipe,
    features,
    classes: labels.length,
    isEven: areEven(data.audit),
    images: judgedImages(data, parts),
    networks,
    workload,
  });
  const { fit, head, selectLogits, selectAccuracy, temperature, decisionBias, tuning } = fitted;
  await writeFileAtomic(folder.file("out-of-fold.csv"), formatOutOfFold(parts.train, fit, labels));
  await writeFileAtomic(folder.file("out-of-fold.safetensors"), encodeOutOfFold(parts.train, fit, labels));
  const trainingSeconds = workload.seconds;
  const insights: Insights = {
    learningCurve: await measureLearningCurve(context, parts.train, features.train, fit, labels),
    doubtfulLabels: findDoubtfulLabels(parts.train, fit.outOfFold, labels),
    select: mistakesOf(parts.select, selectLogits, temperature, labels),
    fineTuning: tuning,
  };
  await writeJson(folder.file("insights.json"), insights);
  await writePlan(context, facts); // before the bundle, which ends what a resumed run would do again
  // A network that was fine-tuned has not learned from select: it chose the epoch.
  const learned = [...parts.train.pictures, ...(tuning === null ? parts.select.pictures : [])];
  const manifest = await writeBundle(bundleFolder, {
    recipe: fitted.recipe,
    head,
    temperature,
    labels,
    story: spec.story,
    openApi: describeService(labels),
    ...(decisionBias === null ? {} : { decisionBias }),
    calibrationImages: parts.calibrate.pictures.length,
    goldenPhotographs: request.noImages
      ? await drawGoldenPictures(goldenCount, request.seed)
      : await pickGolden(parts.train.pictures, root, request.seed),
    provenance: {
      images: {
        train: hashes(parts.train),
        select: hashes(parts.select),
        calibrate: hashes(parts.calibrate),
        test: hashes(partOf(data, "test")),
      },
      imageCount: pictures.length,
      classCount: labels.length,
      classCounts: countClasses(learned, labels),
      seed: request.seed,
      strength: head.strength,
      outOfFoldAccuracy: accuracyOf(fit.outOfFold, parts.train.labels, labels.length),
      selectAccuracy,
      ...(tuning === null ? {} : { fineTuning: describeTuning(tuning) }),
      trainingSeconds,
      peakMemoryBytes: workload.peakBytes,
      ...device,
      machine: describeMachine(extraction.device),
    },
  });
  const { bundleHash } = manifest;
  trace.add("observation", "bundle", `bundle ${bundleHash.slice(0, 12)} written`, { bundleHash, trainingSeconds });
  if (context.replay !== null) sayReplayed(context, recordedHash(context.replay, "bundleHash"), bundleHash);
}

function sayReplayed({ trace }: RunContext, recorded: string | null, bundleHash: string): void {
  const same = "the bundle has the hash of the recorded one";
  const text =
    recorded === bundleHash ? same : `the bundle's hash is not the recorded ${recorded?.slice(0, 12) ?? "one"}`;
  trace.add("observation", "replay", text, { recorded });
}

function describeTuning({ network, sha256, parameters, best }: FineTuning): NonNullable<Provenance["fineTuning"]> {
  return { network, sha256, parameters, epochs: best.epoch, isAveraged: best.isAveraged };
}

const goldenCount = 4;

/** A few photographs of train, of different classes where there are. */
async function pickGolden(train: readonly Picture[], root: string, seed: number): Promise<Uint8Array[]> {
  const shuffled = random(seed, "golden").shuffle(train);
  const byClass = [...new Map(shuffled.map((picture) => [picture.label, picture])).values()];
  return Promise.all(byClass.slice(0, goldenCount).map(({ path }) => readFile(join(root, path))));
}

function hashes({ pictures }: Part): string[] {
  return pictures.map(({ pixelHash }) => pixelHash);
}

/** Photographs that the delivered head learned from, by class. */
function countClasses(learned: readonly Picture[], labels: readonly string[]): Record<string, number> {
  const counts = Object.fromEntries(labels.map((label) => [label, 0]));
  for (const { label } of learned) counts[label]!++;
  return counts;
}
