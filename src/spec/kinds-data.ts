/** Kinds that state what is there before anything is trained. */
import type { KindRows } from "./kind-row.js";

/** Facts about the input, checked by the scan. */
export const dataKinds: KindRows<"image-count" | "class-count"> = {
  "image-count": {
    name: "number of labeled images",
    has: [
      /label|annotat|available|data\s?sets?(?!\p{L})|(?<!\p{L})data(?!\p{L})|collect|provided|given|total|number\s+of|training\s+(?:images|photo|pictures|samples|examples)|^[\W\d]*(?:(?:at\s+least|more\s+than|over|about)\s+)?[\d.,k\s]+\p{L}*\s*(?:images|photo\p{L}*|pictures|samples|examples)[\s.]*$|we\s+have|there\s+are/iu,
      /images?|photo\p{L}*|pictures?|samples|examples/iu,
    ],
    lacks: [/classif|predict/iu],
    unit: "images",
    comparison: ">=",
    needsTarget: true,
    range: { from: 1 },
    premise: true,
    judgedOn: "scan",
    estimator: () => "readable labeled images found by the scan",
    near: /data|label|image|photo|picture|sample/iu,
    examples: [
      "1,000 labeled images available",
      "At least 10k photographs",
      "Dataset of 4,500 pictures",
      "Number of images: 2000",
    ],
  },
  "class-count": {
    name: "number of classes",
    has: [/(?<!\p{L})(?:class(?:es)?|categor(?:y|ies))(?!\p{L})/iu],
    lacks: [/overlap|confus/iu],
    only: "classes",
    context: true,
    unit: "classes",
    comparison: ">=",
    needsTarget: true,
    range: { from: 2 },
    premise: true,
    judgedOn: "scan",
    estimator: () => "classes found by the scan",
    near: /class|categor|kinds? of/iu,
    examples: ["At least 20 classes", "20 product categories", "Classify into 12 classes"],
  },
};
