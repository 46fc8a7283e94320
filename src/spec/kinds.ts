/** The table of kinds: how a line of each is recognized, what it is measured in, and where it is judged. A kind left out does not compile. */
import { readClassName } from "./class-name.js";
import type { Dimension } from "./quantity.js";
import type { Comparison, JudgedOn, Quantile, RequirementKind, Target, Unit } from "./requirement.js";

/** The possible values of a target. `above` excludes its end, `from` and `to` include it. */
export interface Range {
  readonly above?: number;
  readonly from?: number;
  readonly to?: number;
}

export interface KindRow {
  /** As people call it. */
  readonly name: string;
  /** All of these must be found in the words … */
  readonly has: readonly RegExp[];
  /** … and none of these. */
  readonly lacks?: readonly RegExp[];
  /** The line is of this kind only with a number of this dimension in it. */
  readonly only?: Dimension;
  readonly unit: Unit;
  /** Where the line does not say. */
  readonly comparison: Comparison;
  /** Whether a hard line needs a number. */
  readonly needsTarget: boolean;
  /** Where a line gives no number. */
  readonly defaultTarget?: Target;
  /** Null where the kind takes no number. */
  readonly range: Range | null;
  /** A fact about the input, checked once. */
  readonly premise?: true;
  readonly judgedOn: JudgedOn;
  /** What the line must name, read from its words; null where it names nothing. */
  readonly subject?: (words: string) => string | null;
  /** A line of it says which quantile, p95 where unsaid. */
  readonly quantile?: true;
  /** In the line of another kind its number only describes the setting ("95 % accuracy on 20 classes"). */
  readonly context?: true;
  /** "Validation …" moves the line from test to calibrate. */
  readonly splits?: true;
  /** A wording that gives the complement: an error rate for accuracy. */
  readonly complement?: RegExp;
  readonly estimator: (quantile: Quantile) => string;
  /** Words of lines that mean something like it, for the nearest phrasing of what is not checkable. */
  readonly near: RegExp;
  /** Lines as people write them; the first is the nearest phrasing offered. docs/spec.md shows them all. */
  readonly examples: readonly [string, ...string[]];
}

const rate: Range = { above: 0, to: 1 };
const positive: Range = { above: 0 };
const counts: Range = { from: 1 };

/** Words that make a line about something else than the accuracy of the delivered model. */
const otherMetric =
  /top[\s-]?\d|train(?:ing)?[\s-]+(?:set[\s-]+|data[\s-]+|split[\s-]+)?(?:accuracy|recall|f1)|(?:accuracy|recall|f1)\s+on\s+(?:the\s+)?train|(?:drop|loss|decrease|degradation|decline|difference|change|gap|improve\p{L}*|increase|gain|boost|parity)\s+(?:of|in|from|between)|(?:accuracy|recall|f1)\s+(?:drop|loss|degrad\p{L}*|decrease|gap|gain|improve\p{L}*|difference)|lose|(?:inter-?)?annotator|label(?:l?ing)?\s+(?:accuracy|quality|error)|baseline|human|\bAUC\b|ROC|IoU|mAP\b|false\s+(?:positive|negative|alarm)|specificity|(?<!\p{L})precision|micro|weighted/iu;
const gpu =
  /(?<!\p{L})(?:GPU|VRAM|CUDA|graphics\s+(?:card|memory)|video\s+memory|device\s+memory|accelerator)s?(?!\p{L})/iu;
const recall =
  /(?<!\p{L})(?:recall|sensitivity|accuracy|accurate|performance|detection|detected|hit\s+rate)(?!\p{L})/iu;
const http =
  /(?<!\p{L})(?:HTTP|API|REST|endpoint|service|server|round[\s-]?trip|end[\s-]to[\s-]end|web\s+request)(?!\p{L})/iu;
const duration =
  /(?<!\p{L})(?:inference|latenc\p{L}+|response(?:\s+times?)?|respond\p{L}*|answers?|prediction\s+(?:time|speed|latency)|predicts?|predictions?|classif\p{L}+|time\s+per|per\s+(?:image|photo\p{L}*|picture|prediction)|real[\s-]?time|run\s?time)(?!\p{L})/iu;
const training = /(?<!\p{L})(?:train(?:s|ed|ing)?|retrain\p{L}*|fine-?tun\p{L}+)(?!\p{L})/iu;

/** Order is precedence: the first row that fits wins, so the special stands before the general. */
export const kinds: Readonly<Record<RequirementKind, KindRow>> = {
  "overfitting-gap": {
    name: "overfitting gap",
    has: [
      /over-?fit|generali[sz]ation\s+(?:gap|error)|gap\s+between\s+(?:the\s+)?train|train\p{L}*\s*(?:[-–—/]|to|and|vs\.?)\s*(?:the\s+)?(?:val\p{L}*|test)\s+(?:accuracy\s+)?(?:gap|difference)/iu,
    ],
    unit: "fraction",
    comparison: "<=",
    needsTarget: false,
    defaultTarget: { comparison: "<=", value: 0.05 },
    range: { from: 0, to: 1 },
    judgedOn: "calibrate",
    estimator: () => "accuracy on train minus accuracy on calibrate, clean views",
    near: /generali[sz]|robust|memori[sz]/iu,
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
    lacks: [otherMetric, /images|photo\p{L}*|pictures|samples|examples|balanced|macro/iu],
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
    near: /(?:find|detect|miss|recogni[sz]e)\s+(?:all|every|the|any|no)/iu,
    examples: ["Recall of class Dress at least 80%", 'Recall of "T-Shirt" ≥ 0.9', "Accuracy on class Hat above 75%"],
  },
  "balanced-accuracy": {
    name: "balanced accuracy",
    has: [
      /(?<!\p{L})(?:balanced[\s-]+accuracy|(?:macro|mean|average)[\s-]+(?:average\s+|averaged\s+|class\s+)?(?:recall|sensitivity)|(?:accura\p{L}+|performance|recall)\s+(?:on|for|with|under|despite)\s+(?:the\s+)?(?:im|un)balanced|recall|sensitivity|class\s+imbalance)(?!\p{L})/iu,
    ],
    lacks: [otherMetric],
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
    lacks: [otherMetric],
    unit: "fraction",
    comparison: ">=",
    needsTarget: true,
    range: rate,
    judgedOn: "test",
    splits: true,
    estimator: () => "macro F1 (mean over the classes)",
    near: /precision|harmonic/iu,
    examples: ["Macro F1 at least 0.8", "F1 score > 85%"],
  },
  accuracy: {
    name: "accuracy",
    has: [
      /(?<!\p{L})(?:accurac(?:y|ies)|accurate(?:ly)?|inaccura\p{L}+|(?:correct|right)(?:ly)?(?:\s+(?:classif|label|predict|recogni)\p{L}*)?|error[\s-]+rate|misclassif\p{L}+|classification\s+errors?|test\s+error|validation\s+error)(?!\p{L})/iu,
    ],
    lacks: [otherMetric, /orientation|copyright|rights/iu],
    complement: /error|misclassif|inaccura/iu,
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
  throughput: {
    name: "throughput",
    has: [
      /throughput|(?:images?|photo\p{L}*|pictures?|predictions?|requests?|frames?|inferences?|samples?|imgs?)\s*(?:\/|per|a|each|every)\s*(?:s|sec|second|min|minute|h|hr|hour)(?!\p{L})|(?:fps|rps|qps|ips)(?!\p{L})/iu,
    ],
    lacks: [training],
    unit: "images/s",
    comparison: ">=",
    needsTarget: true,
    range: positive,
    judgedOn: "bench",
    estimator: () => "images per second in batches",
    near: /batch|bulk|many|volume|scal|concurren|load/iu,
    examples: [
      "Throughput of at least 20 images per second",
      "50 images/s",
      "≥ 600 photos per minute",
      "Low throughput",
    ],
  },
  "training-time": {
    name: "training time",
    has: [
      training,
      /(?<!\p{L})(?:time|fast(?:er)?|slow(?:er)?|long(?:er)?|quick(?:ly|er)?|duration|takes?|within|under|in|less|finish\p{L}*|complet\p{L}+|hours?|minutes?|days?|overnight|speed)(?!\p{L})|<|≤/iu,
    ],
    lacks: [/memory|RAM(?!\p{L})|accura|images?|photo|inference/iu],
    unit: "seconds",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "run",
    estimator: () => "seconds of training as recorded by the run",
    near: /cheap|cost|budget|train|soon|tomorrow/iu,
    examples: [
      "Training time under 4 hours",
      "Fast training time (<4 hours)",
      "Trains in at most 30 min",
      "Slow training",
    ],
  },
  "http-latency": {
    name: "latency over HTTP",
    has: [
      http,
      /(?<!\p{L})(?:latenc\p{L}+|response(?:\s+times?)?|respond\p{L}*|answer\p{L}*|inference|slow|fast|time|predict\p{L}*|round[\s-]?trip|end[\s-]to[\s-]end)(?!\p{L})/iu,
    ],
    lacks: [training, /document/iu],
    only: "seconds",
    quantile: true,
    unit: "seconds",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "bench",
    estimator: (quantile) => `${quantile} of the time from request to answer over HTTP, one image`,
    near: /web|request|click|user|wait/iu,
    examples: ["API response under 200 ms", "Latency over HTTP at most 150 ms", "p99 of the endpoint's answer < 0.5 s"],
  },
  latency: {
    name: "latency",
    has: [duration],
    quantile: true,
    lacks: [training, /batch|confidence|interpret|explan|explain/iu],
    unit: "seconds",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "bench",
    estimator: (quantile) => `${quantile} of single-image latency`,
    near: /fast|slow|quick|speed|instant|delay|lag|prompt/iu,
    examples: [
      "Inference time < 100ms",
      "p95 latency under 50 ms",
      "Slow inference",
      "Mean response time at most 0.2 s",
      "Sub-second predictions",
      "Classify an image within 80 milliseconds",
    ],
  },
  "device-memory": {
    name: "device memory",
    has: [gpu, /\d\s*-?\s*(?:[kmgt]i?b|gigs?|megs?|\p{L}+bytes?)(?!\p{L})|memory|VRAM/iu],
    unit: "bytes",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "run",
    estimator: () => "peak memory of the device, planned from tensor lifetimes where no device is at hand",
    near: /gpu|card/iu,
    examples: ["Must run on 8GB GPU", "GPU memory at most 4 GB", "Fits in 6 GB of VRAM"],
  },
  "model-size": {
    name: "model size",
    has: [
      /(?<!\p{L})(?:model|onnx|weights?|network|file|bundle|download)(?:'s)?(?!\p{L})/iu,
      /(?<!\p{L})(?:size|small(?:er)?|large|big(?:ger)?|huge|compact|tiny|bytes?|\p{L}{2,4}bytes?|disk)(?!\p{L})|\d\s*[kmgt]i?b(?!\p{L})/iu,
    ],
    lacks: [
      gpu,
      /memory|(?<!\p{L})RAM(?!\p{L})|docker|container|batch|image\s+size|input\s+size|upload|dataset|(?:small|large|big|huge|tiny)\s+(?:dataset|data)/iu,
    ],
    unit: "bytes",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "bench",
    estimator: () => "bytes of the delivered model file",
    near: /small|light|compact|tiny|size|disk|download|mobile|phone|edge|embedded/iu,
    examples: [
      "Model size under 50 MB",
      "ONNX file at most 25MB",
      "Model smaller than 20 megabytes",
      "Large model size",
    ],
  },
  "peak-memory": {
    name: "peak memory",
    has: [/(?<!\p{L})(?:memory|RAM|OOM)(?!\p{L})/iu],
    lacks: [gpu],
    unit: "bytes",
    comparison: "<=",
    needsTarget: true,
    range: positive,
    judgedOn: "run",
    estimator: () => "peak resident memory of the run",
    near: /memory|footprint|swap|crash/iu,
    examples: ["Peak memory under 2 GB", "At most 1.5 GB of RAM", "Memory overflow"],
  },
  device: {
    name: "device",
    has: [
      /(?<!\p{L})(?:runs?|running|works?|usable|execut\p{L}+|inference|train(?:s|ing|ed)?|deploy\p{L}*|needs?|requires?|CPU[\s-]only|without|no|only|on)(?!\p{L})/iu,
      /(?<!\p{L})(?:CPUs?|GPUs?|CUDA|laptop)(?!\p{L})/iu,
    ],
    unit: "none",
    comparison: "<=",
    needsTarget: false,
    range: null,
    judgedOn: "run",
    estimator: () => "the device that the model ran on",
    near: /hardware|machine|laptop|raspberry|processor|offline/iu,
    examples: ["Runs on CPU", "Works without GPU", "Must run on a GPU", "CPU-only inference"],
  },
  interpretability: {
    name: "interpretability",
    has: [/interpretab|explain|explanation|explicab|saliency|heat[\s-]?map|grad-?cam|black[\s-]?box/iu],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "test",
    estimator: () => "deletion AUC of the explanations against chance",
    near: /transparen|understand|why|reason|audit/iu,
    examples: ["Model interpretability", "Predictions can be explained", "Heat maps for every prediction"],
  },
  container: {
    name: "container",
    has: [/(?<!\p{L})(?:docker\p{L}*|containers?|containeri[sz]ed?|podman|OCI\s+image)(?!\p{L})/iu],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "run",
    estimator: () => "the container builds and answers",
    near: /kubernetes|k8s|cloud|helm|virtual/iu,
    examples: ["Docker container for deployment", "Runs in a container", "Containerized service"],
  },
  documentation: {
    name: "documentation and tests",
    has: [
      /(?<!\p{L})(?:document(?:ation|ed|s)?|docs|readme|model\s+card|openapi|manual|(?:unit|automated|integration|regression|passing)\s+tests?|test\s+suite|tests)(?!\p{L})/iu,
    ],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "run",
    estimator: () => "the bundle's documents validate and its tests ran and passed",
    near: /describe|report|guide|tested|quality assurance|maintain/iu,
    examples: [
      "Documentation and tests",
      "Model card included",
      "Automated tests pass",
      "OpenAPI description of the service",
    ],
  },
  api: {
    name: "API endpoint",
    has: [/(?<!\p{L})(?:API|REST(?:ful)?|endpoint|HTTP|web\s?service|micro-?service|server)(?!\p{L})/iu],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "run",
    estimator: () => "the service answers real photographs correctly over HTTP",
    near: /integrat|service|webhook|online|app\b/iu,
    examples: ["API endpoint for predictions", "REST service", "Predictions over HTTP"],
  },
  deployment: {
    name: "deployment",
    has: [
      /(?<!\p{L})(?:deploy\p{L}*|one\s+command|single\s+command|install(?:s|ed|ation)?|starts?\s+(?:from|with))(?!\p{L})/iu,
    ],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "bench",
    estimator: () => "the bundle starts from one command; its size",
    near: /production|ship|release|rollout|easy|setup/iu,
    examples: ["Easy deployment", "Starts with one command", "Simple installation"],
  },
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
    range: counts,
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
    has: [/(?<!\p{L})(?:classes|categories)(?!\p{L})/iu],
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
  "not-checkable": {
    name: "not checkable",
    has: [],
    unit: "none",
    comparison: ">=",
    needsTarget: false,
    range: null,
    judgedOn: "run",
    estimator: () => "none",
    near: /(?!)/u,
    examples: ["Users love it"],
  },
};

/** Every kind in order of precedence. */
export const kindNames = Object.keys(kinds) as readonly RequirementKind[];
