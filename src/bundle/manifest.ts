/** assay.json and provenance.json: what a bundle says about itself. */
import type { Look } from "../backbone/index.js";
import type { DeviceMemoryPlan } from "../finetune/index.js";
import type { Machine } from "../bench/index.js";
import { canonicalJson, sha256 } from "../core/index.js";
import type { View } from "../image/index.js";

export interface BundledBackbone {
  readonly name: string;
  readonly sha256: string;
  readonly license: string;
  readonly size: number;
}

/** What decides every answer of the model; its hash is the identity of the bundle. */
export interface BundleContent {
  /** Class names in the order of the outputs. */
  readonly labels: readonly string[];
  readonly preprocessing: View;
  /** The networks whose features stand side by side in the model, and the side of each one's input in pixels. */
  readonly backbones: readonly BundledBackbone[];
  /** How the model looks at the prepared square; features are averaged over the looks. */
  readonly looks: readonly Look[];
  readonly calibration: {
    /** probabilities = softmax(logits / temperature). */
    readonly temperature: number;
    /** Photographs of `calibrate` that it was fitted on. */
    readonly images: number;
  };
  /** Added to log probabilities before the label is chosen, by class; null: the most probable class is the label. */
  readonly decisionBias: readonly number[] | null;
  /** SHA-256 of model.onnx. */
  readonly model: string;
}

export interface BundleManifest extends BundleContent {
  readonly schema: 1;
  /** SHA-256 of the canonical JSON of the content above. */
  readonly bundleHash: string;
  readonly versions: { readonly assay: string; readonly onnxruntime: string; readonly libvips: string };
  /** Where golden outputs must agree bit for bit. */
  readonly platform: string;
  /** SHA-256 of every other file of the bundle by its path, "/" between the parts. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of the canonical JSON of all of the above. */
  readonly manifestHash: string;
}

/** How the bundle came to be: for verify, not for predicting. */
export interface Provenance {
  /** Pixel hashes of the photographs by split. */
  readonly images: Readonly<Record<"train" | "select" | "calibrate" | "test", readonly string[]>>;
  /** Readable labelled photographs and classes that the scan found. */
  readonly imageCount: number;
  readonly classCount: number;
  /** Photographs that the delivered model learned from, by class: of train, and of select where the network was not fine-tuned. */
  readonly classCounts: Readonly<Record<string, number>>;
  readonly seed: number;
  /** Strength of the head's L2 penalty, chosen by cross-validation. */
  readonly strength: number;
  /** Accuracy of out-of-fold predictions on train, and on `select`. */
  readonly outOfFoldAccuracy: number;
  readonly selectAccuracy: number;
  /** The network whose layers were trained further on train, select choosing the epoch; absent where none was. */
  readonly fineTuning?: {
    readonly network: string;
    readonly sha256: string;
    /** Numbers that were trained. */
    readonly parameters: number;
    /** Epochs to the delivered weights; 0: those it began with. */
    readonly epochs: number;
    readonly isAveraged: boolean;
  };
  /** Seconds from the first feature to the calibrated head; work reused from the cache counts as when it was done. */
  readonly trainingSeconds: number;
  /** Peak resident memory of the process that trained. */
  readonly peakMemoryBytes: number;
  /** What a device with the memory that the spec names would need, as planned; absent where no line names one. */
  readonly deviceMemory?: DeviceMemoryPlan;
  readonly machine: Machine;
}

export const fileNames = {
  manifest: "assay.json",
  model: "model.onnx",
  provenance: "provenance.json",
  golden: "golden/golden.json",
  readme: "README.md",
  modelCard: "MODEL_CARD.md",
  test: "bundle.test.mjs",
  openApi: "openapi.json",
} as const;

export function hashContent(content: BundleContent): string {
  const { labels, preprocessing, backbones, looks, calibration, decisionBias, model } = content;
  return sha256(canonicalJson({ labels, preprocessing, backbones, looks, calibration, decisionBias, model }));
}

/** Completes a manifest with its own hash. */
export function sealManifest(manifest: Omit<BundleManifest, "manifestHash">): BundleManifest {
  return { ...manifest, manifestHash: sha256(canonicalJson(manifest)) };
}
