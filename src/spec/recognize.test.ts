/** What people write, line by line: kind, target and where it is judged. */
import { describe, expect, test } from "vitest";
import { Fault } from "../core/index.js";
import { kindNames, kinds } from "./kinds.js";
import { recognize } from "./recognize.js";
import type { List, Requirement } from "./requirement.js";
import { describeTarget } from "./value.js";

function read(text: string, list: List = "constraints"): Requirement {
  return recognize({ list, text, line: 7 }, "X1", "spec.md").requirement;
}

function show(line: Requirement): string {
  const parts = [line.kind, line.target && describeTarget(line), line.quantile !== "p95" && line.quantile];
  const split = line.judgedOn === "calibrate" && line.kind !== "overfitting-gap" && "on calibrate";
  return [...parts, split, line.className && `of ${line.className}`].filter(Boolean).join(" ");
}

const hard: readonly (readonly [line: string, reading: string])[] = [
  ["4,500 labelled photographs are available", "image-count ≥ 4,500 images"],
  ["10k annotated pictures", "image-count ≥ 10,000 images"],
  ["We have more than 2 500 photos", "image-count > 2,500 images"],
  ["Number of images: 12.000", "image-count ≥ 12,000 images"],
  ["Dataset of about 1.5k samples", "image-count ≥ 1,500 images"],
  ["1 million images in total", "image-count ≥ 1,000,000 images"],
  ["800 images", "image-count ≥ 800 images"],
  ["No fewer than 300 labeled examples provided", "image-count ≥ 300 images"],
  ["20 product categories", "class-count ≥ 20 classes"],
  ["At least twelve classes", "class-count ≥ 12 classes"],
  ["Classify into up to 8 categories", "class-count ≤ 8 classes"],
  ["Accuracy of at least 90 percent", "accuracy ≥ 90 %"],
  ["accuracy >= 0.93", "accuracy ≥ 93 %"],
  ["Accuracy ≥ .9 on held-out photos", "accuracy ≥ 90 %"],
  ["Test accuracy above 92.5%", "accuracy > 92.5 %"],
  ["Genauigkeit? No: accuracy at least 92,5 %", "accuracy ≥ 92.5 %"],
  ["Accuracy must never drop below 80%", "accuracy ≥ 80 %"],
  ["95% or better accuracy", "accuracy ≥ 95 %"],
  ["accuracy: 97%+", "accuracy ≥ 97 %"],
  ["Accuracy of at least 95", "accuracy ≥ 95 %"],
  ["Validation accuracy exceeds 88%", "accuracy > 88 % on calibrate"],
  ["At least 75 % accuracy on the validation set", "accuracy ≥ 75 % on calibrate"],
  ["95% of images classified correctly", "accuracy ≥ 95 %"],
  ["100% accuracy", "accuracy ≥ 100 %"],
  ["Error rate below 5%", "accuracy > 95 %"],
  ["No more than 8 % misclassified", "accuracy ≥ 92 %"],
  ["**Accuracy** &ge; 95 %", "accuracy ≥ 95 %"],
  ["95% accuracy across 20 classes", "accuracy ≥ 95 %"],
  ["Accuracy at least 90% with 99% confidence", "accuracy ≥ 90 %"],
  ["Should classify at least 95% of photos correctly", "accuracy ≥ 95 %"],
  ["At most 5% of predictions may be wrong", "accuracy ≥ 95 %"],
  ["Wrong in fewer than 1 in 20 cases", "accuracy > 95 %"],
  ["No accuracy below 90%", "accuracy ≥ 90 %"],
  ["Top-1 accuracy ≥ 90%", "accuracy ≥ 90 %"],
  ["Accuracy: ninety percent", "accuracy ≥ 90 %"],
  ["Accuracy doesn't fall below 85% on the test photographs", "accuracy ≥ 85 %"],
  ["At least 9 out of 10 photos right", "accuracy ≥ 90 %"],
  ["2 out of 100 wrong at most", "accuracy ≥ 98 %"],
  ["Accuracy higher than ninety-five percent", "accuracy > 95 %"],
  ["The model shall achieve an accuracy of 90 % on unseen photographs", "accuracy ≥ 90 %"],
  ["95% accuracy required for release", "accuracy ≥ 95 %"],
  ["Accuracy of at least 90% for each class", "worst-class-recall ≥ 90 %"],
  ["Recall at least 80%", "balanced-accuracy ≥ 80 %"],
  ["No more than 2% difference between training and validation accuracy", "overfitting-gap ≤ 2 %"],
  ["Peak memory within 8GB of RAM and no GPU", "peak-memory ≤ 8 GB"],
  ["≤ 100 ms/image", "latency ≤ 100 ms"],
  ["Two thousand labeled images", "image-count ≥ 2,000 images"],
  ["Mean per-class accuracy 80%", "balanced-accuracy ≥ 80 %"],
  ["Macro recall of 80% on validation", "balanced-accuracy ≥ 80 % on calibrate"],
  ["Balanced accuracy over 80 %", "balanced-accuracy > 80 %"],
  ["Macro-averaged recall at least 0.75", "balanced-accuracy ≥ 75 %"],
  ["Mean recall ≥ 70%", "balanced-accuracy ≥ 70 %"],
  ["Macro F1 of 0.8", "macro-f1 ≥ 80 %"],
  ["F1-score > 85%", "macro-f1 > 85 %"],
  ["Worst-class recall at least 60%", "worst-class-recall ≥ 60 %"],
  ["No class below 50% recall", "worst-class-recall ≥ 50 %"],
  ["Each class must reach 70% accuracy", "worst-class-recall ≥ 70 %"],
  ["Minimum per-class recall: 0.55", "worst-class-recall ≥ 55 %"],
  ["Rare classes: recall not under 65%", "rare-class-recall ≥ 65 %"],
  ["Accuracy on minority classes of at least 60%", "rare-class-recall ≥ 60 %"],
  ["Recall of class Dress at least 80%", "class-recall ≥ 80 % of Dress"],
  ["Recall of “Long sleeve” ≥ 0.7", "class-recall ≥ 70 % of Long sleeve"],
  ["Recall for hats must be at least 90 %", "class-recall ≥ 90 % of hats"],
  ["recall(Dress) ≥ 80%", "class-recall ≥ 80 % of Dress"],
  ["Class T-Shirt: recall above 85%", "class-recall > 85 % of T-Shirt"],
  ["T-Shirt recall ≥ 85%", "class-recall ≥ 85 % of T-Shirt"],
  ["Recall of class 3 at least 80%", "class-recall ≥ 80 % of 3"],
  ["Latency under 50 milliseconds", "latency < 50 ms"],
  ["Sub-second predictions", "latency < 1 s"],
  ["sub-100ms inference", "latency < 100 ms"],
  ["Must not take longer than 100 ms per image", "latency ≤ 100 ms"],
  ["latency p95<100ms", "latency < 100 ms"],
  ["Latency < 100ms on 4 cores", "latency < 100 ms"],
  ["Median inference time ≤ 30 ms", "latency ≤ 30 ms p50"],
  ["p99 latency 200ms", "latency ≤ 200 ms p99"],
  ["Average response time below 0.2 s", "latency < 200 ms mean"],
  ["95% of predictions within 100 ms", "latency ≤ 100 ms"],
  ["99th percentile of latency < 150 ms", "latency < 150 ms p99"],
  ["Classify one photo in half a second or less", "latency ≤ 500 ms"],
  ["Predict within a second on CPU", "latency ≤ 1 s"],
  ["API response under 200 ms", "http-latency < 200 ms"],
  ["The endpoint answers within 0.3 seconds", "http-latency ≤ 300 ms"],
  ["Inference over HTTP: p50 ≤ 80 ms", "http-latency ≤ 80 ms p50"],
  ["At least 20 images per second", "throughput ≥ 20 images/s"],
  ["Throughput > 1,200 photos per minute", "throughput > 20 images/s"],
  ["30 fps", "throughput ≥ 30 images/s"],
  ["Model size < 25 MB", "model-size < 25 MB"],
  ["ONNX file no larger than 10 MiB", "model-size ≤ 10.486 MB"],
  ["Model must fit in 500 kB", "model-size ≤ 500 kB"],
  ["The model should be smaller than 20 megabytes", "model-size < 20 MB"],
  ["At most 2 GB of RAM", "peak-memory ≤ 2 GB"],
  ["Peak memory during training must not exceed 1.5GB", "peak-memory ≤ 1.5 GB"],
  ["Fits on 8GB GPU", "device-memory ≤ 8 GB"],
  ["No more than 6 GB of VRAM", "device-memory ≤ 6 GB"],
  ["GPU memory under 4096 MB", "device-memory < 4.096 GB"],
  ["Runs on CPU", "device"],
  ["Must work without a GPU", "device"],
  ["Trains in under 30 minutes", "training-time < 30 min"],
  ["Training takes no longer than 1 h 30 min", "training-time ≤ 1 h 30 min"],
  ["Time to train: 2 days at most", "training-time ≤ 48 h"],
  ["Training within 1h30m", "training-time ≤ 1 h 30 min"],
  ["Overfitting gap at most 3 percentage points", "overfitting-gap ≤ 3 %"],
  ["Train–validation gap < 0.04", "overfitting-gap < 4 %"],
  ["No overfitting", "overfitting-gap ≤ 5 %"],
  ["Expected calibration error ≤ 0.05", "calibration-error ≤ 5 %"],
  ["Explanations for each prediction", "interpretability"],
  ["Docker image that answers on port 8000", "container"],
  ["REST endpoint on port 8000", "api"],
  ["OpenAPI documentation", "documentation"],
  ["Unit tests pass", "documentation"],
  ["Deploys with one command", "deployment"],
];

const soft: typeof hard = [
  ["High accuracy", "accuracy"],
  ["Fast inference", "latency"],
  ["Low latency", "latency"],
  ["Small model", "model-size"],
  ["Quick training", "training-time"],
  ["High throughput", "throughput"],
  ["Low memory use", "peak-memory"],
  ["Good recall of the worst class", "worst-class-recall"],
  ["Well-calibrated probabilities", "calibration-error"],
  ["High macro F1", "macro-f1"],
  ["Latency below 20 ms", "latency < 20 ms"],
];

/** What is to be avoided is written as it must not be. */
const penalties: typeof hard = [
  ["Accuracy below 80%", "accuracy ≥ 80 %"],
  ["Latency over 200 ms", "latency ≤ 200 ms"],
  ["Latency ≥ 200 ms", "latency < 200 ms"],
  ["Error rate above 10%", "accuracy ≥ 90 %"],
  ["Model size above 50 MB", "model-size ≤ 50 MB"],
  ["Recall under 60% on rare classes", "rare-class-recall ≥ 60 %"],
  ["Overfitting gap over 10%", "overfitting-gap ≤ 10 %"],
];

const unchecked: readonly string[] = [
  "No more than 3 people should label",
  "Users love it",
  "Training accuracy of 99%",
  "Top-5 accuracy ≥ 99%",
  "Accuracy drop after quantization below 1%",
  "AUC above 0.95",
  "Precision at least 90%",
  "False positive rate below 1%",
  "Better accuracy than the baseline of 80%",
  "At least 500 images per class",
  "Exactly 20 classes",
  "p90 latency under 100 ms",
  "Costs less than 100 euros",
  "Works on a Raspberry Pi",
  "Ready by Friday",
  "Detect defects with at least 99% recall",
  "Accuracy ≥ 90% for night photographs",
  "95% accuracy on 3 of 4 shops",
  "100 % of the images are labeled",
  "Images must be labeled with care",
  "Exactly 10,000 images",
  "About 5k photos, 25 per class",
  "Model under 10 million parameters",
  "95% accuracy on dresses",
  "Accuracy for photos taken at night at least 80%",
  "F1 for class Dress at least 0.8",
  "Worst-case latency under 200 ms",
  "Time to first prediction < 5 s",
  "Container image under 500 MB",
  "Tests cover 80% of the code",
  "Users upload photos up to 10 MB",
  "The dataset has 5% label noise",
  "Labels from 3 annotators with 90% agreement",
  "Reject when confidence is below 60%",
  "GDPR compliant",
  "20",
  "?",
];

describe("a line", () => {
  test.each(hard)("that must hold: %s → %s", (line, reading) => {
    expect(show(read(line))).toBe(reading);
  });
  test.each(soft)("that is a reward: %s → %s", (line, reading) => {
    const { role, ...rest } = read(line, "rewards");
    expect(show({ role, ...rest })).toBe(reading);
    expect(role).toBe("soft");
  });
  test.each(penalties)("that is a penalty: %s → %s", (line, reading) => {
    expect(show(read(line, "penalties"))).toBe(reading);
  });
  test.each(unchecked)("without a check: %s", (line) => {
    const { kind, nearest, text } = read(line);
    expect({ kind, text }).toEqual({ kind: "not-checkable", text: line });
    expect(nearest).toBeTruthy();
    expect(read(nearest!, "rewards").kind).not.toBe("not-checkable");
  });
});

const refused: readonly (readonly [line: string, expected: RegExp])[] = [
  ["High accuracy", /line 7: no target for accuracy; expected a number as in .*90% accuracy.*; got "High accuracy"/],
  ["Fast inference", /no target for latency/],
  ["Latency < 100", /no target for latency/],
  ["No more than one wrong prediction in 20", /no target for accuracy/],
  ["At most 5 errors", /no target for accuracy/],
  ["at least 3 times higher accuracy", /no target for accuracy/],
  ["It should answer in real time", /no target for latency/],
  ["Latency 50 ms ± 5 ms", /more than one target/],
  ["Balanced accuracy", /no target for balanced accuracy/],
  ["140% accuracy", /impossible accuracy; expected a number above 0 % and at most 100 %; got "140%"/],
  ["Accuracy ≥ 1.5", /impossible accuracy/],
  ["Accuracy above 100%", /impossible accuracy/],
  ["Accuracy of -5 %", /impossible accuracy/],
  ["Error rate below 0%", /impossible accuracy/],
  ["0 % accuracy", /impossible accuracy/],
  ["Latency under 0 ms", /impossible latency/],
  ["Model size −3 MB", /impossible model size/],
  ["0 labeled images", /impossible number of labeled images/],
  ["At least 1 class", /impossible number of classes/],
  ["Accuracy ≥ 90% and latency < 100 ms", /more than one target in a line; .*got "90%" and "100 ms"/],
  ["95% accuracy, 100 ms", /more than one target in a line; .*got "95%" and "100 ms"/],
  ["At least 90% accuracy in 100 ms", /more than one target/],
  ["Accuracy between 90 and 95 %", /more than one target/],
  ["Validation accuracy > 95% and trained in under 4 hours", /more than one target/],
  ["Latency < 100 ms and model under 50 MB", /more than one target/],
];

test.each([
  ["under 100 ms", "latency"],
  ["within 5 minutes", "training-time"],
  ["at most 500MB", "peak-memory"],
  ["gap under 5 points", "overfitting-gap"],
  ["I want 95%", "accuracy"],
])("the nearest phrasing of %s is one of %s", (line, kind) => {
  expect(read(read(line).nearest!, "rewards").kind).toBe(kind);
});

test.each(refused)("a hard line that cannot be read is refused: %s", (line, expected) => {
  expect(() => read(line)).toThrow(Fault);
  expect(() => read(line)).toThrow(expected);
});

test("a soft line may stand without a number, but not with an impossible one", () => {
  expect(read("High accuracy", "rewards").target).toBeNull();
  expect(() => read("140% accuracy", "rewards")).toThrow("impossible");
});

const levels: readonly (readonly [line: string, alpha: number | null])[] = [
  ["Significance level 1%", 0.01],
  ["α = 0.01", 0.01],
  ["alpha: 0.1", 0.1],
  ["95% accuracy with 99% confidence", 0.01],
  ["95% accuracy at 90 % confidence", 0.1],
  ["Accuracy at least 95% (99% confidence)", 0.01],
  ["Accuracy ≥ 95% at α = 0.01", 0.01],
  ["Confidence level of 99 %", 0.01],
  ["90% accuracy at the 1% significance level", 0.01],
  ["95% accuracy", null],
  ["Predictions carry a confidence score", null],
];

test.each(levels)("the level of %s is %s", (text, alpha) => {
  expect(recognize({ list: "constraints", text, line: 1 }, "C1", "s").alpha).toBe(alpha);
});

test("every kind but one is reached by an example, and every nearest phrasing is checkable", () => {
  for (const kind of kindNames)
    for (const example of kinds[kind].examples)
      expect([example, read(example, "rewards").kind]).toEqual([example, kind]);
});

test("a paragraph instead of a line is kept whole and not searched", () => {
  const text = `95% accuracy ${"and more ".repeat(200)}`.trim();
  expect(read(text)).toMatchObject({ kind: "not-checkable", text });
});
