/** The public API of assay on one screen; docs/library.md shows it at work. */
export type { Answer, Bundle, BundleManifest, Prediction, PredictionError } from "./bundle/index.js";
export { Fault, type FaultCode, type Progress, type ProgressEvent } from "./core/index.js";
export { explainPhotograph, type Explanation, type ExplainOptions } from "./explain/index.js";
export { loadBundle, type RunResult, train, type TrainOptions, verifyBundle } from "./pipeline/index.js";
export {
  describeService,
  type RunningService,
  type Service,
  type ServiceOptions,
  startService,
} from "./serve/index.js";
export { parseSpec, readSpec, type Requirement, type Spec } from "./spec/index.js";
export type { Evidence, RequirementEvidence, Verdict } from "./verify/index.js";
