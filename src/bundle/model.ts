/** model.onnx: pixels → features → logits → calibrated probabilities, labels and preprocessing in its metadata. */
import { type Backbone, featureGraph, names } from "../backbone/index.js";
import type { View } from "../image/index.js";
import { GraphBuilder, setMetadata } from "../onnx/index.js";

export interface LinearHead {
  /** [classes, width], row-major. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

export interface ModelParts {
  readonly backbone: Backbone;
  readonly view: View;
  readonly head: LinearHead;
  readonly temperature: number;
  readonly labels: readonly string[];
  /** Added to log probabilities before the label is chosen; absent: the most probable class is the label. */
  readonly decisionBias?: readonly number[];
}

/** Serializes the graph `image` uint8 [n, h, w, 3] → logits, probabilities [n, classes], features, activations. */
export function buildModel({ backbone, view, head, temperature, labels, decisionBias }: ModelParts): Uint8Array {
  const model = featureGraph(backbone, view);
  const graph = new GraphBuilder(model);
  const classes = labels.length;
  const weight = graph.floats(head.weight, [classes, backbone.row.width], "head_weight");
  const bias = graph.floats(head.bias, [classes], "head_bias");
  graph.node("Gemm", [backbone.row.features, weight, bias], { transB: 1n }, names.logits);
  const cooled = graph.node("Div", [names.logits, graph.floats([temperature], [1], "temperature")]);
  graph.node("Softmax", [cooled], { axis: -1n }, names.probabilities);
  graph.output({ name: names.logits, type: "float32", dims: ["n", classes] });
  graph.output({ name: names.probabilities, type: "float32", dims: ["n", classes] });
  setMetadata(model, {
    labels: JSON.stringify(labels),
    preprocessing: JSON.stringify(view),
    input: "uint8 RGB, EXIF orientation applied, normalization inside",
    temperature: String(temperature),
    ...(decisionBias ? { decisionBias: JSON.stringify(decisionBias) } : {}),
    backbone: backbone.row.name,
    license: backbone.row.license,
    source: backbone.row.source,
  });
  return graph.serialize();
}
