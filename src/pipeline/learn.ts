/** The second part of a run: features, head, temperature, bundle. It never looks at a test photograph. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Backbone, loadBackbone } from "../backbone/index.js";
import { describeMachine, peakMemoryBytes } from "../bench/index.js";
import { writeBundle } from "../bundle/index.js";
import { fitTemperature } from "../calibrate/index.js";
import {
  checkInterrupted,
  encodeFloat16Array,
  formatPercent,
  formatSeconds,
  type HalfMatrix,
  random,
} from "../core/index.js";
import type { Picture, SplitName } from "../dataset/index.js";
import { extractFeatures } from "../features/index.js";
import { accuracyOf } from "../metrics/index.js";
import { applyHead, fitHead, type HeadFit } from "../train/index.js";
import { type RunContext, timed } from "./context.js";
import type { RunData } from "./data.js";

const backboneName = "efficientnet-lite0";

type Learnable = Exclude<SplitName, "test" | "excluded">;

/** The photographs of a split with their labels and features. */
interface Part {
  readonly pictures: readonly Picture[];
  /** Class index of each. */
  readonly labels: Int32Array;
  readonly features: HalfMatrix;
}

interface Parts extends Readonly<Record<Learnable, Part>> {
  /** Seconds that the features took, in this run or when they were cached. */
  readonly seconds: number;
  /** Peak memory of the processes that cached some of them. */
  readonly cachedPeakBytes: number;
}

/** Learns and writes the bundle. Throws `interrupted`, `image-unreadable` for a photograph that changed, `output-unwritable`. */
export async function learn(context: RunContext, data: RunData, bundleFolder: string): Promise<void> {
  const { trace, around, request } = context;
  const { classes: labels, root } = data.dataset;
  const backbone = await loadBackbone(backboneName);
  const parts = await extractParts(context, data, backbone);
  checkInterrupted(around.signal);
  const { result, seconds } = await timed(() => fitAndCalibrate(context, data, parts));
  const { fit, selectAccuracy, temperature } = result;
  const trainingSeconds = parts.seconds + seconds;
  const manifest = await writeBundle(bundleFolder, {
    backbone,
    view: backbone.row.view,
    head: fit.head,
    temperature,
    labels,
    calibrationImages: parts.calibrate.pictures.length,
    goldenPhotographs: await pickGolden(parts.train.pictures, root, request.seed),
    provenance: {
      images: {
        train: hashes(parts.train.pictures),
        select: hashes(parts.select.pictures),
        calibrate: hashes(parts.calibrate.pictures),
        test: hashes(picturesOf(data, "test")),
      },
      imageCount: data.dataset.pictures.length,
      classCount: labels.length,
      classCounts: countClasses(parts.train.pictures, labels),
      seed: request.seed,
      strength: fit.head.strength,
      outOfFoldAccuracy: accuracyOf(fit.outOfFold, parts.train.labels, labels.length),
      selectAccuracy,
      trainingSeconds,
      peakMemoryBytes: Math.max(peakMemoryBytes(), parts.cachedPeakBytes),
      machine: describeMachine(),
    },
  });
  const { bundleHash } = manifest;
  trace.add("observation", "bundle", `bundle ${bundleHash.slice(0, 12)} written`, { bundleHash, trainingSeconds });
}

/** One photograph for each different picture of a split: copies teach nothing new. */
function picturesOf({ dataset, rows }: RunData, split: SplitName): Picture[] {
  const chosen = dataset.pictures.filter((_, i) => rows[i]!.split === split);
  return [...new Map(chosen.toReversed().map((picture) => [picture.pixelHash, picture])).values()].toReversed();
}

async function extractParts({ trace, around }: RunContext, data: RunData, backbone: Backbone): Promise<Parts> {
  const { view, name } = backbone.row;
  const { root, classes } = data.dataset;
  const splits = (["train", "select", "calibrate"] as const).map((split) => picturesOf(data, split));
  const all = splits.flat();
  trace.add("action", "features", `features of ${all.length} photographs by ${name}`, { view });
  const { result, seconds } = await timed(() => extractFeatures(all, { root, backbone, view, ...around }));
  const { features, cached } = result;
  const computed = all.length - cached;
  const numbers = { computed, cached, seconds, secondsOfAll: result.seconds };
  trace.add(
    "observation",
    "features",
    `${computed} computed, ${cached} from the cache, in ${formatSeconds(seconds)}`,
    numbers,
  );
  const index = new Map(classes.map((label, i) => [label, i]));
  let row = 0;
  const [train, select, calibrate] = splits.map((pictures): Part => {
    const [from, to] = [row, row + pictures.length];
    row = to;
    return {
      pictures,
      labels: Int32Array.from(pictures, ({ label }) => index.get(label)!),
      features: {
        ...features,
        rows: to - from,
        data: encodeFloat16Array(features.data.subarray(from * features.width, to * features.width)),
      },
    };
  });
  return {
    train: train!,
    select: select!,
    calibrate: calibrate!,
    seconds: result.seconds,
    cachedPeakBytes: result.cachedPeakBytes,
  };
}

interface Fitted {
  readonly fit: HeadFit;
  readonly selectAccuracy: number;
  readonly temperature: number;
}

/** The head on train, its accuracy checked on select, its temperature from calibrate. */
async function fitAndCalibrate(context: RunContext, data: RunData, parts: Parts): Promise<Fitted> {
  const { trace } = context;
  const classes = data.dataset.classes.length;
  const fit = await fitOnTrain(context, data, parts.train);
  const accuracy = accuracyOf(applyHead(fit.head, parts.select.features), parts.select.labels, classes);
  const images = parts.select.pictures.length;
  trace.add("observation", "head", `accuracy ${formatPercent(accuracy)} on ${images} photographs of select`, {
    accuracy,
    images,
  });
  const logits = applyHead(fit.head, parts.calibrate.features);
  const calibration = fitTemperature(logits, parts.calibrate.labels, classes, 1 / (parts.calibrate.labels.length + 2));
  trace.add("observation", "calibrate", `temperature ${calibration.temperature.toFixed(3)}`, { ...calibration });
  return { fit, selectAccuracy: accuracy, temperature: calibration.temperature };
}

async function fitOnTrain({ trace, request, around }: RunContext, data: RunData, train: Part): Promise<HeadFit> {
  const groups = new Map(data.rows.map((row) => [row.path, row.group]));
  trace.add("action", "head", `linear head on ${train.pictures.length} photographs, strength by cross-validation`);
  const fit = await fitHead({
    views: [train.features],
    labels: train.labels,
    classes: data.dataset.classes.length,
    groups: train.pictures.map(({ path }) => groups.get(path)!),
    seed: request.seed,
    threads: around.threads,
    progress: around.progress,
    signal: around.signal,
  });
  const { strength } = fit.head;
  const accuracy = accuracyOf(fit.outOfFold, train.labels, data.dataset.classes.length);
  trace.add(
    "observation",
    "head",
    `strength ${strength.toExponential(1)}: out-of-fold accuracy ${formatPercent(accuracy)}, in ${formatSeconds(fit.seconds)}`,
    { candidates: fit.candidates, strength, seconds: fit.seconds },
  );
  return fit;
}

/** A few photographs of train, of different classes where there are. */
async function pickGolden(train: readonly Picture[], root: string, seed: number): Promise<Uint8Array[]> {
  const shuffled = random(seed, "golden").shuffle(train);
  const byClass = [...new Map(shuffled.map((picture) => [picture.label, picture])).values()];
  return Promise.all(byClass.slice(0, 4).map(({ path }) => readFile(join(root, path))));
}

function hashes(pictures: readonly Picture[]): string[] {
  return pictures.map(({ pixelHash }) => pixelHash);
}

function countClasses(pictures: readonly Picture[], labels: readonly string[]): Record<string, number> {
  const counts = Object.fromEntries(labels.map((label) => [label, 0]));
  for (const { label } of pictures) counts[label]!++;
  return counts;
}
