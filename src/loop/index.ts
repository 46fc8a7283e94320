/** The loop: a table of actions whose proposals are tried, compared on the same photographs, and kept or rolled back. */
export { type ActionName, actions, type Action, type Means } from "./actions.js";
export { searchRecipe, type SearchOptions, trialShare } from "./search.js";
export { type Sample, type Trial, Trials } from "./trial.js";
