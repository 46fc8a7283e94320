/** Composes a run from the modules, in order: what is learned from what, within which time and limits. */
export type { RunRequest, Surroundings } from "./context.js";
export { benchBundle } from "./bench.js";
export { auditImages } from "./data.js";
export { loadBundle, train, type TrainOptions, verifyBundle } from "./library.js";
export { renderPlan } from "../plan/index.js";
export { planImages } from "./plan.js";
export { run, type RunResult } from "./run.js";
