/** What a run hands to the report besides the evidence, made up, with hostile names where names are. */
import type { Candidate, FineTuning, ReportExtras } from "./data.js";
import { hostileName } from "./measurements.test-data.js";
import { sampleTrace } from "./sample.test-data.js";

/** A gray JPEG of 8 × 8 pixels without metadata. */
const gray =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEElEQVR4nGNYhwMwDC4JAFN4X4FoqzzvAAAAAElFTkSuQmCC";

const plan: NonNullable<ReportExtras["plan"]> = {
  warnings: ["P1 cannot be proved: 9 photographs of a class prove no recall above 72 %"],
  steps: [
    {
      title: "Data analysis",
      decisions: [
        {
          question: "How large a test split?",
          choice: "600 photographs",
          reasons: ["484 of 500 right would prove 95 %", `the class ${hostileName} has 6`],
          refused: [{ what: "300 photographs", why: "they prove 95 % only when 292 are right", event: 3 }],
          seconds: null,
          bytes: null,
        },
      ],
    },
    {
      title: "Model selection",
      decisions: [
        {
          question: "Which backbone?",
          choice: "efficientnet-lite0",
          reasons: [],
          refused: [{ what: "efficientnet-lite2", why: "not measured", event: null }],
          seconds: 21.5,
          bytes: 6_900_000,
        },
      ],
    },
  ],
};

export const sampleExtras: ReportExtras = {
  trace: sampleTrace,
  plan,
  candidates: [
    {
      name: "efficientnet-lite0@224, crop-0.875-224-cubic, whole",
      action: null,
      on: "train, out of fold",
      outcome: "start",
      reason: null,
      accuracy: 0.9312,
      logLoss: 0.241,
      accuracyGain: null,
      logLossGain: null,
      utility: { parts: { "balanced accuracy": 0.71, speed: 1 }, total: 0.855 },
      multiplyAdds: 385e6,
      seconds: 7.1,
    },
    {
      name: "efficientnet-lite0@224, squash-224-cubic, whole",
      action: "resize mode",
      on: "train, out of fold",
      outcome: "kept",
      reason: null,
      accuracy: 0.9401,
      logLoss: 0.219,
      accuracyGain: { value: 0.0089, standardError: 0.0041 },
      logLossGain: { value: 0.022, standardError: 0.009 },
      utility: { parts: { "balanced accuracy": 0.74, speed: 1 }, total: 0.87 },
      multiplyAdds: 385e6,
      seconds: 6.4,
    },
    {
      name: "efficientnet-lite0@224 + efficientnet-lite2@260, squash-260-cubic, whole",
      action: "two backbones",
      on: "train, out of fold",
      outcome: "refused",
      reason: "it takes 123 ms for one image",
      accuracy: 0.9533,
      logLoss: 0.177,
      accuracyGain: { value: 0.0132, standardError: 0.0052 },
      logLossGain: { value: 0.042, standardError: 0.012 },
      utility: { parts: { "balanced accuracy": 0.78, speed: 0.31 }, total: 0.545 },
      multiplyAdds: 1245e6,
      seconds: 24.8,
    },
    {
      name: "mirror",
      action: "mirror",
      on: "train, out of fold",
      outcome: "not measured",
      reason: null,
      accuracy: null,
      logLoss: null,
      accuracyGain: null,
      logLossGain: null,
      utility: null,
      multiplyAdds: null,
      seconds: 312,
    },
  ],
  mistakes: [
    {
      split: "calibrate",
      images: 310,
      count: 9,
      worst: [
        {
          path: `Blouse/${hostileName}.jpg`,
          actual: "Blouse",
          labelled: hostileName,
          confidence: 0.974,
          actualProbability: 0.013,
          thumbnail: gray,
          heatMap: gray,
        },
        {
          path: "Cardigan/a-very-long-file-name-without-any-place-to-break-it-0123456789012345678901234567890123456789.jpg",
          actual: "Cardigan",
          labelled: "Hoodie",
          confidence: 0.912,
          actualProbability: 0.067,
          thumbnail: gray,
        },
      ],
    },
    { split: "select", images: 312, count: 0, worst: [] },
  ],
  learningCurve: {
    points: [
      { images: 738, accuracy: { value: 0.901, standardError: 0.011 } },
      { images: 1476, accuracy: { value: 0.922, standardError: 0.0099 } },
      { images: 2952, accuracy: { value: 0.938, standardError: 0.0089 } },
    ],
    doubling: {
      from: 1476,
      to: 2952,
      judged: 1476,
      gain: { value: 0.0163, standardError: 0.0052 },
      classes: [{ label: "Blouse", judged: 94, images: 188, gain: { value: 0.081, standardError: 0.03 } }],
    },
  },
  doubtfulLabels: {
    images: 2952,
    count: 37,
    classes: [
      { label: "Blouse", count: 21, images: 188 },
      { label: hostileName, count: 16, images: 53 },
    ],
    worst: [{ path: "Blouse/7.jpg", label: "Blouse", predicted: "Skirt", confidence: 0.99 }],
  },
};

const judged = (accuracy: number, loss: number) => ({ accuracy, loss });

/** Of a run that fine-tuned: two ways to look with the tuned network, and how it was trained. */
export const tunedExtras: ReportExtras = {
  ...sampleExtras,
  candidates: [
    ...sampleExtras.candidates!,
    ...(["kept", "rolled back"] as const).map(
      (outcome, i): Candidate => ({
        name: `tuned@${224 + 64 * i}`,
        action: "fine-tune the last stages",
        on: "select",
        outcome,
        reason: null,
        accuracy: 0.9712 - i / 100,
        logLoss: 0.117,
        accuracyGain: { value: 0.0211, standardError: 0.0068 },
        logLossGain: { value: 0.052, standardError: 0.017 },
        utility: null,
        multiplyAdds: 385e6 * (1 + i),
        seconds: 240,
      }),
    ),
  ],
  fineTuning: {
    depth: "fine-tune the last stages",
    network: "efficientnet-lite0",
    sha256: "0".repeat(64),
    cut: null,
    epochs: 1,
    batch: 32,
    rates: { bottom: 1e-4, top: 1e-3, head: 1e-2 },
    parameters: 1000,
    best: { epoch: 1, isAveraged: false, loss: 0.117 },
    history: [0, 1].map((epoch) => ({
      epoch,
      learned: null,
      train: judged(0.98, 0.1),
      select: judged(0.9712, 0.117),
      averaged: null,
      seconds: 1,
    })),
  } satisfies FineTuning,
};
