/** `insights.json`: what learning found out by the way and the report tells, from predictions of photographs that were not learned from. */
import { groupBy } from "../core/index.js";
import { takeRows, type Views } from "../features/index.js";
import { argmaxRows, comparePaired, softmaxRows } from "../metrics/index.js";
import type { DoubtfulLabels, Estimate, FineTuning, LearningCurve, Mistake } from "../report/index.js";
import { measureClusters } from "../statistics/index.js";
import { defaultStrengths, fitHead, type HeadFit } from "../train/index.js";
import type { RunContext } from "./context.js";
import { type Part, sampleOf } from "./parts.js";

/** A mistake before its picture is made. */
export type FoundMistake = Omit<Mistake, "thumbnail" | "heatMap">;

export interface Insights {
  readonly learningCurve: LearningCurve | null;
  readonly doubtfulLabels: DoubtfulLabels;
  /** How the network was trained further; null where it was not. */
  readonly fineTuning: FineTuning | null;
  /** On `select`, by the model that had not learned from it; the worst first, no more than the report shows. */
  readonly select: { readonly images: number; readonly count: number; readonly worst: readonly FoundMistake[] };
}

/** Mistakes that the report shows of each split. */
export const shownMistakes = 12;

/** Mistakes by probabilities [images, classes], the most confident first. */
export function findMistakes(
  pictures: readonly { readonly path: string; readonly truth: number; readonly predicted: number }[],
  probabilityOf: (image: number, label: number) => number,
  names: readonly string[],
): FoundMistake[] {
  return pictures
    .flatMap(({ path, truth, predicted }, image) =>
      truth === predicted
        ? []
        : [
            {
              path,
              actual: names[truth]!,
              labelled: names[predicted]!,
              confidence: probabilityOf(image, predicted),
              actualProbability: probabilityOf(image, truth),
            },
          ],
    )
    .toSorted((a, b) => b.confidence - a.confidence || (a.path < b.path ? -1 : 1));
}

/** Mistakes on a part whose logits are known. */
export function mistakesOf(
  part: Part,
  logits: Float32Array,
  temperature: number,
  names: readonly string[],
): Insights["select"] {
  const classes = names.length;
  const probabilities = softmaxRows(
    logits.map((logit) => logit / temperature),
    classes,
  );
  const predicted = argmaxRows(logits, classes);
  const pictures = part.pictures.map(({ path }, i) => ({ path, truth: part.labels[i]!, predicted: predicted[i]! }));
  const found = findMistakes(pictures, (image, label) => probabilities[image * classes + label]!, names);
  return { images: pictures.length, count: found.length, worst: found.slice(0, shownMistakes) };
}

const shownLabels = 20;

/**
 * Labels that out-of-fold predictions contradict: another class is named with at least the mean probability that it has on its own
 * photographs (confident learning, Northcutt 2021, 1911.00068).
 */
export function findDoubtfulLabels(part: Part, outOfFold: Float32Array, names: readonly string[]): DoubtfulLabels {
  const classes = names.length;
  const probabilities = softmaxRows(outOfFold, classes);
  const predicted = argmaxRows(outOfFold, classes);
  const images = new Float64Array(classes);
  const sums = new Float64Array(classes);
  for (const [i, label] of part.labels.entries()) {
    images[label]!++;
    sums[label]! += probabilities[i * classes + label]!;
  }
  const found = part.pictures.flatMap(({ path }, i) => {
    const label = part.labels[i]!;
    const other = predicted[i]!;
    const confidence = probabilities[i * classes + other]!;
    const isDoubtful = other !== label && images[other]! > 0 && confidence >= sums[other]! / images[other]!;
    return isDoubtful ? [{ path, label: names[label]!, predicted: names[other]!, confidence }] : [];
  });
  const rows = names.map((label, c) => ({
    label,
    count: found.filter((one) => one.label === label).length,
    images: images[c]!,
  }));
  return {
    images: part.pictures.length,
    count: found.length,
    classes: rows.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count),
    worst: found.toSorted((a, b) => b.confidence - a.confidence).slice(0, shownLabels),
  };
}

/** Below this the halves of a training set say nothing. */
const fewestForCurve = 200;

/**
 * What the last doubling of the training photographs brought: heads on the features of the frozen network, learned from a quarter and a
 * half of them, all compared on photographs that none of them had seen. Null where there are too few. Throws as `fitHead` does.
 */
export async function measureLearningCurve(
  { request, around, trace }: RunContext,
  part: Part,
  { clean, drawn }: Views,
  fit: HeadFit,
  names: readonly string[],
): Promise<LearningCurve | null> {
  const count = part.pictures.length;
  if (count < fewestForCurve) return null;
  const { strength, solver } = { ...fit.head, solver: request.solver };
  // Fewer photographs want a stronger penalty: the next one; a choice of several would take as long as the run's own head.
  const stronger = defaultStrengths.findLast((one) => one > strength) ?? strength;
  const strengths = solver === "lbfgs" ? [stronger] : defaultStrengths;
  const fitSome = async (some: Part): Promise<Float32Array> => {
    const rows = rowsOf(some, part);
    const { threads, signal } = around;
    const [judged, ...others] = [clean, ...drawn].map((view) => takeRows(view, rows));
    const options = {
      views: [judged!, ...others],
      judged,
      classes: names.length,
      strengths,
      solver,
      seed: request.seed,
    };
    return (await fitHead({ ...some, ...options, threads, signal })).outOfFold;
  };
  const half = sampleOf(part, Math.round(count / 2), request.seed);
  const quarter = sampleOf(part, Math.round(count / 4), request.seed);
  const curve = describeCurve(
    part,
    fit.outOfFold,
    [
      { part: quarter, logits: await fitSome(quarter) },
      { part: half, logits: await fitSome(half) },
    ],
    names,
  );
  const { gain, from, to, judged } = curve.doubling;
  const text = `heads on the frozen network, from ${from} to ${to} training photographs: ${(100 * gain.value).toFixed(1)} ± ${(100 * gain.standardError).toFixed(1)} points of accuracy, on ${judged} photographs out of fold`;
  trace.add("observation", "insights", text, { ...curve.doubling, points: curve.points });
  return curve;
}

interface Fit {
  readonly part: Part;
  readonly logits: Float32Array;
}

/** The points on the photographs of the smallest part, the doubling on those of the half. */
function describeCurve(
  all: Part,
  outOfFold: Float32Array,
  [quarter, half]: [Fit, Fit],
  names: readonly string[],
): LearningCurve {
  const whole = { part: all, logits: outOfFold };
  const pick = ({ part, logits }: Fit, some: Part): Float32Array =>
    takeLogits(logits, rowsOf(some, part), names.length);
  const points = [quarter, half, whole].map((fit) => ({
    images: fit.part.pictures.length,
    accuracy: estimateAccuracy(pick(fit, quarter.part), quarter.part, names.length),
  }));
  const compare = (rows: readonly number[]): Estimate => {
    const { accuracyGain, accuracyStandardError } = comparePaired(
      takeLogits(half.logits, rows, names.length),
      takeLogits(pick(whole, half.part), rows, names.length),
      rows.map((row) => half.part.labels[row]!),
      names.length,
      rows.map((row) => half.part.groups[row]!),
    );
    return { value: accuracyGain, standardError: accuracyStandardError };
  };
  const rows = [...half.part.labels.keys()];
  const classes = names.flatMap((label, c) => {
    const own = rows.filter((row) => half.part.labels[row] === c);
    const images = all.labels.filter((one) => one === c).length;
    return own.length < 2 ? [] : [{ label, judged: own.length, images, gain: compare(own) }];
  });
  const from = half.part.pictures.length;
  return { points, doubling: { from, to: all.pictures.length, judged: from, gain: compare(rows), classes } };
}

/** Photographs of one group count for fewer. */
function estimateAccuracy(logits: Float32Array, { labels, groups }: Part, classes: number): Estimate {
  const best = argmaxRows(logits, classes);
  const clusters = [...groupBy(labels.keys(), (i) => groups[i]!).values()].map((rows) => ({
    trials: rows.length,
    successes: rows.filter((i) => best[i] === labels[i]).length,
  }));
  const { successes, trials, effectiveTrials } = measureClusters(clusters);
  const value = successes / trials;
  return { value, standardError: Math.sqrt((value * (1 - value)) / effectiveTrials) };
}

/** Where the photographs of a sample stand in the part that they were taken from. */
function rowsOf(some: Part, all: Part): number[] {
  const places = new Map(all.pictures.map((picture, row) => [picture, row]));
  return some.pictures.map((picture) => places.get(picture)!);
}

function takeLogits(logits: Float32Array, rows: readonly number[], classes: number): Float32Array {
  const taken = new Float32Array(rows.length * classes);
  for (const [to, from] of rows.entries())
    taken.set(logits.subarray(from * classes, (from + 1) * classes), to * classes);
  return taken;
}
