/** The demo data set: twenty kinds of product, drawn as if photographed in a shop, with planted faults; needs no download. */
export { type DemoManifest, drawDemoSet, type DrawOptions, type PlantedFault } from "./draw.js";
export { type ProductName, productNames } from "./products/index.js";
