/** Features of photographs by a frozen backbone, extracted at the speed of the cores and cached by content. */
export { type Extraction, type ExtractOptions, extractFeatures, type Source } from "./extract.js";
export { batchSize, type Inferred, inferBatch, type ReadPicture } from "./infer.js";
