/** The rules of the verdicts, as one table: what is measured for each kind of requirement, its one-sided bounds, and on how many. */
import type { RequirementKind } from "../spec/index.js";
import { exact, type Rule, unmeasured } from "./finding.js";
import { device, deviceMemory, httpLatency, latency, peakMemory, throughput, trainingTime } from "./rules-cost.js";
import { api, container, deployment, documentation, interpretability } from "./rules-delivery.js";
import {
  accuracy,
  bootstrapped,
  calibrationError,
  namedClassRecall,
  onSplit,
  overfittingGap,
  rareClassRecall,
  worstClassRecall,
} from "./rules-quality.js";

export const rules: Readonly<Record<RequirementKind, Rule>> = {
  "image-count": (m) => exact(m.imageCount, "readable labelled photographs found by the scan"),
  "class-count": (m) => exact(m.classCount, "classes found by the scan"),
  accuracy: onSplit(accuracy),
  "balanced-accuracy": onSplit(bootstrapped("balancedAccuracy")),
  "macro-f1": onSplit(bootstrapped("macroF1")),
  "worst-class-recall": onSplit(worstClassRecall),
  "rare-class-recall": onSplit(rareClassRecall),
  "class-recall": onSplit(namedClassRecall),
  "calibration-error": onSplit(calibrationError),
  "overfitting-gap": overfittingGap,
  latency,
  "http-latency": httpLatency,
  throughput,
  "model-size": (m) => exact(m.modelSizeBytes, "size of model.onnx"),
  "peak-memory": peakMemory,
  "training-time": trainingTime,
  device,
  "device-memory": deviceMemory,
  interpretability,
  api,
  container,
  deployment,
  documentation,
  "not-checkable": () => unmeasured("no check exists for such a line"),
};
