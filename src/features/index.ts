/** Features of photographs by frozen backbones, extracted at the speed of the cores and cached by content. */
export { assembleFeatures, assembleViews, stackRows, takeBranch, takeRows, type Views } from "./assemble.js";
export { type Extraction, type ExtractOptions, extractFeatures, type Source } from "./extract.js";
export { batchSize, type Inferred, inferBatch, type ReadPicture } from "./infer.js";
