/** Composes a run from the modules, in order. No decisions of its own. */
export type { RunRequest, Surroundings } from "./context.js";
export { auditImages } from "./data.js";
export { loadBundle, train, type TrainOptions } from "./library.js";
export { verifyBundle } from "./prove.js";
export { run, type RunResult } from "./run.js";
