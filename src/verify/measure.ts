/** From outcomes (truth and prediction of each photograph) to the metrics of a split. */
import { random } from "../core/index.js";
import {
  accuracy,
  balancedAccuracy,
  type ClassCounts,
  confusionMatrix,
  countClasses,
  expectedCalibrationError,
  negativeLogLikelihood,
} from "../metrics/index.js";
import { bootstrapInterval, clopperPearsonInterval, clopperPearsonLower, clopperPearsonUpper } from "../statistics/index.js";
import type { ClassRow, SplitMetrics } from "./evidence.js";
