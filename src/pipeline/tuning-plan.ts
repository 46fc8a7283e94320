/** How the training of a depth is done: its memory, its micro-batches, and as many epochs as there is time for. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, formatSeconds } from "../core/index.js";
import {
  cutOf,
  type Depth,
  depths,
  epochSeconds,
  fewestEpochs,
  type FineTuneOptions,
  fittingEpochs,
  measureStep,
  planStep,
  ratesFor,
  scaleOf,
  type Settings,
  timeShare,
  usualSettings,
} from "../finetune/index.js";
import { writeJson } from "../store/index.js";
import type { RunContext } from "./context.js";
import { deviceMemoryLimit, memoryLimit } from "./limits.js";
import type { Part } from "./parts.js";
import { recordedEnd } from "./replay.js";
import type { OneDepth } from "./tune.js";
import { listen } from "./tuning-words.js";

/** How a training is done: decided once, and kept, so that a resumed run does the same. */
export interface TuningPlan {
  /** 0 for the first training of a run. */
  readonly order: number;
  readonly depth: string;
  /** Value of the network's graph; null: all layers. */
  readonly cut: string | null;
  readonly settings: Settings;
}

/** Why a depth does not fit, with the number that refuses it. */
export interface Unfit {
  readonly why: string;
  /** Of the fewest epochs, where time refuses it. */
  readonly seconds?: number;
  readonly left?: number;
}

/** Epochs by the speed of real steps, measured now. */
export async function makePlan(depth: Depth, options: OneDepth, imagesPerSecond: number): Promise<TuningPlan | Unfit> {
  const { context, cuts, parts, workload, course } = options;
  const { train, select } = parts;
  const images = train.pictures.length;
  const cut = cutOf(depth, cuts);
  if (cut === undefined) return { why: "the network has no place to cut it with layers behind it" };
  const scale = scaleOf(images, usualSettings);
  const rates = ratesFor(options.branch.backbone.model, scale.batch);
  const given = { ...usualSettings, ...scale, rates, lanes: context.around.threads };
  const trial = {
    order: course.trainings,
    depth: depth.name,
    cut: cut?.value ?? null,
    settings: { ...given, draws: scale.epochs },
  };
  const microBatch = await fitMicroBatch(trial, options);
  if (typeof microBatch !== "number") return microBatch;
  const step = await measureStep(trainingOf({ ...trial, settings: { ...trial.settings, microBatch } }, options));
  const judged = (2 * select.pictures.length) / imagesPerSecond;
  const perEpoch = (images / step.images) * step.seconds + judged;
  const left = options.secondsLeft() * timeShare;
  course.speedFactor =
    perEpoch / epochSeconds(depth.share, { imagesPerSecond, train: images, select: select.pictures.length });
  const epochs = fittingEpochs(left, perEpoch, scale.epochs);
  context.trace.add(
    "observation",
    "loop",
    `${depth.name}: a step of ${step.images} photographs, ${microBatch} at a time, takes ${formatSeconds(step.seconds)}, an epoch about ${formatSeconds(perEpoch)}, ${formatSeconds(left)} are there`,
    { step, microBatch, perEpoch, left, spent: workload.seconds },
  );
  if (epochs < fewestEpochs) {
    const seconds = fewestEpochs * perEpoch;
    const why = `${fewestEpochs} epochs take about ${formatSeconds(seconds)}, ${formatSeconds(Math.max(0, left))} are there for them`;
    return { why, seconds, left };
  }
  const plan = { ...trial, settings: { ...given, microBatch, epochs, draws: epochs } };
  await writeJson(planFile(context, depth), plan);
  return plan;
}

/** Memory that a run is content with where smaller micro-batches, which are slower, can do it. */
const contentBytes = 1.2e9;

/** The largest micro-batch that a run is content with, else the largest that the machine and the spec have room for. */
async function fitMicroBatch(trial: TuningPlan, options: OneDepth): Promise<number | Unfit> {
  const { context } = options;
  const { rss } = process.memoryUsage();
  const there = memoryLimit(context.spec) - rss;
  const deviceThere = deviceMemoryLimit(context.spec);
  let fitting: number | null = null;
  for (let { microBatch } = trial.settings; ; microBatch = Math.floor(microBatch / 2)) {
    const plan = await planStep(trainingOf({ ...trial, settings: { ...trial.settings, microBatch } }, options));
    const fits = plan.memoryBytes <= there && plan.deviceBytes <= (deviceThere ?? Infinity);
    if (fits) fitting ??= microBatch;
    if (fits && rss + plan.memoryBytes <= contentBytes) return microBatch;
    const device = plan.deviceBytes > 0 ? ` and ${formatBytes(plan.deviceBytes)} of the device` : "";
    const allowed = deviceThere === null ? "" : ` and ${formatBytes(deviceThere)} of the device`;
    const needed = `micro-batches of ${microBatch} need ${formatBytes(plan.memoryBytes)}${device} as planned`;
    const text = fits
      ? `${needed}, more than a run of ${formatBytes(contentBytes)} has left`
      : `${needed}, ${formatBytes(Math.max(0, there))}${device && allowed} are there`;
    if (microBatch === 1 && fitting === null) return { why: text };
    context.trace.add("decision", "loop", `${trial.depth}: ${text}`, { plan, there });
    if (microBatch > 1) continue;
    const taken = `none is that small, so micro-batches of ${fitting}, the fastest for which ${formatBytes(there)} are enough`;
    context.trace.add("decision", "loop", `${trial.depth}: ${taken}`, { microBatch: fitting });
    return fitting!;
  }
}

export function folderOf({ folder }: RunContext, depth: Depth): string {
  return folder.file("fine-tuning", depth.name.replaceAll(" ", "-"));
}

export function planFile(context: RunContext, depth: Depth): string {
  return join(folderOf(context, depth), "plan.json");
}

export async function recallPlan(path: string): Promise<TuningPlan | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as TuningPlan);
}

export function trainingOf(plan: TuningPlan, options: OneDepth): FineTuneOptions {
  const { context, root, parts, branch, head, cuts } = options;
  const { around, request, replay } = context;
  const labelled = ({ pictures, labels }: Part) => ({ photographs: pictures, labels });
  const depth = depths.find(({ name }) => name === plan.depth)!;
  return {
    branch,
    head,
    root,
    train: labelled(parts.train),
    select: labelled(parts.select),
    view: branch.backbone.row.view,
    settings: plan.settings,
    cut: cuts.find(({ value }) => value === plan.cut) ?? null,
    threads: around.threads,
    device: around.device,
    seed: request.seed,
    folder: folderOf(context, depth),
    goesOn: (epoch, seconds) =>
      replay === null ? options.secondsLeft() >= seconds : recordedEnd(replay, depth.name) !== epoch,
    listen: (event) => listen(event, depth, context),
    progress: around.progress,
    signal: around.signal,
  };
}
