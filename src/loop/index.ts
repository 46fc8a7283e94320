/** The loop: actions that predict, run, are observed, and are kept or rolled back; and the search for a recipe made of them. */
export type { Action, Observed, Prediction } from "./action.js";
export { type Change, type ChangeName, changes, type Means } from "./changes.js";
export { type LoopOptions, runLoop } from "./run-loop.js";
export { searchRecipe, type SearchOptions, trialShare } from "./search.js";
export { type Utility, type UtilityOf, utilityOf } from "./utility.js";
export { type Sample, type Speed, type StoredTrial, type Trial, type TrialStore, Trials } from "./trial.js";
