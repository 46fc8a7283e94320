/**
 * The search for a recipe: one action after the other proposes changes, each is tried on a sample of the training photographs and
 * compared with the current recipe on the same out-of-fold predictions; what does not help beyond its noise is rolled back.
 */
import { type Recipe, recipeMultiplyAdds } from "../backbone/index.js";
import { checkInterrupted, formatPercent } from "../core/index.js";
import { comparePaired } from "../metrics/index.js";
import type { Trace } from "../trace/index.js";
import { type ActionName, actionNames, actions, type Means } from "./actions.js";
import { type Sample, type Trial, Trials } from "./trial.js";

export interface SearchOptions {
  readonly start: Recipe;
  readonly means: Means;
  readonly sample: Sample;
  /** Class index and group of each photograph of the sample. */
  readonly labels: Int32Array;
  readonly groups: readonly string[];
  readonly classes: number;
  /** Photographs whose features the chosen recipe needs in the end. */
  readonly images: number;
  /** Seconds left for trials and for the chosen recipe's features and head. */
  readonly secondsLeft: () => number;
  /** Why the requirements forbid a recipe, such as its latency; null where they do not. */
  readonly refuse: (recipe: Recipe) => Promise<string | null>;
  /** Why nothing more is needed; null where something is. */
  readonly suffices: (trial: Trial) => string | null;
  readonly trace: Trace;
  readonly signal?: AbortSignal | undefined;
}

/** Share of the budget that trials may take; the rest is for the recipe that they choose. */
export const trialShare = 0.3;

/** The best recipe that was found, with what was measured of it on the sample. Throws as extraction and fit do. */
export async function searchRecipe(options: SearchOptions): Promise<Trial> {
  const { start, trace, signal, suffices } = options;
  const trials = new Trials(options.sample);
  const trialsEnd = options.secondsLeft() * (1 - trialShare);
  trace.add("action", "loop", `try ${options.sample.images} photographs: features as the network was trained`);
  let current = (await trials.run([start]))[0]!;
  trace.add("observation", "loop", describeTrial(current), numbers(current));
  for (const name of actionNames)
    for (;;) {
      checkInterrupted(signal);
      const enough = suffices(current) ?? (options.secondsLeft() < trialsEnd ? "the time for trials is spent" : null);
      if (enough !== null) {
        trace.add("decision", "loop", `no more trials: ${enough}`);
        return current;
      }
      const better = await attempt(name, current, trials, options);
      if (better === null) break;
      current = better; // and once more: a side that helped may be raised further
    }
  trace.add("decision", "loop", "no more trials: no action is left that helps");
  return current;
}

/** Tries what an action proposes; the best of it where it is better than the current recipe beyond noise and allowed, else null. */
async function attempt(
  name: ActionName,
  current: Trial,
  trials: Trials,
  options: SearchOptions,
): Promise<Trial | null> {
  const { trace, means } = options;
  const { thought, propose } = actions[name];
  const proposed = propose(current.recipe, means).filter((recipe) => !trials.has(recipe));
  const affordable = proposed.filter((recipe) => secondsOf(recipe, current, trials, options) <= options.secondsLeft());
  if (affordable.length < proposed.length)
    trace.add(
      "decision",
      "loop",
      `${name}: ${proposed.length - affordable.length} not measured, they exceed the budget`,
    );
  if (affordable.length === 0) return null;
  const seconds = affordable.reduce((sum, recipe) => sum + trials.predictSeconds(recipe), 0);
  trace.add("thought", "loop", `${name}: ${thought}`, { trials: affordable.length, seconds });
  const measured = await trials.run(affordable);
  for (const trial of measured.toSorted((a, b) => a.logLoss - b.logLoss)) {
    const { text, data, helps } = compare(current, trial, options);
    const refusal = helps ? await options.refuse(trial.recipe) : null;
    const verdict = helps ? (refusal === null ? "kept" : `refused, ${refusal}`) : "rolled back";
    trace.add("observation", "loop", `${name}: ${describeTrial(trial)}; ${text}: ${verdict}`, { ...data, refusal });
    if (!helps) break;
    if (refusal === null) return trial;
  }
  return null;
}

/** Predicted seconds of a trial and then of the recipe on all photographs. */
function secondsOf(recipe: Recipe, { headSeconds }: Trial, trials: Trials, { images, sample }: SearchOptions): number {
  const head = headSeconds * (1 + images / sample.images);
  return trials.predictSeconds(recipe) + trials.predictSeconds(recipe, images) + head;
}

function compare(current: Trial, trial: Trial, { labels, classes, groups }: SearchOptions) {
  const paired = comparePaired(current.logits, trial.logits, labels, classes, groups);
  const { logLossGain, logLossStandardError, accuracyGain, accuracyStandardError } = paired;
  const points = `${signed(accuracyGain * 100)} ± ${(accuracyStandardError * 100).toFixed(1)} points`;
  const loss = `log loss ${signed(-logLossGain, 3)} ± ${logLossStandardError.toFixed(3)}`;
  return {
    text: `${points}, ${loss}`,
    data: { ...numbers(trial), ...paired },
    helps: logLossGain > (costsMore(current, trial) ? logLossStandardError : 0),
  };
}

/** What costs nothing need only look better; what costs something must be better beyond noise. */
function costsMore(current: Trial, trial: Trial): boolean {
  return recipeMultiplyAdds(trial.recipe) > recipeMultiplyAdds(current.recipe);
}

function signed(value: number, digits = 1): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function describeTrial({ name, accuracy, logLoss }: Trial): string {
  return `${name}: accuracy ${formatPercent(accuracy)}, log loss ${logLoss.toFixed(3)} out of fold`;
}

function numbers({ name, accuracy, logLoss, headSeconds }: Trial): Readonly<Record<string, unknown>> {
  return { recipe: name, accuracy, logLoss, headSeconds };
}
