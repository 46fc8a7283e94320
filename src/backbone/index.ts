/** Pretrained networks: the zoo's table, loading with checksum, and the graph from pixels to pooled features. */
export { activationsName, looksGraph, names, recipeGraph } from "./graph.js";
export {
  type Branch,
  type Look,
  lookName,
  plainRecipe,
  type Recipe,
  recipeMultiplyAdds,
  recipeName,
  recipeTaps,
  recipeWidth,
  type Tap,
  tapKey,
  tapMultiplyAdds,
  wholeLook,
} from "./recipe.js";
export { type Backbone, type BackboneRow, loadBackbone, zoo } from "./zoo.js";
