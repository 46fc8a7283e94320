/** From features to a calibrated head: strength by cross-validation, refit, temperature, decision bias. */
import { fitDecisionBias, fitTemperature } from "../calibrate/index.js";
import { formatPercent, formatSeconds, type HalfMatrix } from "../core/index.js";
import { stackRows } from "../features/index.js";
import { accuracyOf, softmaxRows } from "../metrics/index.js";
import { applyHead, fitHead, type Head, type HeadFit, refitHead } from "../train/index.js";
import type { RunContext } from "./context.js";
import { accuracyFloor, asksForBalance, type JudgedImages } from "./limits.js";
import { joinParts, type Learnable, type Part, type PartFeatures } from "./parts.js";

export interface Fitted {
  readonly fit: HeadFit;
  /** Trained on train and select. */
  readonly head: Head;
  /** Of the head that had not seen `select`: its logits [images, classes] there, and its accuracy. */
  readonly select: { readonly logits: Float32Array; readonly accuracy: number };
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
  const fit = await fitOnTrain(context, parts.train, features.train, classes);
  const select = checkOnSelect(context, fit, parts.select, features.select.clean, classes);
  const head = await refit(context, fit, parts, features, classes);
  const temperature = calibrate(context, head, parts.calibrate, features.calibrate.clean, classes);
  const decisionBias = chooseBias(context, fit, parts.train, classes, accuracyFloor(context.spec, images));
  return { fit, head, select, temperature, decisionBias };
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
): Fitted["select"] {
  const logits = applyHead(head, features);
  const accuracy = accuracyOf(logits, part.labels, classes);
  const images = part.pictures.length;
  const text = `accuracy ${formatPercent(accuracy)} on ${images} photographs of select`;
  trace.add("observation", "head", text, { accuracy, images });
  return { logits, accuracy };
}

/** A model that leaves `select` out gives accuracy away: once it has judged, it is learned from. */
async function refit(
  { trace, request, around }: RunContext,
  { head }: HeadFit,
  parts: Parts,
  { train, select }: AllFeatures,
  classes: number,
): Promise<Head> {
  if (parts.select.pictures.length === 0) return head;
  const both = joinParts([parts.train, parts.select]);
  const { strength, epochs } = head;
  trace.add("action", "head", `the same head on train and select, ${both.pictures.length} photographs`);
  return refitHead({
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
}

/** Platt's smoothed targets: n photographs show no more certainty than n can. */
function calibrate({ trace }: RunContext, head: Head, part: Part, features: HalfMatrix, classes: number): number {
  const smoothing = 1 / (part.labels.length + 2);
  const fit = fitTemperature(applyHead(head, features), part.labels, classes, smoothing);
  trace.add("observation", "calibrate", `temperature ${fit.temperature.toFixed(3)}`, { ...fit });
  return fit.temperature;
}

/** A bias for rare classes where the spec asks for the classes alike and its accuracy allows, by out-of-fold predictions of train. */
function chooseBias(
  { trace, spec }: RunContext,
  { outOfFold }: HeadFit,
  { labels, groups }: Part,
  classes: number,
  floor: number | null,
): readonly number[] | null {
  if (!asksForBalance(spec)) return null;
  const { temperature } = fitTemperature(outOfFold, labels, classes, 1 / (labels.length + 2));
  const probabilities = softmaxRows(
    outOfFold.map((logit) => logit / temperature),
    classes,
  );
  const priors = new Float64Array(classes);
  for (const label of labels) priors[label]! += 1 / labels.length;
  const found = fitDecisionBias({ probabilities, labels, classes, priors, groups, accuracyFloor: floor ?? 0 });
  const { tau, before, after, best } = found;
  const gain = `${formatPercent(best.gain)} ± ${formatPercent(best.standardError)}`;
  const kept = floor === null ? "" : ` that keeps ${formatPercent(floor)} accuracy`;
  const text =
    tau === 0
      ? `no bias for rare classes: ${best.tau === 0 ? `none${kept} adds to balanced accuracy` : `the best${kept} adds ${gain} to balanced accuracy, which is within its noise`}`
      : `bias for rare classes, τ ${tau}: balanced accuracy ${formatPercent(before.balancedAccuracy)} → ${formatPercent(after.balancedAccuracy)} (${gain}), accuracy ${formatPercent(before.accuracy)} → ${formatPercent(after.accuracy)}`;
  trace.add("decision", "calibrate", text, { ...found, bias: [...found.bias] });
  return tau === 0 ? null : [...found.bias];
}
