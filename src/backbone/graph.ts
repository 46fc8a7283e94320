/** From pixels to features in one graph: normalization in front of a backbone that is cut at its pooled features. */
import { sha256 } from "../core/index.js";
import { imageLibraryVersions, type View, viewName } from "../image/index.js";
import {
  GraphBuilder,
  keepOutputs,
  type ModelProto,
  parseModel,
  rewire,
  runtimeVersion,
  serializeModel,
} from "../onnx/index.js";
import type { Backbone } from "./zoo.js";

/** Names of the inputs and outputs of every graph that assay makes. */
export const names = {
  image: "image",
  features: "features",
  activations: "activations",
  logits: "logits",
  probabilities: "probabilities",
} as const;

/** Raised when `prepare` or the graph changes what it computes. */
const recipeSchema = 1;

/** What features depend on: equal keys give equal features for equal pictures. */
export function recipeKey(backbone: Backbone, view: View): string {
  return sha256(
    JSON.stringify([
      recipeSchema,
      backbone.row.sha256,
      backbone.row.mean,
      backbone.row.deviation,
      viewName(view),
      imageLibraryVersions(),
      runtimeVersion,
    ]),
  );
}

/**
 * The graph `image` uint8 [n, size, size, 3] (RGB) → `features` [n, width], `activations` [n, c, h', w'].
 * The backbone's other outputs are cut off.
 */
export function featureGraph(backbone: Backbone, view: View): ModelProto {
  const { row } = backbone;
  const model = parseModel(serializeModel(backbone.model), row.name); // a copy to edit
  keepOutputs(
    model,
    [row.features, row.activations].filter((name) => name !== null),
  );
  const builder = new GraphBuilder(model);
  const normalized = "assay_normalized";
  builder.prepend((front) => {
    // Transposed while the pixels are still bytes: a quarter of the memory traffic.
    const planar = front.node("Transpose", [names.image], { perm: [0n, 3n, 1n, 2n] });
    const pixels = front.node("Cast", [planar], { to: 1n });
    const centered = front.node("Sub", [pixels, front.floats(row.mean, [1, 3, 1, 1])]);
    front.node("Div", [centered, front.floats(row.deviation, [1, 3, 1, 1])], {}, normalized);
  });
  rewire(model, row.input, normalized);
  builder.input({ name: names.image, type: "uint8", dims: ["n", view.size, view.size, 3] });
  return model;
}
