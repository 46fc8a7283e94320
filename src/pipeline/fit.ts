/** From features to a calibrated head: strength by cross-validation, refit, temperature, decision bias. */
import { type DecisionBiasFit, type DecisionMeasures, fitDecisionBias, fitTemperature } from "../calibrate/index.js";
import { formatPercent, formatSeconds, type HalfMatrix } from "../core/index.js";
import { stackRows } from "../features/index.js";
import { type Action, runLoop } from "../loop/index.js";
import { accuracyOf, softmaxRows } from "../metrics/index.js";
import { applyHead, fitHead, type Head, type HeadFit, refitHead } from "../train/index.js";
import type { RunContext } from "./context.js";
import { accuracyFloor, asksForBalance, type JudgedImages } from "./limits.js";
import { joinParts, type Learnable, type Part, type PartFeatures } from "./parts.js";

export interface Fitted {
  readonly fit: HeadFit;
  /** Trained on train and select. */
  readonly head: Head;
  /** Of the head that had not seen `select`. */
  readonly selectAccuracy: number;
  readonly temperature: number;
  /** Null: the most probable class is the label. */
  readonly decisionBias: readonly number[] | null;
}

type Parts = Readonly<Record<Learnable, Part>>;
type AllFeatures = Readonly<Record<Learnable, PartFeatures>>;

/** Learns the head. Nothing looks at test, and nothing but the temperature at calibrate. Throws as `fitHead` does. */
export async function fitAll(
  context: RunContext,
  parts: Parts,
  features: AllFeatures,
  classes: number,
  images: JudgedImages,
): Promise<Fitted> {
  const { trace, around } = context;
  const fit = await fitOnTrain(context, parts.train, features.train, classes);
  const selectAccuracy = checkOnSelect(context, fit, parts.select, features.select.clean, classes);
  const { head, decisionBias } = await runLoop<Chosen>(
    { head: fit.head, decisionBias: null, isRefitted: false },
    {
      actions: [
        biasAction(context, fit, parts.train, classes, accuracyFloor(context.spec, images)),
        refitAction(context, fit, parts, features, classes),
      ],
      secondsLeft: () => Number.POSITIVE_INFINITY, // their time is part of what was set aside for the recipe
      ends: () => null,
      trace,
      signal: around.signal,
    },
  );
  const temperature = calibrate(context, head, parts.calibrate, features.calibrate.clean, classes);
  return { fit, head, selectAccuracy, temperature, decisionBias };
}

/** What the actions after the head change. */
interface Chosen extends Pick<Fitted, "head" | "decisionBias"> {
  readonly isRefitted: boolean;
}

async function fitOnTrain(
  { trace, request, around }: RunContext,
  part: Part,
  { clean, drawn }: PartFeatures,
  classes: number,
): Promise<HeadFit> {
  trace.add("action", "head", `linear head on ${part.pictures.length} photographs, strength by cross-validation`);
  const { solver, seed } = request;
  const fit = await fitHead({ ...part, views: [clean, ...drawn], judged: clean, classes, solver, seed, ...around });
  const accuracy = accuracyOf(fit.outOfFold, part.labels, classes);
  const { strength, epochs } = fit.head;
  const chosen = epochs === null ? `strength ${strength.toExponential(1)}` : `${epochs} epochs`;
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
): number {
  const accuracy = accuracyOf(applyHead(head, features), part.labels, classes);
  const images = part.pictures.length;
  const text = `accuracy ${formatPercent(accuracy)} on ${images} photographs of select`;
  trace.add("observation", "head", text, { accuracy, images });
  return accuracy;
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
    predict: ({ isRefitted }) =>
      isRefitted || parts.select.pictures.length === 0
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
function calibrate({ trace }: RunContext, head: Head, part: Part, features: HalfMatrix, classes: number): number {
  const smoothing = 1 / (part.labels.length + 2);
  const fit = fitTemperature(applyHead(head, features), part.labels, classes, smoothing);
  trace.add("observation", "calibrate", `temperature ${fit.temperature.toFixed(3)}`, { ...fit });
  return fit.temperature;
}

/** A bias for rare classes where the spec asks for the classes alike and its accuracy allows, by out-of-fold predictions of train. */
function biasAction(
  { spec }: RunContext,
  { outOfFold }: HeadFit,
  { labels, groups }: Part,
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
      const { temperature } = fitTemperature(outOfFold, labels, classes, 1 / (labels.length + 2));
      const probabilities = softmaxRows(
        outOfFold.map((logit) => logit / temperature),
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

function describeBias({ tau, before, after, best }: DecisionBiasFit, floor: number | null): string {
  const gain = `${formatPercent(best.gain)} ± ${formatPercent(best.standardError)}`;
  const floored = floor === null ? "" : ` that keeps ${formatPercent(floor)} accuracy`;
  if (best.tau === 0) return `no bias${floored} adds to balanced accuracy`;
  if (tau === 0) return `the best bias${floored} adds ${gain} to balanced accuracy, which is within its noise`;
  const change = ({ balancedAccuracy, accuracy }: DecisionMeasures): [string, string] => [
    formatPercent(balancedAccuracy),
    formatPercent(accuracy),
  ];
  const [[balanced, accuracy], [newBalanced, newAccuracy]] = [change(before), change(after)];
  return `τ ${tau}: balanced accuracy ${balanced} → ${newBalanced} (${gain}), accuracy ${accuracy} → ${newAccuracy}`;
}
