/** Pretrained networks: the zoo's table, loading with checksum, and the graph from pixels to pooled features. */
export { featureGraph, names, recipeKey } from "./graph.js";
export { type Backbone, type BackboneRow, loadBackbone, zoo } from "./zoo.js";
