/** Kinds that say what the model may cost: time, memory, size, device. */
import { gpu, type KindRows, positive, training } from "./kind-row.js";

const http =
  /(?<!\p{L})(?:HTTP|API|REST|endpoint|service|server|round[\s-]?trip|end[\s-]to[\s-]end|web\s+request)(?!\p{L})/iu;
const duration =
  /(?<!\p{L})(?:inference|latenc\p{L}+|response(?:\s+times?)?|respond\p{L}*|answers?|prediction\s+(?:time|speed|latency)|predicts?|predictions?|classif\p{L}+|time\s+per|per\s+(?:image|photo\p{L}*|picture|prediction)|real[\s-]?time|run\s?time)(?!\p{L})|\/\s*(?:image|img|photo\p{L}*|picture|prediction)(?!\p{L})/iu;
const speed =
  /(?<!\p{L})(?:(?:run\s?)?times?|latenc\p{L}+|fast\p{L}*|slow\p{L}*|quick\p{L}*|speed|instant\p{L}*|real[\s-]?time|(?:milli-?|micro)?seconds?|minutes?|lag)(?!\p{L})|\d\s*(?:ms|msecs?|s|secs?|µs|μs|us|min)(?!\p{L})/iu;

/** Lines about memory name it; lines about size are what is left. */
export const costKinds: KindRows<
  | "device"
  | "throughput"
  | "training-time"
  | "http-latency"
  | "latency"
  | "device-memory"
  | "model-size"
  | "peak-memory"
> = {
  device: {
    name: "device",
    has: [
      /(?<!\p{L})(?:runs?|running|works?|usable|execut\p{L}+|inference|train(?:s|ing|ed)?|deploy\p{L}*|needs?|requires?|CPU[\s-]only|without|no|only|on)(?!\p{L})/iu,
      /(?<!\p{L})(?:CPUs?|GPUs?|CUDA|laptop)(?!\p{L})/iu,
    ],
    lacks: [/fast|slow|quick|speed|latenc|(?<!\p{L})time(?!\p{L})/iu],
    unit: "none",
    comparison: "<=",
    needsTarget: false,
    range: null,
    judgedOn: "bench",
    estimator: () => "the device that the model ran on",
    near: /hardware|machine|laptop|raspberry|processor|offline/iu,
    examples: ["Runs on CPU", "Works without GPU", "Must run on a GPU", "CPU-only inference"],
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
    estimator: () => "seconds of training",
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
      speed,
      /(?<!\p{L})(?:latenc\p{L}+|response(?:\s+times?)?|respond\p{L}*|answer\p{L}*|inference|slow|fast|time|predict\p{L}*|round[\s-]?trip|end[\s-]to[\s-]end)(?!\p{L})/iu,
    ],
    lacks: [training, /document/iu],
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
    has: [duration, speed],
    quantile: true,
    lacks: [training, /batch|confidence|interpret|explan|explain|first|start-?up|cold|load(?:s|ing)?\s/iu],
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
    judgedOn: "bench",
    estimator: () => "peak memory of the device",
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
};
