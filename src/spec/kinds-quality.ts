/** Kinds that say how often the model is right. */
import { readClassName } from "./class-name.js";
import { type KindRows, rate } from "./kind-row.js";

/** Words that make a line about something else than the accuracy of the delivered model. */
const otherMetric =
  /top[\s-]?(?!1(?!\d))\d|train(?:ing)?[\s-]+(?:set[\s-]+|data[\s-]+|split[\s-]+)?(?:accuracy|recall|f1)|(?:accuracy|recall|f1)\s+on\s+(?:the\s+)?train|(?:drop|loss|decrease|degradation|decline|difference|change|gap|improve\p{L}*|increase|gain|boost|parity)\s+(?:of|in|from|between)|(?:accuracy|recall|f1)\s+(?:drop|loss|degrad\p{L}*|decrease|gap|gain|improve\p{L}*|difference)|lose|(?:inter-?)?annotator|label(?:l?ing)?\s+(?:accuracy|quality|error)|baseline|human|\bAUC\b|ROC|IoU|mAP\b|false\s+(?:positive|negative|alarm)|specificity|(?<!\p{L})precision|micro|weighted/iu;
/** A part of the photographs: what holds for it says nothing about all of them. */
const narrowed =
  /(?<!\p{L})(?:accura(?:cy|te)|F-?1(?:[\s-]*score)?|correct(?:ly)?|errors?|recall|sensitivity)(?:\s+(?:on|for|in|under)|(?:[^\p{L}]|(?<!\p{L})(?:percent|of|at|least|above|over|more|than|to|be|is|must|should)(?!\p{L}))+\s(?:on|for))\s+(?:the\s+|all\s+|our\s+|every\s+|an?\s+)*(?!(?:the|all|our|every|an?|tests?|validation|val|calibrat\p{L}*|dev\p{L}*|hold|held|unseen|new|sealed|fresh|real|images?|photo\p{L}*|pictures?|samples?|data\p{L}*|sets?|splits?|products?|production|deploy\p{L}*|average|total|classes|categories|im?balanced|unbalanced|least|classif\p{L}*|CPUs?|GPUs?|this|predict\p{L}*|order|under|less|at|about|over|more)(?!\p{L}))\p{L}|(?<!\p{L})on\s+\d+\s+(?:of|out)(?!\p{L})|(?:images?|photo\p{L}*|pictures?)\s+(?:taken|of|from|with|in|under|at|where|that|showing)\s/iu;
const namedClass = /(?<![\p{L}-])[Cc]lass\s+(?:["“'‘]|\p{Lu}|\d)/u;

const recall =
  /(?<!\p{L})(?:recall|sensitivity|accuracy|accurate|performance|detection|detected|hit\s+rate)(?!\p{L})/iu;

/** Words beside which a recall without more is that of all classes. */
const neutral =
  "percent|overall|high|low|good|poor|at|least|most|of|over|above|below|under|than|more|less|higher|lower|better|or|no|not|the|an?|is|be|must|should|required|minimum|min|model|with|on|test|validation|sets?|split|photographs|images|across|classes|all";
const classMean =
  /(?<!\p{L})(?:balanced[\s-]+accuracy|(?:macro|mean|average)[\s-]+(?:average\s+|averaged\s+|(?:per[\s-]+)?class\s+)?(?:recall|sensitivity)|(?:mean|average)[\s-]+(?:per[\s-]+)?class[\s-]+accuracy|(?:mean|average)\s+accuracy\s+(?:per|over|across)\s+(?:the\s+|all\s+)?class(?:es)?|(?:accura\p{L}+|performance|recall)\s+(?:on|for|with|under|despite)\s+(?:the\s+)?(?:im|un)balanced|class\s+imbalance)(?!\p{L})/iu;
const plainRecall = `^(?=.*(?:recall|sensitivity))(?:[^\\p{L}]|(?<!\\p{L})(?:recall|sensitivity|${neutral})(?!\\p{L}))*$`;
const meanRecall = new RegExp(`${classMean.source}|${plainRecall}`, "iu");

/** The special before the general: accuracy last. */
export const qualityKinds: KindRows<
  | "overfitting-gap"
  | "calibration-error"
  | "rare-class-recall"
  | "worst-class-recall"
  | "class-recall"
  | "balanced-accuracy"
  | "macro-f1"
  | "accuracy"
> = {
  "overfitting-gap": {
    name: "overfitting gap",
    has: [
      /over-?fit|generali[sz]ation\s+(?:gap|error)|(?:gap|difference)\s+between\s+(?:the\s+)?train|train\p{L}*\s*(?:[-–—/]|to|and|vs\.?)\s*(?:the\s+)?(?:val\p{L}*|test)\s+(?:accuracy\s+)?(?:gap|difference)/iu,
    ],
    unit: "fraction",
    comparison: "<=",
    needsTarget: false,
    defaultTarget: { comparison: "<=", value: 0.05 },
    range: { from: 0, to: 1 },
    judgedOn: "calibrate",
    estimator: () => "accuracy on train minus accuracy on calibrate, clean views",
    near: /generali[sz]|robust|memori[sz]|\bgap\b/iu,
    examples: [
      "Overfitting gap at most 5%",
      "Overfitting on small dataset",
      "Gap between training and validation accuracy below 3%",
    ],
  },
  "calibration-error": {
    name: "calibration error",
    has: [
      /calibration(?!\s+(?:split|set|data))|(?:well|badly|poorly)[\s-]+calibrated|calibrated\s+(?:probabilit\p{L}+|confidence\p{L}*)|miscalibrat|(?<!\p{L})ECE(?!\p{L})|over-?confiden/iu,
    ],
    unit: "fraction",
    comparison: "<=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "expected calibration error of the probabilities",
    near: /confiden|probabilit|trust|certain|sure/iu,
    examples: ["Calibration error at most 5%", "ECE < 0.03", "Overconfident predictions"],
  },
  "rare-class-recall": {
    name: "recall of rare classes",
    has: [
      /(?<!\p{L})(?:rare(?:st)?|minority|infrequent|under-?represented|uncommon|small(?:est)?)\s+(?:class|categor|label|product|item)/iu,
    ],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "recall over the classes under half the mean size",
    near: /rare|seldom|unusual|minorit|tail/iu,
    examples: [
      "Recall on rare classes at least 70%",
      "Poor performance on rare classes",
      "Minority classes recall ≥ 0.6",
    ],
  },
  "worst-class-recall": {
    name: "recall of the worst class",
    has: [
      /(?<!\p{L})(?:worst|weakest|lowest|minimum|min)[\s-]+(?:performing\s+)?(?:class|categor|recall)|(?:each|every|any|per|all|individual)[\s-]+(?:single\s+)?(?:class|categor)\p{L}*|(?:no|any)\s+class\s+(?:below|under|worse)|worst\s+case\s+recall/iu,
      /(?<!\p{L})(?:recall|accura\p{L}+|sensitivity|performance|class|correct|right)(?!\p{L})/iu,
    ],
    lacks: [
      otherMetric,
      /images|photo\p{L}*|pictures|samples|examples|balanced|macro|(?<!\p{L})(?:mean|average)(?!\p{L})/iu,
    ],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "smallest recall of any class",
    near: /each class|every class|fair|equal|worst/iu,
    examples: ["Worst class recall at least 60%", "Every class at least 70% accuracy", "Per-class recall ≥ 0.5"],
  },
  "class-recall": {
    name: "recall of a named class",
    has: [recall],
    subject: readClassName,
    lacks: [otherMetric, /macro|balanced|average|mean\b|overall/iu],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "recall of the class",
    near: /recall|sensitiv|(?:find|detect|miss|recogni[sz]e)\s+(?:all|every|the|any|no)/iu,
    examples: ["Recall of class Dress at least 80%", 'Recall of "T-Shirt" ≥ 0.9', "Accuracy on class Hat above 75%"],
  },
  "balanced-accuracy": {
    name: "balanced accuracy",
    has: [meanRecall],
    lacks: [otherMetric, narrowed, namedClass],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "balanced accuracy (mean recall over the classes)",
    near: /balanc|bias|skew/iu,
    examples: ["Balanced accuracy at least 80%", "High accuracy on imbalanced classes", "Macro recall ≥ 0.75"],
  },
  "macro-f1": {
    name: "macro F1",
    has: [/(?<![\p{L}\d])(?:macro[\s-]*)?F[\s-]?1(?![\d.])|F[\s-]?score|F-?measure/iu],
    lacks: [otherMetric, narrowed, namedClass],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "macro F1 (mean over the classes)",
    near: /precision|harmonic|F-?1/iu,
    examples: ["Macro F1 at least 0.8", "F1 score > 85%"],
  },
  accuracy: {
    name: "accuracy",
    has: [
      /(?<!\p{L})(?:accurac(?:y|ies)|accurate(?:ly)?|inaccura\p{L}+|(?:correct|right)(?:ly)?(?:\s+(?:classif|label|predict|recogni)\p{L}*)?|error[\s-]+rate|misclassif\p{L}+|errors?|wrong(?:ly)?|mistakes?|top-?1)(?!\p{L})/iu,
    ],
    lacks: [otherMetric, narrowed, namedClass, /orientation|copyright|rights|HTTP|server|crash|network|type\s+error/iu],
    complement: /^(?!.*(?<!in)accura)(?!.*(?:correct|right)).*(?:error|misclassif|inaccura|wrong|mistake)/iu,
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "accuracy",
    near: /accura|good|quality|correct|right|precis|reliab|mistake|wrong|error|best|excellent|human/iu,
    examples: [
      "At least 90% accuracy",
      "95% accuracy required",
      "Validation accuracy >95%",
      "Error rate below 5%",
      "Accuracy ≥ 0.9 on test",
    ],
  },
};
