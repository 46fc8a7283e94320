/** Probabilities that mean what they say: temperature scaling (Guo 2017, 1706.04599). Decisions for rare classes, kept apart. */
export {
  type BiasCandidate,
  decide,
  type DecisionBiasFit,
  type DecisionBiasOptions,
  type DecisionMeasures,
  fitDecisionBias,
} from "./decision-bias.js";
export { fitTemperature, type TemperatureFit, temperatureRange } from "./temperature.js";
