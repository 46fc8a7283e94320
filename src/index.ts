/** The public API of assay on one screen. */
export { type Bundle, openBundle, type Prediction } from "./bundle/index.js";
export { Fault, type FaultCode, type Progress, type ProgressEvent } from "./core/index.js";
export { run, type RunRequest, type RunResult, type Surroundings, verifyBundle } from "./pipeline/index.js";
export { parseSpec, readSpec, type Requirement, type Spec } from "./spec/index.js";
export type { Evidence, RequirementEvidence, Verdict } from "./verify/index.js";
