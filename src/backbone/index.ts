/** Pretrained networks: the zoo's table, any other ONNX network, and the graph from pixels to pooled features. */
export { activationsName, looksGraph, names, recipeGraph, whyImpossible } from "./graph.js";
export {
  type Branch,
  type Look,
  lookName,
  plainRecipe,
  type Recipe,
  isSameBranch,
  learningMultiplyAdds,
  learningTaps,
  recipeMultiplyAdds,
  recipeKey,
  recipeName,
  recipeTaps,
  recipeWidth,
  type Tap,
  tapKey,
  tapMultiplyAdds,
  wholeLook,
} from "./recipe.js";
export {
  addBackbone,
  type AddedBackbone,
  addedFile,
  backboneFolder,
  checkFreeName,
  listAdded,
  removeBackbone,
} from "./added.js";
export { download, type DownloadOptions } from "./download.js";
export { embeddedGolden, goldenDifference, type GoldenRun, goldenTolerance, runGolden } from "./golden.js";
export { importBackbone, type ImportedBackbone, type ImportOptions, importSteps } from "./import.js";
export type { FeatureOptions, TokenChoice } from "./import-features.js";
export type { Layout } from "./import-input.js";
export type { PixelRange, PreprocessingOptions } from "./import-preprocessing.js";
export { isModelFile, loadBackbone } from "./load.js";
export { nodeMultiplyAdds } from "./multiply-adds.js";
export {
  checkPreprocessing,
  describeCheck,
  leastPictures,
  mostPictures,
  type Normalization,
  type NormalizationScore,
  type PreprocessingCheck,
} from "./suspicion.js";
export { type Backbone, type BackboneRow, type Channels, zoo } from "./zoo.js";
