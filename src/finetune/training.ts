/** A training under way: steps, epochs, what was judged after each, checkpoints, and going back where numbers overflow. */
import { type LossScale, nextLossScale } from "../autodiff/index.js";
import { peakMemoryBytes } from "../bench/index.js";
import { argmaxRows } from "../metrics/index.js";
import type { Tensor } from "../onnx/index.js";
import { checkInterrupted, Fault, type Progress, random, silent } from "../core/index.js";
import { type Checkpoint, type Position, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { type Judged, judge, type JudgeParts, predictLogits } from "./judge.js";
import { mixInput, mixTargets, type Mixture } from "./mixup.js";
import { headNames } from "./network.js";
import { adamW, clip, norm, type Optimizer, sgd, updateAverage } from "./optimizer.js";
import { groupsOf, lowestTrained, rateFactor } from "./schedule.js";
import type { Settings } from "./settings.js";
import { divideBatch, type MicroBatch, type Stepper } from "./stepper.js";

/** What was seen in an epoch; 0 is before the first step. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean loss and accuracy over the epoch's steps, of random views with the weights as they were then; null for epoch 0. */
  readonly learned: Judged | null;
  /** Of a few hundred photographs of train, as they are judged, by those of the two weights that do better on select: the distance shows what was learned by heart. */
  readonly train: Judged;
  readonly select: Judged;
  /** Of the averaged weights on select. */
  readonly averaged: Judged | null;
  readonly seconds: number;
}

export interface TrainingData {
  /** Class of every photograph that `inputs` knows: those of train, then those of select. */
  readonly labels: Int32Array;
  readonly train: readonly number[];
  readonly select: readonly number[];
  readonly classes: number;
}

export interface TrainingOptions extends JudgeParts {
  readonly stepper: Stepper;
  readonly data: TrainingData;
  readonly settings: Settings;
  readonly seed: number;
  readonly lossScale: LossScale;
  /** Weights to begin with, flat. */
  readonly start: Float32Array;
  /** File of the checkpoint, and what makes it this training's. */
  readonly checkpoint: string;
  readonly identity: string;
  readonly listen: (event: TrainingEvent) => void;
  readonly goesOn: GoesOn;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asked after each epoch: whether there is time for one more that takes so many seconds. The answer is kept with the checkpoint. */
export type GoesOn = (epoch: number, seconds: number) => boolean;

export type TrainingEvent =
  /** Said once, where it is not the CPU in float32. */
  | { readonly kind: "placed"; readonly text: string }
  /** Mixed precision: the step was left out. */
  | { readonly kind: "overflow"; readonly position: Position; readonly lossScale: number }
  /** Seconds that were spent before, and the largest resident memory then. */
  | { readonly kind: "resumed"; readonly position: Position; readonly seconds: number; readonly peakBytes: number }
  | { readonly kind: "epoch"; readonly record: EpochRecord }
  | { readonly kind: "rolled-back"; readonly loss: number; readonly position: Position; readonly rateScale: number }
  /** Why training ended before its last epoch: select got no better, or there was no time for one more. */
  | { readonly kind: "patience" | "time"; readonly epoch: number };

/** The best weights that were seen on select. */
export interface TrainingResult {
  readonly weights: Float32Array;
  /** Epoch that they are of, and whether they are the averaged ones. */
  readonly best: Best;
  readonly history: readonly EpochRecord[];
}

export interface Best {
  readonly epoch: number;
  readonly isAveraged: boolean;
  readonly loss: number;
}

/** What a checkpoint holds beside the arrays. */
interface Notes {
  readonly position: Position;
  readonly steps: number;
  readonly rateScale: number;
  /** Of mixed precision; in float32 it is not used. */
  readonly lossScale: LossScale;
  readonly history: readonly EpochRecord[];
  readonly best: Best;
  readonly learned: Sums;
  /** There was no time for a further epoch. */
  readonly isOver: boolean;
  readonly seconds: number;
  /** Largest resident memory of the processes that trained so far. */
  readonly peakBytes: number;
}

interface Sums {
  readonly loss: number;
  readonly hits: number;
  readonly images: number;
}

const noSums: Sums = { loss: 0, hits: 0, images: 0 };

/** Steps between checkpoints within an epoch. */
const checkpointEvery = 50;

/** Halvings of the learning rate before training is given up. */
const mostHalvings = 8;

/** Photographs of train that are judged after each epoch, at most. */
const judgedTrain = 300;

export class Training {
  readonly #options: TrainingOptions;
  readonly #weights: Float32Array;
  readonly #average: Float32Array;
  readonly #best: Float32Array;
  readonly #gradient: Float32Array;
  readonly #optimizer: Optimizer;
  readonly #judgedTrain: readonly number[];
  #notes: Notes;
  #pending: { readonly position: Position; readonly load: Promise<LoadedBatch> } | null = null;

  private constructor(options: TrainingOptions) {
    const { parameters, start, settings, data, seed, lossScale } = options;
    this.#options = options;
    this.#weights = parameters.make();
    this.#average = parameters.make();
    this.#best = parameters.make();
    this.#gradient = new Float32Array(parameters.length);
    for (const array of [this.#weights, this.#average, this.#best]) array.set(start);
    this.#optimizer =
      settings.optimizer === "adamw" ? adamW(parameters.length) : sgd(parameters.length, settings.momentum);
    const count = Math.min(judgedTrain, data.select.length);
    this.#judgedTrain = random(seed, "finetune", "judged").shuffle(data.train).slice(0, count);
    const best = { epoch: 0, isAveraged: false, loss: Number.POSITIVE_INFINITY };
    const position = { epoch: 0, step: 0 };
    this.#notes = {
      position,
      steps: 0,
      rateScale: 1,
      lossScale,
      history: [],
      best,
      learned: noSums,
      isOver: false,
      seconds: 0,
      peakBytes: 0,
    };
  }

  /** Trains to the end, or goes on from a checkpoint. Throws `interrupted`, `training-diverged`, `checkpoint-invalid` and what inputs throw. */
  static async run(options: TrainingOptions): Promise<TrainingResult> {
    const training = new Training(options);
    await training.#begin();
    while (!training.#isDone()) await training.#advance();
    const { best, history } = training.#notes;
    return { weights: training.#best, best, history };
  }

  async #begin(): Promise<void> {
    const { checkpoint, identity, listen } = this.#options;
    const earlier = await readCheckpoint<Notes>(checkpoint, identity);
    if (earlier) {
      this.#restore(earlier);
      const { position, seconds, peakBytes } = this.#notes;
      listen({ kind: "resumed", position, seconds, peakBytes });
      return;
    }
    await this.#judge(null, 0);
    await this.#save();
  }

  get #stepsPerEpoch(): number {
    const { data, settings } = this.#options;
    return Math.max(1, Math.floor(data.train.length / settings.batch));
  }

  #isDone(): boolean {
    const { position, best, isOver } = this.#notes;
    const { epochs, patience } = this.#options.settings;
    if (position.epoch >= epochs) return true;
    const isIdle = position.step === 0 && position.epoch - best.epoch >= patience;
    if (!isOver && !isIdle) return false;
    this.#options.listen({ kind: isIdle ? "patience" : "time", epoch: position.epoch });
    return true;
  }

  /** One optimizer's step, and at the end of an epoch what follows it. */
  async #advance(): Promise<void> {
    const { signal, stepper, settings, progress = silent } = this.#options;
    checkInterrupted(signal);
    const begin = performance.now();
    const { position } = this.#notes;
    const { input, micro, targets } = await this.#take(position);
    const { scale } = this.#notes.lossScale;
    const { loss, logits } = await stepper.run(this.#weights, micro, this.#gradient, scale);
    this.#options.inputs.giveBack(input);
    const length = norm(this.#gradient);
    const overflows = !Number.isFinite(length);
    const lossScale = stepper.isMixed ? nextLossScale(this.#notes.lossScale, overflows) : this.#notes.lossScale;
    if (!Number.isFinite(loss) || lossScale === null || (overflows && !stepper.isMixed)) return this.#rollBack(loss);
    if (overflows) this.#options.listen({ kind: "overflow", position, lossScale: scale });
    else {
      clip(this.#gradient, length, settings.clipNorm);
      this.#update(position);
    }
    const seconds = this.#notes.seconds + (performance.now() - begin) / 1000;
    const learned = addSums(this.#notes.learned, loss, logits, targets, this.#options.data.classes);
    const step = position.step + 1;
    const { steps } = this.#optimizer;
    this.#notes = { ...this.#notes, steps, lossScale, learned, seconds, position: { ...position, step } };
    progress({
      stage: `fine-tune, epoch ${position.epoch + 1} of ${settings.epochs}, loss ${(learned.loss / learned.images).toFixed(3)}`,
      done: (position.epoch * this.#stepsPerEpoch + step) * settings.batch,
      total: settings.epochs * this.#stepsPerEpoch * settings.batch,
      unit: "images",
    });
    if (step === this.#stepsPerEpoch) await this.#endEpoch();
    else if (step % checkpointEvery === 0) await this.#save();
  }

  #update({ epoch, step }: Position): void {
    const { settings, parameters } = this.#options;
    const perEpoch = this.#stepsPerEpoch;
    const factor = rateFactor(settings, epoch * perEpoch + step, settings.epochs * perEpoch) * this.#notes.rateScale;
    const groups = groupsOf(parameters, headNames, settings, factor, lowestTrained(settings, epoch));
    this.#optimizer.step(this.#weights, this.#gradient, groups);
    if (settings.averaging > 0) updateAverage(this.#average, this.#weights, settings.averaging, this.#optimizer.steps);
  }

  async #endEpoch(): Promise<void> {
    const { epoch } = this.#notes.position;
    const { loss, hits, images } = this.#notes.learned;
    await this.#judge({ loss: loss / images, accuracy: hits / images }, epoch + 1);
    const [before, now] = this.#notes.history.slice(-2) as [EpochRecord, EpochRecord];
    const isOver = !this.#options.goesOn(epoch + 1, now.seconds - before.seconds);
    this.#notes = { ...this.#notes, position: { epoch: epoch + 1, step: 0 }, learned: noSums, isOver };
    await this.#save();
  }

  /** Judges the weights, and the averaged ones, on select; keeps the better where they are the best so far. */
  async #judge(learned: Judged | null, epoch: number): Promise<void> {
    const { data, settings, listen } = this.#options;
    const begin = performance.now();
    const select = await this.#judgeOn(this.#weights, data.select);
    const isAveraging = settings.averaging > 0 && epoch > 0;
    const averaged = isAveraging ? await this.#judgeOn(this.#average, data.select) : null;
    const isAveraged = averaged !== null && averaged.loss < select.loss;
    const { loss } = isAveraged ? averaged : select;
    if (loss < this.#notes.best.loss) {
      this.#best.set(isAveraged ? this.#average : this.#weights);
      this.#notes = { ...this.#notes, best: { epoch, isAveraged, loss } };
    }
    const train = await this.#judgeOn(isAveraged ? this.#average : this.#weights, this.#judgedTrain);
    const seconds = this.#notes.seconds + (performance.now() - begin) / 1000;
    const record: EpochRecord = { epoch, learned, train, select, averaged, seconds };
    this.#notes = { ...this.#notes, seconds, history: [...this.#notes.history, record] };
    listen({ kind: "epoch", record });
  }

  async #judgeOn(weights: Float32Array, images: readonly number[]): Promise<Judged> {
    const { labels, classes } = this.#options.data;
    const logits = await predictLogits(weights, images, this.#options, classes);
    return judge(
      logits,
      Int32Array.from(images, (image) => labels[image]!),
      classes,
    );
  }

  /** The batch of a step, and the next one begun. */
  async #take(position: Position): Promise<LoadedBatch> {
    const isExpected =
      this.#pending?.position.epoch === position.epoch && this.#pending.position.step === position.step;
    const load = isExpected ? this.#pending!.load : this.#load(position);
    const isLast = position.step + 1 >= this.#stepsPerEpoch;
    const next = { epoch: position.epoch + (isLast ? 1 : 0), step: isLast ? 0 : position.step + 1 };
    this.#pending = null;
    const batch = await load;
    if (next.epoch < this.#options.settings.epochs) {
      this.#pending = { position: next, load: this.#load(next) };
      this.#pending.load.catch(() => {}); // thrown where it is awaited
    }
    return batch;
  }

  /** Everything drawn follows from seed and position, so that a resumed training draws the same. */
  async #load({ epoch, step }: Position): Promise<LoadedBatch> {
    const { data, settings, seed, inputs } = this.#options;
    const { batch, microBatch, draws, mixup } = settings;
    const order = random(seed, "finetune", "order", epoch).shuffle(data.train);
    const images = order.slice(step * batch, (step + 1) * batch);
    const mixture = drawMixture(mixup, images.length, seed, epoch, step);
    const input = mixInput(await inputs.load(images, epoch % draws), mixture);
    const labels = images.map((image) => data.labels[image]!);
    const targets = mixTargets(labels, data.classes, mixture);
    return { input, micro: divideBatch(input, targets, data.classes, microBatch), targets };
  }

  async #save(): Promise<void> {
    const { checkpoint, identity } = this.#options;
    this.#notes = { ...this.#notes, peakBytes: Math.max(this.#notes.peakBytes, peakMemoryBytes()) };
    await writeCheckpoint(checkpoint, identity, { arrays: this.#arrays(), notes: this.#notes });
  }

  #arrays(): Record<string, Float32Array> {
    const { moments } = this.#optimizer;
    return { weights: this.#weights, average: this.#average, best: this.#best, ...moments };
  }

  #restore({ arrays, notes }: Checkpoint<Notes>): void {
    for (const [name, values] of Object.entries(this.#arrays())) values.set(arrays[name]!);
    this.#notes = notes;
    this.#optimizer.steps = notes.steps;
  }

  /** Numbers overflowed: back to the last checkpoint, at half the learning rate. */
  async #rollBack(loss: number): Promise<void> {
    const { checkpoint, identity, listen } = this.#options;
    const rateScale = this.#notes.rateScale / 2;
    if (rateScale < 2 ** -mostHalvings)
      throw new Fault("training-diverged", { what: `the loss is ${loss} at ${rateScale * 2} of the learning rates` });
    this.#restore((await readCheckpoint<Notes>(checkpoint, identity))!);
    this.#notes = { ...this.#notes, rateScale };
    this.#pending = null;
    listen({ kind: "rolled-back", loss, position: this.#notes.position, rateScale });
    await this.#save();
  }
}

interface LoadedBatch {
  /** Of all of it, which the micro-batches are parts of. */
  readonly input: Tensor;
  readonly micro: readonly MicroBatch[];
  /** [n, classes] */
  readonly targets: Float32Array;
}

function drawMixture(alpha: number, images: number, seed: number, epoch: number, step: number): Mixture | null {
  if (alpha === 0) return null;
  const source = random(seed, "finetune", "mixup", epoch, step);
  return { partners: source.shuffle([...Array(images).keys()]), share: drawBeta(source.next, alpha) };
}

/** Jöhnk's method (1964) for Beta(a, a), a ≤ 1. */
function drawBeta(next: () => number, alpha: number): number {
  for (;;) {
    const [a, b] = [next() ** (1 / alpha), next() ** (1 / alpha)];
    if (a + b > 0 && a + b <= 1) return a / (a + b);
  }
}

function addSums(sums: Sums, loss: number, logits: Float32Array, targets: Float32Array, classes: number): Sums {
  const [said, meant] = [argmaxRows(logits, classes), argmaxRows(targets, classes)];
  const hits = said.filter((one, i) => one === meant[i]).length;
  return { loss: sums.loss + loss * said.length, hits: sums.hits + hits, images: sums.images + said.length };
}
