/** Fine-tuning: the gradient engine's graphs, an optimizer, random views, checkpoints. Docs: docs/fine-tuning.md. */
export type { Cut } from "./cut.js";
export { trainedShare } from "./cut-choice.js";
export {
  type Costs,
  cutOf,
  type Depth,
  depths,
  epochSeconds,
  fewestEpochs,
  fewestSelect,
  fittingEpochs,
  gainOf,
  scaleOf,
  timeShare,
  trainingFits,
} from "./depth.js";
export {
  type FineTuned,
  fineTune,
  type FineTuneOptions,
  type Labelled,
  measureStep,
  planStep,
  type StepCost,
  type StepMemory,
} from "./fine-tune.js";
export type { Judged } from "./judge.js";
export type { Precision } from "./place.js";
export { type DeviceMemoryPlan, planDevice, planWithin } from "./plan-device.js";
export type { Photograph } from "./inputs.js";
export { findNetworkCuts, type HeadWeights } from "./network.js";
export { describeRates, ratesFor } from "./rates.js";
export { type Rates, type Settings, usualSettings } from "./settings.js";
export type { Best, EpochRecord, TrainingEvent } from "./training.js";
