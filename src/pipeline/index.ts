/** Composes a run from the modules, in order: what is learned from what, within which time and limits. */
export { placeNetworks, type RunRequest, type Surroundings } from "./context.js";
export { benchBundle } from "./bench.js";
export { auditImages } from "./data.js";
export { loadBundle, train, type TrainOptions, verifyBundle } from "./library.js";
export { renderPlan, withoutMarkdown } from "../plan/index.js";
export { planImages } from "./plan.js";
export { proveBundle } from "./prove.js";
export { run, type RunResult } from "./run.js";
