/** The bundle that a run delivers: written, read, checked against its golden examples, and used to predict. */
export { goldenPhotographs, type GoldenReport, tolerances } from "./golden.js";
export { escapeMarkdown } from "./markdown.js";
export { type BundleManifest, fileNames, type Provenance } from "./manifest.js";
export { buildModel, type LinearHead, type ModelParts } from "./model.js";
export { type Answer, type Bundle, openBundle, type Prediction, type PredictionError } from "./predict.js";
export { type BundleParts, isOwnTest, writeBundle } from "./write.js";
export { checkFiles, readManifest, readProvenance } from "./read.js";
