/** Fine-tuning of one network from a trained head (linear probing, then fine-tuning: Kumar 2022, 2202.10054). */
import { arenaFactor, kernelFactor, readWeights, usualLossScale } from "../autodiff/index.js";
import type { Backbone, Branch } from "../backbone/index.js";
import { Fault, type Progress, sha256 } from "../core/index.js";
import { imageLibraryVersions, type View } from "../image/index.js";
import { type Device, runtimeVersion, serializeModel } from "../onnx/index.js";
import { identityOf } from "./checkpoint.js";
import { Crew } from "./crew.js";
import type { Cut } from "./cut.js";
import { InputFile } from "./input-file.js";
import { Inputs, type Photograph } from "./inputs.js";
import { mixTargets } from "./mixup.js";
import { type HeadWeights, joinNetwork, type Network, splitNetwork } from "./network.js";
import { type Precision, placeTraining, type TrainingPlace } from "./place.js";
import type { Settings } from "./settings.js";
import { divideBatch, Stepper } from "./stepper.js";
import { divide, type TrainedPart } from "./trained-part.js";
import {
  type Best,
  type EpochRecord,
  type GoesOn,
  Training,
  type TrainingData,
  type TrainingEvent,
} from "./training.js";
import { join } from "node:path";

export interface Labelled {
  readonly photographs: readonly Photograph[];
  /** Class of each. */
  readonly labels: Int32Array;
}

export interface FineTuneOptions {
  readonly branch: Branch;
  /** Trained on the branch's features. */
  readonly head: HeadWeights;
  /** Folder of the photographs. */
  readonly root: string;
  readonly train: Labelled;
  /** Photographs that choose the epoch; nothing is learned from them. */
  readonly select: Labelled;
  /** How these are looked at; the size is the branch's. */
  readonly view: View;
  readonly settings: Settings;
  /** Where the frozen part ends; null: everything is trained. */
  readonly cut: Cut | null;
  readonly threads: number;
  /** Where networks run; the CPU unless said, and where the device gets gradients wrong. */
  readonly device?: Device;
  /** Mixed on devices that can, float32 elsewhere, unless said. */
  readonly precision?: Precision;
  /** To begin with, in mixed precision; found anew where it is too large. */
  readonly lossScale?: number;
  readonly seed: number;
  /** Of the checkpoint and what is kept. */
  readonly folder: string;
  readonly listen: (event: TrainingEvent) => void;
  /** All epochs unless given. */
  readonly goesOn?: GoesOn | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FineTuned {
  readonly backbone: Backbone;
  readonly head: HeadWeights;
  readonly best: Best;
  readonly history: readonly EpochRecord[];
  /** Numbers that were trained. */
  readonly parameters: number;
}

/** What a training needs, opened. */
interface Stage {
  readonly place: TrainingPlace;
  readonly network: Network;
  readonly settings: Settings;
  readonly part: TrainedPart;
  readonly crew: Crew;
  readonly inputs: Inputs;
  readonly stepper: Stepper;
  /** Weights to begin with, flat. */
  readonly start: Float32Array;
  readonly data: TrainingData;
}

/**
 * Trains a network's layers behind the cut, and its head, on random views; gives the weights that did best on select, the averaged
 * ones among them. A checkpoint in the folder is gone on from, bit for bit. Throws `usage` for settings that make no sense,
 * `checkpoint-invalid`, `training-diverged`, `gradient-unsupported`, `model-invalid`, `image-unreadable`, `output-unwritable`,
 * `interrupted`, `engine-failed`.
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  return onStage(options, async ({ place, network, settings, part, crew, inputs, stepper, start, data }) => {
    const { folder, seed, listen, progress, signal } = options;
    if (place.why !== null) listen({ kind: "placed", text: place.why });
    const { parameters } = stepper;
    const { weights, best, history } = await Training.run({
      crew,
      part,
      parameters,
      inputs,
      stepper,
      settings,
      seed,
      start,
      data,
      listen,
      goesOn: options.goesOn ?? (() => true),
      progress,
      signal,
      checkpoint: join(folder, "checkpoint.safetensors"),
      identity: identityOf(identify(options, settings), place),
      lossScale: options.lossScale === undefined ? usualLossScale : { scale: options.lossScale, steps: 0 },
    });
    const tuned = splitNetwork(network, parameters.views(weights));
    return { ...tuned, best, history, parameters: parameters.length };
  });
}

/** What training takes of memory, as planned. */
export interface StepMemory {
  /** Of the process: of all threads where they compute on the CPU, and of the optimizer. */
  readonly memoryBytes: number;
  /** Of the device; 0 where that is the CPU. */
  readonly deviceBytes: number;
}

/** Photographs on their way to the network, and the sessions that judge. */
const aroundBytes = 250e6;

/** Plans without a step. Throws as `fineTune` does. */
export async function planStep(options: FineTuneOptions): Promise<StepMemory> {
  return onStage(options, async ({ crew, stepper }) => {
    const { weightsBytes, peakActivationBytes, optimizerBytes } = await stepper.planMemory();
    const graphBytes = weightsBytes + peakActivationBytes;
    if (crew.device !== "cpu")
      return { memoryBytes: optimizerBytes + aroundBytes, deviceBytes: kernelFactor * graphBytes };
    return { memoryBytes: crew.size * arenaFactor * graphBytes + optimizerBytes + aroundBytes, deviceBytes: 0 };
  });
}

/** What a step costs on this machine. */
export interface StepCost {
  /** Of reading, the frozen part and the gradient. */
  readonly seconds: number;
  readonly images: number;
}

/** Does a few steps whose result is thrown away. Throws as `fineTune` does. */
export async function measureStep(options: FineTuneOptions): Promise<StepCost> {
  return onStage(options, async ({ settings: { batch, microBatch }, inputs, stepper, start, data }) => {
    const { train, labels, classes } = data;
    const gradient = new Float32Array(start.length);
    const times: number[] = [];
    for (let i = 0; i < measuredSteps; i++) {
      const begin = performance.now();
      const images = Array.from({ length: batch }, (_, k) => train[(i * batch + k) % train.length]!);
      const input = await inputs.load(images, i);
      const targets = images.map((image) => labels[image]!);
      const mixed = mixTargets(targets, classes, null);
      await stepper.run(start, divideBatch(input, mixed, classes, microBatch), gradient);
      inputs.giveBack(input);
      times.push((performance.now() - begin) / 1000);
    }
    return { seconds: Math.min(...times.slice(1)), images: batch };
  });
}

/** The first is slower: pages, caches. */
const measuredSteps = 3;

async function onStage<T>(options: FineTuneOptions, use: (stage: Stage) => Promise<T>): Promise<T> {
  const { branch, head, train, select, view, cut, threads, device, precision, folder, seed, root, signal } = options;
  const settings = fitSettings(options.settings, train.photographs.length);
  const network = joinNetwork(branch, head);
  const part = divide(network, branch.size, cut);
  const photographs = [...train.photographs, ...select.photographs];
  const place = await placeTraining(device ?? "cpu", precision);
  const file = await openFile(folder, photographs.length, part);
  const crew = new Crew(threads, place.device);
  try {
    const { area, jitter, microBatch } = settings;
    const sized = { ...view, size: branch.size };
    const own = {
      root,
      photographs,
      part,
      view: sized,
      seed,
      area,
      jitter,
      microBatch,
      crew,
      file,
      signal,
      keepsViews: settings.draws < settings.epochs,
    };
    const inputs = await Inputs.open(own);
    const stepper = await Stepper.open(crew, network, part, settings, place.precision);
    const { parameters } = stepper;
    const names = parameters.ranges.map(({ name }) => name);
    const start = parameters.make();
    parameters.fill(start, readWeights(part.model, names));
    const data = {
      labels: Int32Array.of(...train.labels, ...select.labels),
      train: [...train.photographs.keys()],
      select: select.photographs.map((_, i) => train.photographs.length + i),
      classes: network.classes,
    };
    return await use({ place, network, settings, part, crew, inputs, stepper, start, data });
  } finally {
    await crew.close();
    await file.remove();
  }
}

function openFile(folder: string, images: number, { input }: TrainedPart): Promise<InputFile> {
  return InputFile.open(join(folder, "inputs.bin"), images, input.bytes);
}

/** Whole micro-batches, and no larger batch than there are photographs. Throws `usage`. */
export function fitSettings(settings: Settings, images: number): Settings {
  const { rates, epochs, labelSmoothing, area, patience, draws } = settings;
  const wrong = Object.entries({
    "the learning rates": Object.values(rates).every((rate) => rate > 0),
    "the number of epochs": Number.isInteger(epochs) && epochs > 0,
    "the number of views of a photograph": Number.isInteger(draws) && draws > 0,
    "the patience": patience > 0,
    "the label smoothing": labelSmoothing >= 0 && labelSmoothing < 1,
    "the number of sums side by side": Number.isInteger(settings.lanes) && settings.lanes > 0,
    "the share of a photograph that is seen": area[0] > 0 && area[0] <= area[1] && area[1] <= 1,
    "the number of photographs": images > 0,
  }).find(([, isRight]) => !isRight);
  if (wrong) throw new Fault("usage", { what: `${wrong[0]} of fine-tuning make no sense` });
  const microBatch = Math.max(1, Math.min(settings.microBatch, settings.batch, images));
  const batch = Math.floor(Math.min(settings.batch, images) / microBatch) * microBatch;
  return { ...settings, microBatch, batch, lanes: Math.min(settings.lanes, batch / microBatch) };
}

/** What a training follows from, but for where it computes. */
function identify({ branch, head, train, select, view, cut, seed }: FineTuneOptions, settings: Settings): string {
  const hash = (values: Float32Array): string =>
    sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const photographs = [train, select].map((part) => [
    part.photographs.map(({ fileHash }) => fileHash),
    [...part.labels],
  ]);
  return sha256(
    JSON.stringify([
      sha256(serializeModel(branch.backbone.model)),
      branch.size,
      hash(head.weight),
      hash(head.bias),
      photographs,
      view,
      cut?.value ?? null,
      seed,
      settings,
      imageLibraryVersions(),
      runtimeVersion,
    ]),
  );
}
