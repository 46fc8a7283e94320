/** The bundle that a run delivers: written, read, checked against its golden examples, and used to predict. */
export { goldenPhotographs, type GoldenReport, tolerances } from "./golden.js";
export { type BundleManifest, fileNames, type Provenance } from "./manifest.js";
export { buildModel, type LinearHead, type ModelParts } from "./model.js";
export { type Answer, type Bundle, openBundle, type Prediction } from "./predict.js";
export { type BundleParts, writeBundle } from "./write.js";
export { checkFiles, readManifest, readProvenance } from "./read.js";
