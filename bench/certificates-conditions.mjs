// What bench/certificates.mjs simulates: families of conditions, each with a known truth. `draw(random)` makes one set of
// measurements as verify would have them; the line is judged by the rules of src/verify against a target just beyond the truth.
import { random } from "../dist/core/index.js";
import { parseSpec } from "../dist/spec/index.js";

const nothing = {
  labels: [],
  trainCounts: {},
  test: [],
  calibrate: [],
  trained: [],
  fresh: false,
  outOfFoldAccuracy: null,
  latencyMs: new Float64Array(0),
  throughput: new Float64Array(0),
  modelSizeBytes: 1,
  imageCount: 1,
  classCount: 1,
  trainingSeconds: 1,
  peakMemoryBytes: 1,
  deviceMemory: null,
  trainedOn: null,
  threads: 1,
  device: "cpu",
  adapter: null,
  service: { reason: "" },
  container: { reason: "" },
  documents: { reason: "" },
  explanations: null,
};

export const measurementsOf = (parts) => ({ ...nothing, ...parts });

export const lineOf = (text) => parseSpec(`## CONSTRAINTS\n- ${text}\n`, "bench", "markdown").requirements[0];

const unsure = Float32Array.of(0.5, 0.5);

/** An outcome; `group` where photographs come in groups. */
export function outcomeOf(i, truth, predicted, group, probabilities = unsure) {
  const outcome = { path: "", pixelHash: String(i), truth, predicted, probabilities };
  return group === undefined ? outcome : { ...outcome, group: String(group) };
}

const labelsOf = (count) => Array.from({ length: count }, (_, i) => `class ${i}`);

/** Gamma(shape, 1): G. Marsaglia and W. W. Tsang, ACM TOMS 26 (2000). */
function gamma(r, shape) {
  if (shape < 1) return gamma(r, shape + 1) * Math.max(r.next(), 1e-300) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = r.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(Math.max(r.next(), 1e-300)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A group's own rate: Beta with this mean and intraclass correlation. */
function rateOf(r, mean, correlation) {
  if (correlation === 0) return mean;
  const scale = (1 - correlation) / correlation;
  const a = gamma(r, mean * scale);
  const b = gamma(r, (1 - mean) * scale);
  return a / (a + b);
}

/** Sizes of groups. */
const sizes = {
  one: () => 1,
  five: () => 5,
  "one to many": (r) => 1 + Math.floor(Math.log(1 - r.next()) / Math.log(2 / 3)),
  "few large": (r) => (r.next() < 0.9 ? 1 : 20),
};

/** Photographs of one class in groups, right with this probability; a wrong one gets any other class. */
function photographs(r, { n, truth, accuracy, classes, size = "one", correlation = 0, from = 0 }) {
  const outcomes = [];
  while (outcomes.length < n) {
    const many = Math.min(n - outcomes.length, sizes[size](r));
    const rate = rateOf(r, accuracy, correlation);
    const group = size === "one" ? undefined : `${truth} ${outcomes.length}`;
    for (let i = 0; i < many; i++) {
      const predicted = r.next() < rate ? truth : (truth + 1 + r.below(classes - 1)) % classes;
      outcomes.push(outcomeOf(from + outcomes.length, truth, predicted, group));
    }
  }
  return outcomes;
}

function grouped(n, accuracy, size, correlation) {
  return {
    family: "accuracy, groups (Korn–Graubard)",
    name: `n ${n}, ${size}, correlation ${correlation}, accuracy ${accuracy}`,
    line: lineOf("At least 50% accuracy"),
    truth: accuracy,
    draw: (r) => {
      const test = photographs(r, { n, truth: 0, accuracy, classes: 2, size, correlation });
      return measurementsOf({ labels: labelsOf(2), test });
    },
  };
}

/** Class sizes and recalls, and what they come to. */
function classSet(r, counts, recalls, size, correlation) {
  return counts.flatMap((n, truth) =>
    photographs(r, {
      n,
      truth,
      accuracy: recalls[truth],
      classes: counts.length,
      size,
      correlation,
      from: truth * 100000,
    }),
  );
}

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Macro F1 of the population: class sizes as given, wrong answers spread evenly. */
function populationF1(counts, recalls) {
  const classes = counts.length;
  const wrong = counts.map((n, i) => (n * (1 - recalls[i])) / (classes - 1));
  const all = wrong.reduce((sum, value) => sum + value, 0);
  return meanOf(counts.map((n, i) => (2 * n * recalls[i]) / (n + n * recalls[i] + all - wrong[i])));
}

const fair = { counts: Array(10).fill(50), recalls: Array(10).fill(0.9) };
const uneven = {
  counts: [200, 100, 60, 40, 30, 20, 15, 10, 6, 5],
  recalls: [0.97, 0.95, 0.93, 0.9, 0.88, 0.85, 0.8, 0.7, 0.75, 0.6],
};
const nearlyAll = { counts: Array(20).fill(15), recalls: Array(20).fill(0.98) };

function byClass(family, text, truthOf, [name, { counts, recalls }], size = "one", correlation = 0) {
  return {
    family,
    name: size === "one" ? name : `${name}, ${size}, correlation ${correlation}`,
    line: lineOf(text),
    truth: truthOf(counts, recalls),
    draw: (r) =>
      measurementsOf({
        labels: labelsOf(counts.length),
        trainCounts: Object.fromEntries(labelsOf(counts.length).map((label) => [label, 1])),
        test: classSet(r, counts, recalls, size, correlation),
      }),
  };
}

const sets = [
  ["10 × 50, recall 0.9", fair],
  ["200 … 5, recall 0.97 … 0.6", uneven],
  ["20 × 15, recall 0.98", nearlyAll],
];
const balanced = (set, ...groups) =>
  byClass(
    "balanced accuracy (bootstrap)",
    "Balanced accuracy at least 50%",
    (_, recalls) => meanOf(recalls),
    set,
    ...groups,
  );
const macroF1 = (set, ...groups) =>
  byClass("macro F1 (bootstrap)", "Macro F1 at least 50%", populationF1, set, ...groups);
const worst = (set, ...groups) =>
  byClass(
    "worst class (intersection–union, Šidák)",
    "Worst class recall at least 50%",
    (_, recalls) => Math.min(...recalls),
    set,
    ...groups,
  );

const known = new Map();
/** Truths take long to compute: once, and only where they are asked for. */
function remember(key, compute) {
  if (!known.has(key)) known.set(key, compute());
  return known.get(key);
}

/** How often a photograph of this confidence is right, by kind of model. */
const honesty = {
  honest: (confidence) => confidence,
  "boasting by 0.05": (confidence) => Math.max(0, confidence - 0.05),
  "boasting by 0.15": (confidence) => Math.max(0, confidence - 0.15),
  "boasting low, modest high": (confidence) => (confidence < 0.9 ? confidence - 0.08 : (1 + confidence) / 2),
};
const drawConfidence = (r, skew) => 1 - 0.8 * r.next() ** skew;

/** The error of 15 equal bins of very many photographs. */
function populationError(kind, skew) {
  return remember(`error ${kind} ${skew}`, () => measureError(honesty[kind], skew));
}

function measureError(right, skew) {
  const r = random(1, "population");
  const all = Float64Array.from({ length: 300000 }, () => drawConfidence(r, skew)).toSorted();
  let error = 0;
  for (let bin = 0; bin < 15; bin++) {
    const part = all.subarray((bin * all.length) / 15, ((bin + 1) * all.length) / 15);
    error += Math.abs(part.reduce((sum, confidence) => sum + right(confidence) - confidence, 0));
  }
  return error / all.length;
}

function calibration(n, kind, size = "one") {
  const right = honesty[kind];
  const skew = 3;
  return {
    family: "calibration error",
    name: `n ${n}, ${kind}${size === "one" ? "" : `, ${size} alike`}`,
    line: lineOf("Calibration error at most 50%"),
    get truth() {
      return populationError(kind, skew);
    },
    draw: (r) => {
      const test = [];
      while (test.length < n) {
        const confidence = drawConfidence(r, skew);
        const luck = r.next();
        const group = size === "one" ? undefined : test.length;
        for (let i = sizes[size](r); i > 0 && test.length < n; i--) {
          const probabilities = Float32Array.of(confidence, ...Array(9).fill((1 - confidence) / 9));
          test.push(outcomeOf(test.length, luck < right(confidence) ? 0 : 1, 0, group, probabilities));
        }
      }
      return measurementsOf({ labels: labelsOf(10), test });
    },
  };
}

/** Timings: log-normal noise on a level that may drag along or change for whiles. */
const machines = {
  quiet: (r, n) => Float64Array.from({ length: n }, () => Math.exp(0.2 * r.normal())),
  dragging: (r, n) => {
    let level = r.normal();
    return Float64Array.from({ length: n }, () => {
      level = 0.9 * level + Math.sqrt(1 - 0.81) * r.normal();
      return Math.exp(0.2 * level);
    });
  },
  "busy for whiles": (r, n) => {
    let busy = r.next() < 1 / 3;
    return Float64Array.from({ length: n }, () => {
      if (r.next() < (busy ? 0.1 : 0.05)) busy = !busy;
      return (busy ? 1.8 : 1) * Math.exp(0.1 * r.normal());
    });
  },
  // A tenth of the time, for some ten runs.
  "busy now and then": (r, n) => {
    let busy = r.next() < 0.1;
    return Float64Array.from({ length: n }, () => {
      if (r.next() < (busy ? 0.1 : 0.1 / 9)) busy = !busy;
      return (busy ? 3 : 1) * Math.exp(0.1 * r.normal());
    });
  },
  // Single runs, as a garbage collection makes them.
  hiccups: (r, n) => Float64Array.from({ length: n }, () => (r.next() < 0.06 ? 4 : 1) * Math.exp(0.05 * r.normal())),
};

/** Ascending timings of a machine watched for very long. */
function longRun(machine) {
  return remember(machine, () => machines[machine](random(1, "long", machine), 2000000).toSorted());
}

const shares = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** In seconds. */
function settledTime(which, machine) {
  const all = longRun(machine);
  const ms =
    which === "mean" ? remember(`mean ${machine}`, () => meanOf(all)) : all[Math.floor(shares[which] * all.length)];
  return ms / 1000;
}

/** Twelve windows with gaps of 60 runs, as verify times a model. */
function inWindows(draw, r, n) {
  const all = draw(r, n + 12 * 60);
  const windows = Array.from({ length: 12 }, (_, i) => {
    const [from, to] = [i, i + 1].map((at) => Math.floor((n * at) / 12));
    return [...all.subarray(from + i * 60, to + i * 60)];
  });
  return Float64Array.from(windows.flat());
}

/** `row`: as the service's answers are timed, without gaps. */
function timing(which, n, machine, row) {
  return {
    family: `latency, ${which === "mean" ? "mean (blocks, Student's t)" : "quantiles (order statistics on blocks)"}`,
    name: `${which}, n ${n}${row ? " in a row" : ""}, ${machine}`,
    line: lineOf(`${which} latency under 1 s`),
    get truth() {
      return settledTime(which, machine);
    },
    relative: true,
    draw: (r) => measurementsOf({ latencyMs: row ? machines[machine](r, n) : inWindows(machines[machine], r, n) }),
  };
}

function gap(trained, calibrate, seen, unseen) {
  return {
    family: "overfitting gap (Zou–Donner)",
    name: `${trained} at ${seen}, ${calibrate} at ${unseen}`,
    line: lineOf("Overfitting gap at most 50%"),
    truth: seen - unseen,
    draw: (r) =>
      measurementsOf({
        labels: labelsOf(2),
        trained: photographs(r, { n: trained, truth: 0, accuracy: seen, classes: 2 }),
        calibrate: photographs(r, { n: calibrate, truth: 0, accuracy: unseen, classes: 2 }),
      }),
  };
}

/** Rates of rounds, log-normal. */
function rates(n, spread) {
  return {
    family: "throughput (Student's t)",
    name: `${n} rounds, spread ${spread}`,
    line: lineOf("Throughput of at least 1 images per second"),
    truth: Math.exp(spread ** 2 / 2),
    draw: (r) => measurementsOf({ throughput: Float64Array.from({ length: n }, () => Math.exp(spread * r.normal())) }),
  };
}

/** How much more of the deletion curve's area a map takes than chance; on average nothing, in one tail more than in the other. */
function explained(n, shape) {
  return {
    family: "interpretability (Student's t)",
    name: `${n} photographs, gains ${shape > 0 ? "with a long upper tail" : "with a long lower tail"}`,
    line: lineOf("Model interpretability"),
    truth: 0,
    draw: (r) => {
      const gains = Array.from(
        { length: n },
        () => Math.sign(shape) * 0.1 * (gamma(r, Math.abs(shape)) - Math.abs(shape)),
      );
      const scores = gains.map((gain, i) => ({ name: `${i}`, chosen: 0, map: 0.4, random: 0.4 + gain }));
      return measurementsOf({ explanations: { scores } });
    },
  };
}

export const conditions = [
  grouped(100, 0.8, "five", 0.3),
  grouped(300, 0.95, "five", 0.6),
  grouped(300, 0.95, "one to many", 0.3),
  grouped(1000, 0.9, "one to many", 0.9),
  grouped(1500, 0.95, "one to many", 0),
  grouped(500, 0.8, "few large", 0.6),
  grouped(1500, 0.95, "few large", 0.9),
  ...sets.map((set) => balanced(set)),
  balanced(sets[0], "five", 0.5),
  balanced(sets[1], "one to many", 0.5),
  ...sets.map((set) => macroF1(set)),
  macroF1(sets[0], "five", 0.5),
  ...sets.map((set) => worst(set)),
  worst(sets[0], "one to many", 0.3),
  calibration(300, "honest"),
  calibration(1000, "boasting by 0.05"),
  calibration(500, "boasting by 0.15"),
  calibration(2000, "boasting low, modest high"),
  calibration(1000, "boasting by 0.05", "one to many"),
  timing("p50", 295, "quiet"),
  timing("p95", 60, "quiet"),
  ...Object.keys(machines).flatMap((machine) => [
    timing("p95", 118, machine),
    timing("p95", 295, machine),
    timing("p95", 120, machine, "row"),
  ]),
  timing("p99", 598, "dragging"),
  timing("p99", 1495, "dragging"),
  timing("mean", 295, "quiet"),
  timing("mean", 295, "dragging"),
  timing("mean", 295, "busy for whiles"),
  gap(120, 200, 0.97, 0.9),
  gap(120, 600, 0.995, 0.95),
  gap(100, 100, 1, 0.98),
  rates(12, 0.05),
  rates(12, 0.3),
  explained(24, 2),
  explained(24, -2),
];
