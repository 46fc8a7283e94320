/**
 * A bias for rare classes, used for the decision alone: logit adjustment (Menon 2021, 2007.07314). Calibrated probabilities stay
 * as they are; the label is that of the largest log p + bias with bias = −τ·log prior. τ = 0 is the most probable class, which is
 * best for accuracy; τ = 1 is best for the mean recall of the classes if the probabilities are right.
 */

import { groupBy } from "../core/index.js";

export interface DecisionBiasOptions {
  /** Calibrated, [n, classes]: out of fold where the images were learned from. */
  readonly probabilities: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /** Share of each class among the images learned from; a class without any gets no bias. */
  readonly priors: ArrayLike<number>;
  /** Images of one group vary together; each stands alone unless given. */
  readonly groups?: readonly string[] | undefined;
  /** What is to grow; balanced accuracy unless given. The noise of a minimum, such as the worst recall, is only roughly known. */
  readonly utility?: ((measures: DecisionMeasures) => number) | undefined;
  /** Accuracy that a bias must keep; below it, there is none. */
  readonly accuracyFloor?: number | undefined;
}

export interface DecisionMeasures {
  readonly accuracy: number;
  /** Mean recall of the classes that occur. */
  readonly balancedAccuracy: number;
  /** Lowest recall of a class that occurs. */
  readonly worstRecall: number;
}

export interface BiasCandidate extends DecisionMeasures {
  readonly tau: number;
  readonly utility: number;
}

export interface DecisionBiasFit {
  /** To be added to log probabilities, [classes]; all 0 where nothing is gained. */
  readonly bias: Float64Array;
  readonly tau: number;
  readonly before: DecisionMeasures;
  /** With the bias, on the predictions it was chosen by. */
  readonly after: DecisionMeasures;
  /** What the best τ gains in utility, and the paired standard error of that. */
  readonly best: BiasGain;
  /** The same of the τ that was taken; null where none was. */
  readonly taken: BiasGain | null;
  /** Every τ measured, from 0. */
  readonly candidates: readonly BiasCandidate[];
}

export interface BiasGain {
  readonly tau: number;
  readonly gain: number;
  readonly standardError: number;
}

/** None above 1, which is best for the mean recall where probabilities are right: more of it fits the few images of a rare class. */
const taus: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/** Standard errors that a gain must exceed: the best of a grid is by nature a lucky one, and a bias costs accuracy for certain. */
const noiseFactor = 2;

/**
 * Chooses τ by measurement: the mildest that is within a standard error of the best one (Breiman's rule for the simplest model), since a
 * bias costs accuracy for certain. Throws a RangeError for shapes that do not fit. */
export function fitDecisionBias(options: DecisionBiasOptions): DecisionBiasFit {
  const { probabilities, labels, classes, priors, utility = (measures) => measures.balancedAccuracy } = options;
  const { accuracyFloor = 0 } = options;
  checkShapes(options);
  const trials = taus.map((tau) => {
    const bias = biasOf(tau, priors);
    const decisions = decide(probabilities, bias);
    const hits = Uint8Array.from(decisions, (label, image) => (label === labels[image] ? 1 : 0));
    const measures = measure(tally(hits, labels, classes));
    return { tau, bias, hits, measures, utility: utility(measures) };
  });
  const unbiased = trials[0]!;
  // A bias that seems to cost nothing is a lucky one: where there is nothing to give away, none is taken.
  const isBelow = unbiased.measures.accuracy < accuracyFloor;
  const allowed = isBelow ? [unbiased] : trials.filter(({ measures }) => measures.accuracy >= accuracyFloor);
  const top = allowed.reduce((best, trial) => (trial.utility > best.utility ? trial : best));
  const gainOf = (trial: typeof top): BiasGain => ({
    tau: trial.tau,
    gain: trial.utility - unbiased.utility,
    standardError: trial === unbiased ? 0 : jackknife(unbiased.hits, trial.hits, options, utility),
  });
  const best = gainOf(top);
  const isReal = best.gain > noiseFactor * best.standardError;
  const chosen = isReal ? allowed.find((trial) => trial.utility >= top.utility - best.standardError)! : unbiased;
  return {
    bias: chosen.bias,
    tau: chosen.tau,
    before: unbiased.measures,
    after: chosen.measures,
    best,
    taken: isReal ? gainOf(chosen) : null,
    candidates: trials.map(({ tau, measures, utility: worth }) => ({ tau, ...measures, utility: worth })),
  };
}

/** For each row of probabilities [n, classes] the class of the largest log p + bias; of equals the lowest. */
export function decide(probabilities: Float32Array, bias: ArrayLike<number>): Int32Array {
  const classes = bias.length;
  const factors = Float64Array.from(bias, Math.exp); // e^(log p + b) = p·e^b
  const decisions = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < decisions.length; row++) {
    const start = row * classes;
    let winner = 0;
    for (let k = 1; k < classes; k++)
      if (probabilities[start + k]! * factors[k]! > probabilities[start + winner]! * factors[winner]!) winner = k;
    decisions[row] = winner;
  }
  return decisions;
}

function biasOf(tau: number, priors: ArrayLike<number>): Float64Array {
  // `0 -` keeps −0 out.
  return Float64Array.from(priors, (prior) => (prior > 0 ? 0 - tau * Math.log(prior) : 0));
}

/** Of each class how many images there are and how many were found. */
interface Tally {
  readonly support: Float64Array;
  readonly found: Float64Array;
}

function tally(hits: Uint8Array, labels: ArrayLike<number>, classes: number): Tally {
  const support = new Float64Array(classes);
  const found = new Float64Array(classes);
  for (const [image, hit] of hits.entries()) {
    support[labels[image]!]!++;
    found[labels[image]!]! += hit;
  }
  return { support, found };
}

function measure({ support, found }: Tally): DecisionMeasures {
  let [images, right, recalls, occurring, worst] = [0, 0, 0, 0, 1];
  for (let k = 0; k < support.length; k++) {
    if (support[k] === 0) continue;
    const recall = found[k]! / support[k]!;
    images += support[k]!;
    right += found[k]!;
    recalls += recall;
    occurring++;
    worst = Math.min(worst, recall);
  }
  if (occurring === 0) return { accuracy: 0, balancedAccuracy: 0, worstRecall: 0 };
  return { accuracy: right / images, balancedAccuracy: recalls / occurring, worstRecall: worst };
}

/** Standard error of the difference in utility: √((g − 1)/g·Σ (d − mean)²) over the differences d without one of g groups. */
function jackknife(
  before: Uint8Array,
  after: Uint8Array,
  { labels, classes, groups }: DecisionBiasOptions,
  utility: (measures: DecisionMeasures) => number,
): number {
  const [old, young] = [tally(before, labels, classes), tally(after, labels, classes)];
  const members = groupImages(before.length, groups);
  const move = (images: readonly number[], sign: number): void => {
    for (const image of images) {
      const label = labels[image]!;
      old.support[label]! += sign;
      young.support[label]! += sign;
      old.found[label]! += sign * before[image]!;
      young.found[label]! += sign * after[image]!;
    }
  };
  const differences = members.map((images) => {
    move(images, -1);
    const difference = utility(measure(young)) - utility(measure(old));
    move(images, 1);
    return difference;
  });
  const count = differences.length;
  const mean = differences.reduce((a, b) => a + b, 0) / count;
  const squares = differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0);
  return count < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(((count - 1) / count) * squares);
}

function groupImages(images: number, groups: readonly string[] | undefined): (readonly number[])[] {
  const all = Array.from({ length: images }, (_, image) => image);
  return groups ? [...groupBy(all, (image) => groups[image]!).values()] : all.map((image) => [image]);
}

function checkShapes({ probabilities, labels, classes, priors, groups }: DecisionBiasOptions): void {
  const images = labels.length;
  if (probabilities.length !== images * classes)
    throw new RangeError(`${probabilities.length} probabilities for ${images} images of ${classes} classes`);
  if (priors.length !== classes) throw new RangeError(`${priors.length} priors for ${classes} classes`);
  if (groups && groups.length !== images) throw new RangeError(`${groups.length} groups for ${images} images`);
  if (!Array.from(labels).every((label) => Number.isInteger(label) && label >= 0 && label < classes))
    throw new RangeError("a label is no class");
}
