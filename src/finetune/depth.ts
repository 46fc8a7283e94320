/** How deep to fine-tune: as actions of the loop, with what each costs on this machine. Pure. */
import type { Cut } from "./cut.js";
import { chooseCut } from "./cut-choice.js";
import { headNames } from "./network.js";
import type { Settings } from "./settings.js";

export interface Depth {
  readonly name: string;
  readonly thought: string;
  /** The most of the network's work that is trained, in (0, 1]. */
  readonly share: number;
  /** Decrease of the log loss on select that it usually brings. */
  readonly usualGain: number;
}

/** From the cheapest to the dearest. */
export const depths: readonly Depth[] = [
  {
    name: "fine-tune the last stages",
    thought:
      "the last layers learn what tells these classes apart, the first ones see edges and textures of any photograph",
    share: 0.4,
    usualGain: 0.1,
  },
  {
    name: "fine-tune most of the network",
    thought: "more layers learn what tells these classes apart",
    share: 0.65,
    usualGain: 0.15,
  },
  {
    name: "fine-tune all layers",
    thought: "photographs unlike those that the network was trained with need other edges and textures too",
    share: 1,
    usualGain: 0.15,
  },
];

export interface Costs {
  /** Photographs a second through the whole network, decoding included, as measured. */
  readonly imagesPerSecond: number;
  readonly train: number;
  readonly select: number;
}

/** What a training step costs in forward passes of the trained part: `bench/autodiff.mjs`. */
const forwardsPerStep = 5.5;

/** Share of a photograph's time that reading and decoding take in `imagesPerSecond`. */
const decodingShare = 0.35;

/** Predicted seconds of an epoch that trains so much of the network's work, with the judging after it. */
export function epochSeconds(share: number, { imagesPerSecond, train, select }: Costs): number {
  const forwards = 1 - share + share * forwardsPerStep;
  const judged = 2 * select + Math.min(select, 300);
  return (train * (decodingShare + (1 - decodingShare) * forwards) + judged) / imagesPerSecond;
}

/** Fewer photographs of select tell too little of what helps. */
export const fewestSelect = 20;

/** Fewer epochs teach too little to be worth a try. */
export const fewestEpochs = 2;

/** Share of the time left that epochs may take; judging and features of the tuned network take the rest. */
export const timeShare = 0.85;

/** Whether so many seconds are enough for the cheapest training, and the photographs to judge it. */
export function trainingFits(seconds: number, costs: Costs): boolean {
  const least = fewestEpochs * epochSeconds(depths[0]!.share, costs);
  return costs.select >= fewestSelect && least / timeShare <= seconds;
}

/** More steps than these bring little, whatever the number of photographs. */
const enoughSteps = 600;

/** Batches are smaller where there are few photographs, so that an epoch has about so many steps. */
const stepsOfEpoch = 24;

const fewestInBatch = 8;

/** Batch, most epochs and patience for so many photographs. */
export function scaleOf(images: number, { batch: usual, microBatch, epochs, patience }: Settings) {
  const wished = microBatch * Math.ceil(images / stepsOfEpoch / microBatch);
  const batch = Math.min(usual, Math.max(fewestInBatch, wished));
  const most = Math.max(epochs, Math.min(5 * epochs, Math.ceil((enoughSteps * batch) / images)));
  return { batch, epochs: most, patience: Math.max(patience, Math.ceil(most / 4)) };
}

/** Epochs that fit into the seconds, at most `most`. */
export function fittingEpochs(seconds: number, perEpoch: number, most: number): number {
  return Math.max(0, Math.min(most, Math.floor(seconds / perEpoch)));
}

/** Part of the usual gain that so many steps bring. */
export function gainOf({ usualGain }: Depth, steps: number): number {
  return usualGain * (1 - 0.5 ** (steps / 100));
}

/** The cut of a depth, with more than the head behind it; null where everything is trained, undefined where there is none. */
export function cutOf({ share }: Depth, cuts: readonly Cut[]): Cut | null | undefined {
  if (share >= 1) return null;
  const trains = ({ suffixWeights }: Cut): boolean => suffixWeights.some((name) => !headNames.has(name));
  return chooseCut(cuts.filter(trains), share) ?? undefined;
}
