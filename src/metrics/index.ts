/** Predictions → numbers: the usual measures of classification, as scikit-learn defines them. Pure functions on typed arrays. */
export {
  accuracyOf,
  argmaxRows,
  type ClassMetrics,
  classMetrics,
  type ConfusionMatrix,
  confusionMatrix,
  measurePredictions,
  type PredictionMetrics,
  type WorstClass,
} from "./classification.js";
export {
  brierScore,
  calibrationBins,
  calibrationError,
  type ConfidenceBin,
  confidenceBins,
  negativeLogLikelihood,
  usualBins,
} from "./probability.js";
export { comparePaired, type PairedComparison } from "./paired.js";
export { logitLosses, softmaxRows } from "./softmax.js";
