/** Evidence as a real run leaves it, for tests and for looking at the report: 20 classes, every verdict, long lines, hostile names. */
import type { Evidence, RequirementEvidence } from "../verify/index.js";
import type { TraceEntry } from "./data.js";
import {
  approximateInterval,
  buildClasses,
  buildConfusion,
  buildLine,
  calibrate,
  classes,
  test,
} from "./measurements.test-data.js";

const exact = (value: number) => ({ measured: value, lower: value, upper: value });
const [testLower, testUpper] = approximateInterval(Math.round(test.accuracy * test.n), test.n, 1.75);
const validationBounds = approximateInterval(Math.round(calibrate.accuracy * calibrate.n), calibrate.n, 1.645);

const requirements: readonly RequirementEvidence[] = [
  buildLine({
    id: "C1",
    text: "4,000 labeled images available",
    kind: "image-count",
    role: "premise",
    target: { comparison: ">=", value: 4000 },
    unit: "images",
    split: "scan",
    estimator: "number of labelled images",
    ...exact(4218),
    verdict: "met",
    evidence: "Readable labelled photographs found by the scan.",
  }),
  buildLine({
    id: "C2",
    text: "Must run on a laptop without a GPU",
    kind: "device",
    estimator: "device",
    split: "bench",
    evidence: "Not measured yet: this version of assay has no check for it.",
  }),
  buildLine({
    id: "C3",
    text: "Inference time < 100ms",
    kind: "latency",
    target: { comparison: "<", value: 0.1 },
    unit: "seconds",
    split: "bench",
    estimator: "p95 of single-image latency",
    measured: 0.0113,
    lower: 0.0109,
    upper: 0.0121,
    n: 250,
    verdict: "met",
    evidence:
      "P95 of 250 single-image runs of the model on 2 threads of this machine, without decoding; bounds by order statistics.",
  }),
  buildLine({
    id: "C4",
    text: "95% accuracy required",
    kind: "accuracy",
    target: { comparison: ">=", value: 0.95 },
    unit: "fraction",
    split: "test",
    estimator: "accuracy",
    measured: test.accuracy,
    lower: testLower,
    upper: testUpper,
    alpha: 0.04,
    n: test.n,
    verdict: "unproven",
    evidence: `${Math.round(test.accuracy * test.n)} of ${test.n} photographs of the test split are right; exact Clopper–Pearson bounds; about 6,900 such photographs would prove it with 80 % power at the observed rate, ${test.n} are there.`,
  }),
  buildLine({
    id: "C5",
    text: 'The worst class — whichever it turns out to be, including <rare> & "difficult" ones such as gloves, socks, tights and everything that the shop photographs only twice a year — is recognized in at least 80 % of its photographs',
    kind: "worst-class-recall",
    target: { comparison: ">=", value: 0.8 },
    unit: "fraction",
    split: "test",
    estimator: "recall of the worst class",
    measured: 16 / 27,
    lower: 0.409,
    upper: 0.758,
    alpha: 0.04,
    n: 27,
    verdict: "not met",
    evidence: 'The worst class is "Blouse" with 16 of 27; every class must clear the target (intersection–union).',
  }),
  buildLine({
    id: "C6",
    text: "Model no larger than 25 MB",
    kind: "model-size",
    target: { comparison: "<=", value: 25_000_000 },
    unit: "bytes",
    split: "bench",
    estimator: "size of model.onnx",
    ...exact(13_614_208),
    verdict: "met",
    evidence: "Size of model.onnx.",
  }),
  buildLine({
    id: "R1",
    text: "High accuracy on imbalanced classes",
    kind: "balanced-accuracy",
    role: "soft",
    unit: "fraction",
    split: "test",
    estimator: "balanced accuracy",
    measured: test.balancedAccuracy,
    lower: test.balancedAccuracy - 0.02,
    upper: test.balancedAccuracy + 0.018,
    alpha: 0.04,
    n: test.n,
    evidence: "Stratified bootstrap bounds, approximate; the line gives no target to prove.",
  }),
  buildLine({
    id: "R2",
    text: "Fast training time (<4 hours)",
    kind: "training-time",
    role: "soft",
    target: { comparison: "<", value: 14_400 },
    unit: "seconds",
    estimator: "training time",
    ...exact(96.4),
    verdict: "met",
    evidence: "Seconds from the first feature to the calibrated head, as recorded by the run.",
  }),
  buildLine({
    id: "R3",
    text: "Makes the shop a nicer place",
    role: "soft",
    verdict: "not checkable",
    evidence: "No check exists for such a line; the nearest that has one: “accuracy of at least 95 %”.",
  }),
  buildLine({
    id: "P1",
    text: "Memory overflow (more than 1 GB)",
    kind: "peak-memory",
    role: "soft",
    target: { comparison: "<=", value: 1e9 },
    unit: "bytes",
    estimator: "peak resident memory",
    ...exact(642_000_000),
    verdict: "met",
    evidence: "Peak resident memory of the training process, as recorded by the run.",
  }),
  buildLine({
    id: "G1",
    text: "Trained model with >94% validation accuracy",
    kind: "accuracy",
    target: { comparison: ">", value: 0.94 },
    unit: "fraction",
    split: "calibrate",
    estimator: "accuracy",
    measured: calibrate.accuracy,
    lower: validationBounds[0],
    upper: validationBounds[1],
    n: calibrate.n,
    verdict: "met",
    evidence: "Of the half of validation that nothing trained on; exact Clopper–Pearson bounds.",
  }),
];

/** The sample: one hard line not met, two unproven, some met. */
export const sample: Evidence = {
  schema: 1,
  run: {
    finishedAt: "2026-03-14T09:41:27.318Z",
    images: "/home/mara/photos/spring & summer <2026>",
    specSource: "specs/shop.md",
    specHash: "9b1c6f1f5cdd44e3a1b1e62f7f6f5a9b0b63a6a51c1e07f33e5c4ad1f8a8f0d2",
    bundleHash: "41d7e2a3c0f94b8f9b7a1c3d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081",
    seed: 1,
    testOpening: 1,
    testAlpha: 0.04,
    earlierOpenings: [],
    testSpentAt: null,
  },
  machine: {
    cpu: "AMD EPYC 9R14 (AVX-512, VNNI)",
    cores: 2,
    memoryBytes: 8_200_000_000,
    platform: "Linux 6.1.0 x64",
    node: "v20.20.0",
    onnxruntime: "1.30.0",
    libvips: "8.18.0",
    assay: "0.1.0",
  },
  requirements,
  metrics: {
    test,
    calibrate,
    classes,
    latencyMs: { p50: 9.8, p95: 11.3, p95Upper: 12.1, mean: 10.02, n: 250 },
    modelSizeBytes: 13_614_208,
    trainingSeconds: 96.4,
    peakMemoryBytes: 642_000_000,
  },
  findings: [
    {
      severity: "info",
      text: "14 hidden files and folders were ignored.",
      count: 14,
      examples: [".DS_Store", "Belt/.thumbs"],
    },
    {
      severity: "warning",
      text: "23 photographs are exact copies of another one; each group stays within one split.",
      count: 23,
      examples: [
        "Boots/IMG_0412.jpg",
        "Boots/IMG_0412 (copy).jpg",
        "Cap/a\nb.jpg",
        "Dress/DSC_7781.JPG",
        "Dress/DSC_7782.JPG",
        "Jeans/7.png",
      ],
    },
    {
      severity: "error",
      text: "2 files could not be read and were left out.",
      count: 2,
      examples: ["Scarf/broken.jpg", "Skirt/<img src=x onerror=alert(1)>.png"],
    },
    {
      severity: "warning",
      text: "The class “Gloves” has 9 test photographs: its recall cannot be known to better than ±30 points.",
      count: 1,
      examples: [],
    },
  ],
  notBuiltYet: [
    "near-duplicate search and label review",
    "fine-tuning the backbone",
    "the HTTP service and its latency",
    "a container image",
  ],
};

const start = Date.parse("2026-03-14T09:39:02.000Z");
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

/** The trace of that run. */
export const sampleTrace: readonly TraceEntry[] = [
  { at: at(0), kind: "action", text: "Scan /home/mara/photos." },
  { at: at(4.2), kind: "observation", text: "4,218 photographs of 20 classes; 2 unreadable, 23 exact copies." },
  {
    at: at(4.4),
    kind: "decision",
    text: "Split by content: 2,952 train, 316 select, 316 calibrate, 600 test; the test split is sealed.",
  },
  {
    at: at(4.5),
    kind: "thought",
    text: "Frozen features with a linear head are the cheapest start: about 21 s at 200 images/s.",
  },
  { at: at(4.6), kind: "action", text: "Extract features with efficientnet-lite0 at 224 px." },
  { at: at(27.9), kind: "observation", text: "3,584 photographs in 23.3 s, 154 images/s; 0 from the cache." },
  {
    at: at(61.2),
    kind: "observation",
    text: "Strength 0.003 by cross-validation: out-of-fold accuracy 94.6 %, 95.3 % on select.",
  },
  { at: at(62), kind: "decision", text: "Temperature 1.18 from calibrate; calibration error from 2.7 % to 0.9 %." },
  {
    at: at(71.5),
    kind: "fault",
    text: "Golden example 3 differed by 2e-6 on a first write;\nwritten again and checked.",
  },
  { at: at(145.3), kind: "observation", text: "Verified: 562 of 600 right on test." },
];

/** The sample with other classes: their names, photographs, and mistakes between them. */
export function withClasses(
  names: readonly string[],
  counts: readonly number[],
  mistakes: Parameters<typeof buildConfusion>[1] = [],
): Evidence {
  const confusion = buildConfusion(counts, mistakes);
  return {
    ...sample,
    metrics: {
      ...sample.metrics,
      classes: buildClasses(names, confusion),
      test: { ...sample.metrics.test, confusion },
    },
  };
}
