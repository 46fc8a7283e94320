/** From features to a calibrated model: strength by cross-validation, fine-tuning, decision bias, refit, temperature. */
import { type DecisionBiasFit, type DecisionMeasures, fitDecisionBias, fitTemperature } from "../calibrate/index.js";
import { countOf, formatPercent, formatSeconds, type HalfMatrix } from "../core/index.js";
import { type Recipe, recipeTaps } from "../backbone/index.js";
import { assembleFeatures, extractFeatures, stackRows, type Views } from "../features/index.js";
import { type Action, runLoop } from "../loop/index.js";
import { accuracyOf, softmaxRows } from "../metrics/index.js";
import type { NetworkFacts } from "../plan/index.js";
import { applyHead, fitHead, type HeadFit, refitHead } from "../train/index.js";
import type { RunContext } from "./context.js";
import { accuracyFloor, asksForBalance, budgetOf, type JudgedImages, sufficiency } from "./limits.js";
import { type Tunable, tuneActions } from "./tune.js";
import type { Workload } from "./workload.js";
import { joinParts, type Learnable, type Part } from "./parts.js";

export interface Fitted extends Tunable {
  readonly fit: HeadFit;
  /** Accuracy on select of a model that has not learned from it. */
  readonly selectAccuracy: number;
  readonly temperature: number;
  /** Null: the most probable class is the label. */
  readonly decisionBias: readonly number[] | null;
}

type Parts = Readonly<Record<Learnable, Part>>;
type AllFeatures = Readonly<Record<Learnable, Views>>;

export interface FitOptions {
  readonly context: RunContext;
  /** Folder of the photographs. */
  readonly root: string;
  readonly parts: Parts;
  readonly recipe: Recipe;
  /** Of that recipe. */
  readonly features: AllFeatures;
  readonly classes: number;
  /** Whether the classes are about equal in size, so that none is rare. */
  readonly isEven: boolean;
  readonly images: JudgedImages;
  readonly networks: readonly NetworkFacts[];
  readonly workload: Workload;
}

/** Learns the head, and the network's layers where that pays. Nothing looks at test, and nothing but the temperature at calibrate. Throws as `fitHead` and `fineTune` do. */
export async function fitAll(options: FitOptions): Promise<Fitted> {
  const { context, parts, recipe, features, classes, isEven, images, networks, workload, root } = options;
  const { trace, around, spec, request } = context;
  const fit = await fitOnTrain(context, parts.train, features.train, classes);
  const selectLogits = checkOnSelect(context, fit, parts.select, features.select.clean, classes);
  const start: Chosen = {
    recipe,
    head: fit.head,
    selectLogits,
    untuned: null,
    tuning: null,
    decisionBias: null,
    isRefitted: false,
  };
  const budget = budgetOf(spec, request.budgetSeconds);
  const secondsLeft = (): number => budget - workload.seconds;
  const suffices = sufficiency(spec, images);
  const frozen = { recipe, head: fit.head, features: features.train.clean };
  const tuning = { context, root, parts, classes, frozen, networks, workload, secondsLeft, suffices };
  const loop = { ends: () => null, trace, signal: around.signal };
  const tuned = await runLoop<Chosen>(start, { ...loop, actions: await tuneActions<Chosen>(tuning), secondsLeft });
  const chosen = await runLoop<Chosen>(tuned, {
    ...loop,
    actions: [
      ...(isEven ? [] : [biasAction(context, outOfSample(tuned, fit, parts), classes, accuracyFloor(spec, images))]),
      refitAction(context, fit, parts, features, classes),
    ],
    secondsLeft: () => Number.POSITIVE_INFINITY, // their time is part of what was set aside for the recipe
  });
  const logits = applyHead(chosen.head, await calibrationFeatures(options, chosen));
  const temperature = calibrate(context, logits, parts.calibrate, classes);
  return { ...chosen, fit, selectAccuracy: accuracyOf(chosen.selectLogits, parts.select.labels, classes), temperature };
}

/** What the actions after the head change. */
interface Chosen extends Tunable, Pick<Fitted, "decisionBias"> {
  readonly isRefitted: boolean;
}

/** Predictions of photographs that the model had not learned from: train out of fold, or select where the network itself learned. */
interface OutOfSample {
  readonly logits: Float32Array;
  readonly labels: Int32Array;
  readonly groups: readonly string[];
}

function outOfSample({ tuning, selectLogits }: Tunable, { outOfFold }: HeadFit, { train, select }: Parts): OutOfSample {
  return tuning === null ? { ...train, logits: outOfFold } : { ...select, logits: selectLogits };
}

async function calibrationFeatures(
  { context, root, parts, features, workload }: FitOptions,
  { recipe, tuning }: Chosen,
): Promise<HalfMatrix> {
  if (tuning === null) return features.calibrate.clean;
  const extraction = extractFeatures(parts.calibrate.pictures, recipeTaps(recipe), { root, ...context.around });
  return assembleFeatures(recipe, (await workload.record(extraction)).features);
}

async function fitOnTrain(
  { trace, request, around }: RunContext,
  part: Part,
  { clean, drawn }: Views,
  classes: number,
): Promise<HeadFit> {
  trace.add("action", "head", `linear head on ${part.pictures.length} photographs, strength by cross-validation`);
  const { solver, seed } = request;
  const fit = await fitHead({ ...part, views: [clean, ...drawn], judged: clean, classes, solver, seed, ...around });
  const accuracy = accuracyOf(fit.outOfFold, part.labels, classes);
  const { strength, epochs } = fit.head;
  const chosen = epochs === null ? `strength ${strength.toExponential(1)}` : countOf(epochs, "epoch");
  trace.add(
    "observation",
    "head",
    `${chosen}: out-of-fold accuracy ${formatPercent(accuracy)}, in ${formatSeconds(fit.seconds)}`,
    { candidates: fit.candidates, strength, epochs, accuracy, seconds: fit.seconds },
  );
  return fit;
}

function checkOnSelect(
  { trace }: RunContext,
  { head }: HeadFit,
  part: Part,
  features: HalfMatrix,
  classes: number,
): Float32Array {
  const logits = applyHead(head, features);
  const accuracy = accuracyOf(logits, part.labels, classes);
  const images = part.pictures.length;
  const text =
    images === 0
      ? "accuracy on select is not measured: no photograph is in it"
      : `accuracy ${formatPercent(accuracy)} on ${countOf(images, "photograph")} of select`;
  trace.add("observation", "head", text, { accuracy: images === 0 ? null : accuracy, images });
  return logits;
}

/** A model that leaves `select` out gives accuracy away: once it has judged, it is learned from. */
function refitAction(
  { request, around }: RunContext,
  { head, seconds, candidates }: HeadFit,
  parts: Parts,
  { train, select }: AllFeatures,
  classes: number,
): Action<Chosen> {
  const both = joinParts([parts.train, parts.select]);
  const images = both.pictures.length;
  return {
    name: "refit",
    thought: "a model that leaves select out gives accuracy away",
    predict: ({ isRefitted, tuning }) =>
      isRefitted || tuning !== null || parts.select.pictures.length === 0
        ? null
        : { seconds: seconds / Math.max(1, candidates.length), gain: null },
    run: async (state) => {
      const { strength, epochs } = head;
      const refitted = await refitHead({
        views: [[train.clean, select.clean], ...train.drawn.map((view, i) => [view, select.drawn[i]!])].map(stackRows),
        labels: both.labels,
        classes,
        solver: request.solver,
        strength,
        epochs,
        seed: request.seed,
        threads: around.threads,
        signal: around.signal,
      });
      const text = `the same head on train and select, ${images} photographs: kept; nothing is left to measure its gain on`;
      return { state: { ...state, head: refitted, isRefitted: true }, observations: [{ text, data: { images } }] };
    },
  };
}

/** Platt's smoothed targets: n photographs show no more certainty than n can. */
function calibrate({ trace }: RunContext, logits: Float32Array, { labels }: Part, classes: number): number {
  const fit = fitTemperature(logits, labels, classes, 1 / (labels.length + 2));
  trace.add("observation", "calibrate", `temperature ${fit.temperature.toFixed(3)}`, { ...fit });
  return fit.temperature;
}

/** A bias for rare classes where the spec asks for the classes alike and its accuracy allows, by predictions that are out of sample. */
function biasAction(
  { spec }: RunContext,
  { logits, labels, groups }: OutOfSample,
  classes: number,
  floor: number | null,
): Action<Chosen> {
  let isTried = false; // nothing that comes later changes what it rests on
  return {
    name: "decision bias",
    thought: "a class that is rare among the photographs is named too seldom for lines that ask for the classes alike",
    predict: () => (isTried || !asksForBalance(spec) ? null : { seconds: 0, gain: null }),
    run: async (state) => {
      isTried = true;
      const { temperature } = fitTemperature(logits, labels, classes, 1 / (labels.length + 2));
      const probabilities = softmaxRows(
        logits.map((logit) => logit / temperature),
        classes,
      );
      const priors = new Float64Array(classes);
      for (const label of labels) priors[label]! += 1 / labels.length;
      const found = fitDecisionBias({ probabilities, labels, classes, priors, groups, accuracyFloor: floor ?? 0 });
      const bias = [...found.bias];
      const kept = found.tau !== 0;
      const verdict = kept ? "kept" : "rolled back";
      const data = { ...found, bias, verdict };
      return {
        state: kept ? { ...state, decisionBias: bias } : null,
        observations: [{ text: `${describeBias(found, floor)}: ${verdict}`, data }],
      };
    },
  };
}

function describeBias({ before, after, best, taken }: DecisionBiasFit, floor: number | null): string {
  const { tau, gain: value, standardError } = taken ?? best;
  const gain = `${formatPercent(value)} ± ${formatPercent(standardError)}`;
  if (floor !== null && before.accuracy < floor)
    return `a bias costs accuracy, and the ${formatPercent(before.accuracy)} there are less than the ${formatPercent(floor)} that prove the hard lines`;
  const floored = floor === null ? "" : ` that keeps ${formatPercent(floor)} accuracy`;
  if (best.tau === 0) return `no bias${floored} adds to balanced accuracy`;
  if (taken === null) return `the best bias${floored} adds ${gain} to balanced accuracy, which is within its noise`;
  const change = ({ balancedAccuracy, accuracy }: DecisionMeasures): [string, string] => [
    formatPercent(balancedAccuracy),
    formatPercent(accuracy),
  ];
  const [[balanced, accuracy], [newBalanced, newAccuracy]] = [change(before), change(after)];
  const milder = tau === best.tau ? "" : `, the mildest within noise of ${best.tau}`;
  return `τ ${tau}${milder}: balanced accuracy ${balanced} → ${newBalanced} (${gain}), accuracy ${accuracy} → ${newAccuracy}`;
}
