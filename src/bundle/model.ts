/** model.onnx: pixels → features → logits → calibrated probabilities, labels and preprocessing in its metadata. */
import { lookName, names, type Recipe, recipeGraph, recipeWidth } from "../backbone/index.js";
import { packHalf, setMetadata } from "../onnx/index.js";

export interface LinearHead {
  /** [classes, width], row-major. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

export interface ModelParts {
  readonly recipe: Recipe;
  readonly head: LinearHead;
  readonly temperature: number;
  readonly labels: readonly string[];
  /** Added to log probabilities before the label is chosen; absent: the most probable class is the label. */
  readonly decisionBias?: readonly number[];
}

/** Serializes the graph `image` uint8 [n, h, w, 3] → logits, probabilities [n, classes], features, activations. */
export function buildModel({ recipe, head, temperature, labels, decisionBias }: ModelParts): Uint8Array {
  const graph = recipeGraph(recipe);
  const classes = labels.length;
  const weight = graph.floats(head.weight, [classes, recipeWidth(recipe)], "head_weight");
  const bias = graph.floats(head.bias, [classes], "head_bias");
  graph.node("Gemm", [names.features, weight, bias], { transB: 1n }, names.logits);
  const cooled = graph.node("Div", [names.logits, graph.floats([temperature], [1], "temperature")]);
  graph.node("Softmax", [cooled], { axis: -1n }, names.probabilities);
  graph.output({ name: names.logits, type: "float32", dims: ["n", classes] });
  graph.output({ name: names.probabilities, type: "float32", dims: ["n", classes] });
  const rows = recipe.branches.map(({ backbone }) => backbone.row);
  setMetadata(graph.model, {
    labels: JSON.stringify(labels),
    preprocessing: JSON.stringify(recipe.view),
    looks: recipe.looks.map(lookName).join(", "),
    input: "uint8 RGB, EXIF orientation applied, normalization inside",
    temperature: String(temperature),
    ...(decisionBias ? { decisionBias: JSON.stringify(decisionBias) } : {}),
    backbone: rows.map(({ name }) => name).join(", "),
    license: rows.map(({ license }) => license).join(", "),
    source: rows.map(({ source }) => source).join("; "),
  });
  packHalf(graph.model);
  return graph.serialize();
}
