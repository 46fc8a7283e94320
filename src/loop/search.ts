/**
 * The search for a recipe: changes are tried on a sample of the training photographs and compared with the current recipe on the
 * same out-of-fold predictions. What costs more must help beyond its noise, what costs the same need only help; the rest is rolled back.
 */
import { learningMultiplyAdds, type Recipe, recipeMultiplyAdds, whyImpossible } from "../backbone/index.js";
import { formatPercent, formatSeconds } from "../core/index.js";
import { comparePaired } from "../metrics/index.js";
import type { Trace } from "../trace/index.js";
import type { Action, Observed } from "./action.js";
import { type ChangeName, changeNames, changes, type Means } from "./changes.js";
import { runLoop } from "./run-loop.js";
import type { Utility, UtilityOf } from "./utility.js";
import { type Sample, type Speed, type Trial, type TrialStore, Trials } from "./trial.js";

export interface SearchOptions {
  readonly start: Recipe;
  readonly means: Means;
  readonly sample: Sample;
  /** Measured before: multiply-adds computed, decoding included, in so many seconds. */
  readonly speed?: Speed | undefined;
  /** Where trials are kept for a resumed run. */
  readonly store?: TrialStore | undefined;
  /** Class index and group of each photograph of the sample. */
  readonly labels: Int32Array;
  readonly groups: readonly string[];
  readonly classes: number;
  /** Photographs that the chosen recipe looks at in the end: for its features, and once more for the proof. */
  readonly images: number;
  /** Seconds left for trials and for the chosen recipe's features and head. */
  readonly secondsLeft: () => number;
  /** Why the requirements forbid a recipe, such as its latency; null where they do not. */
  readonly refuse: (recipe: Recipe) => Promise<string | null>;
  /** Why nothing more is needed; null where something is. */
  readonly suffices: (trial: Trial) => string | null;
  /** Ranks recipes that help. */
  readonly utility: UtilityOf;
  readonly trace: Trace;
  readonly signal?: AbortSignal | undefined;
}

/** Share of the budget that trials may take; the rest is for the recipe that they choose. */
export const trialShare = 0.3;

/** The best recipe that was found, with what was measured of it on the sample. Throws as extraction and fit do. */
export async function searchRecipe(options: SearchOptions): Promise<Trial> {
  const { start, sample, secondsLeft, suffices, trace, signal } = options;
  const trials = new Trials(sample, options.speed, options.store);
  const whole = secondsLeft();
  const spent =
    whole <= 0
      ? "measuring the networks took all the time that trials had"
      : `the time for trials, ${formatSeconds(whole * trialShare)} of ${formatSeconds(whole)}, is spent`;
  trace.add("action", "loop", `try ${sample.images} photographs: features as the network was trained`);
  const first = (await trials.run([start]))[0]!;
  const refusal = await options.refuse(start);
  const against = refusal === null ? "" : `; the requirements forbid it: ${refusal}`;
  trace.add("observation", "loop", `${describeTrial(first)}${against}`, {
    ...numbers(first, options.utility(first)),
    start: true,
    refusal,
  });
  const forbidden = refusal === null ? null : first;
  return runLoop(first, {
    actions: changeNames.map((name) => changeAction(name, trials, forbidden, options)),
    ends: (trial) => suffices(trial) ?? (secondsLeft() < whole * (1 - trialShare) ? spent : null),
    secondsLeft,
    trace,
    signal,
  });
}

/** A change of the recipe as an action of the loop. Nothing lies outside of the state but cached features: no rollback is needed. */
function changeAction(
  name: ChangeName,
  trials: Trials,
  forbidden: Trial | null,
  options: SearchOptions,
): Action<Trial> {
  const { thought, usualGain, propose } = changes[name];
  const { means, trace, secondsLeft } = options;
  let gain = usualGain;
  const said = new Set<string>();
  const untried = ({ recipe }: Trial): Recipe[] =>
    propose(recipe, means).filter((next) => {
      const why = whyImpossible(next);
      if (why !== null && !said.has(why)) trace.add("decision", "loop", `${name}: not possible, ${why}`, { name, why });
      if (why !== null) said.add(why);
      return why === null && !trials.has(next);
    });
  return {
    name,
    thought,
    predict: (trial, left) => {
      const proposed = untried(trial);
      if (proposed.length === 0) return null;
      const { recipes, seconds } = fitting(proposed, trial, left, trials, options);
      const beyond = proposed.length - recipes.length;
      const refused =
        beyond === 0 ? [] : [`${beyond} not measured, ${beyond === 1 ? "it exceeds" : "they exceed"} the budget`];
      return { gain, seconds, ...(recipes.length > 0 ? { refused } : {}) };
    },
    run: async (trial) => {
      const { recipes } = fitting(untried(trial), trial, secondsLeft(), trials, options);
      const observed = await compareAll(trial, await trials.run(recipes), trial === forbidden, options);
      // A second step brings less than the first, and what did not help seldom does from elsewhere.
      gain = observed.state === null ? gain / 4 : (trial.logLoss - observed.state.logLoss) / 2;
      return observed;
    },
  };
}

/**
 * As many of the proposed recipes as can be tried, and any of them then used, in the seconds that are left; and the seconds that
 * takes. Where none fits: those of the cheapest.
 */
function fitting(
  proposed: readonly Recipe[],
  { headSeconds }: Trial,
  left: number,
  trials: Trials,
  { images, sample }: SearchOptions,
): { readonly recipes: readonly Recipe[]; readonly seconds: number } {
  const costs = proposed.map((recipe) => ({
    recipe,
    trial: trials.predictSeconds(recipe) + headSeconds,
    use: trials.predictSeconds(recipe, images) + 2 * headSeconds * (images / sample.images), // once more for the refit
  }));
  const recipes: Recipe[] = [];
  let [spent, dearest] = [0, 0];
  for (const { recipe, trial, use } of costs) {
    if (spent + trial + Math.max(dearest, use) > left) continue;
    recipes.push(recipe);
    spent += trial;
    dearest = Math.max(dearest, use);
  }
  const cheapest = Math.min(...costs.map(({ trial, use }) => trial + use));
  return { recipes, seconds: recipes.length > 0 ? spent + dearest : cheapest };
}

/** From the most useful down: the first that helps and that the requirements allow; where they forbid the current one, any allowed. */
async function compareAll(
  current: Trial,
  measured: readonly Trial[],
  isForbidden: boolean,
  options: SearchOptions,
): Promise<Observed<Trial>> {
  const observations: Observed<Trial>["observations"][number][] = [];
  let state: Trial | null = null;
  for (const { trial, text, data, helps } of rank(current, measured, options)) {
    const wanted = state === null && (helps || isForbidden);
    const refusal = wanted ? await options.refuse(trial.recipe) : null;
    const kept = wanted && refusal === null;
    const verdict = kept ? "kept" : refusal === null ? "rolled back" : `refused, ${refusal}`;
    observations.push({ text: `${describeTrial(trial)}; ${text}: ${verdict}`, data: { ...data, verdict, refusal } });
    if (kept) state = trial;
  }
  return { state, observations };
}

/** What helps first, of that the most useful first, or of the lowest log loss where the spec has no soft line that shows. */
function rank(current: Trial, measured: readonly Trial[], options: SearchOptions) {
  const compared = measured.map((trial) => ({
    trial,
    ...compare(current, trial, options),
    utility: options.utility(trial).total ?? -trial.logLoss,
  }));
  return compared.toSorted((a, b) => Number(b.helps) - Number(a.helps) || b.utility - a.utility);
}

function compare(current: Trial, trial: Trial, { labels, classes, groups, utility }: SearchOptions) {
  const paired = comparePaired(current.logits, trial.logits, labels, classes, groups);
  const { logLossGain, logLossStandardError, accuracyGain, accuracyStandardError } = paired;
  const points = `${signed(accuracyGain * 100)} ± ${(accuracyStandardError * 100).toFixed(1)} points`;
  const loss = `log loss ${signed(-logLossGain, 3)} ± ${logLossStandardError.toFixed(3)}`;
  return {
    text: `${points}, ${loss}`,
    data: { ...numbers(trial, utility(trial)), ...paired },
    helps: logLossGain > (costsMore(current, trial) ? logLossStandardError : 0),
  };
}

/** What costs no more need only look better; what costs more must be better beyond its noise, one standard error. */
function costsMore(current: Trial, trial: Trial): boolean {
  return learningMultiplyAdds(trial.recipe) > learningMultiplyAdds(current.recipe);
}

function signed(value: number, digits = 1): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function describeTrial({ name, accuracy, logLoss }: Trial): string {
  return `${name}: accuracy ${formatPercent(accuracy)}, log loss ${logLoss.toFixed(3)} out of fold`;
}

function numbers(
  { name, accuracy, logLoss, headSeconds, recipe }: Trial,
  utility: Utility,
): Readonly<Record<string, unknown>> {
  return { recipe: name, accuracy, logLoss, headSeconds, multiplyAdds: recipeMultiplyAdds(recipe), utility };
}
