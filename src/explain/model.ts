/** What explanations need of a model that is open for predicting. */
import type { Look } from "../backbone/index.js";
import type { View } from "../image/index.js";
import type { Tensor } from "../onnx/index.js";

/** A part of the features, and the output with the feature map whose mean over space it is. */
export interface HeadPart {
  /** Its first column of the features. */
  readonly offset: number;
  readonly channels: number;
  /** float32 [n, channels, h', w'] */
  readonly activations: string;
}

/** The linear head as it stands in the model, standardization folded in. */
export interface ExplainedHead {
  /** [classes, width], row-major. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  /** Branches with feature maps; none where every network pools in another way than by a global average. */
  readonly parts: readonly HeadPart[];
}

/** A bundle is one. */
export interface Explainable {
  readonly manifest: {
    readonly labels: readonly string[];
    readonly preprocessing: View;
    readonly looks: readonly Look[];
  };
  /** The class that the model answers with, of the probabilities by class. */
  choose(probabilities: Float32Array): number;
  /** Read from the model once. Throws `model-invalid` where it has no linear head. */
  head(): Promise<ExplainedHead>;
  /** Runs the model on `count` prepared squares below each other. Throws `engine-failed`. */
  infer(squares: Uint8Array, count: number, outputs: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
}
