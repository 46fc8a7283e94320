/** The rules of the verdicts: what is measured for each kind of requirement, its one-sided bounds, and on how many. */
import { formatCount, formatPercent, quoteName } from "../core/index.js";
import {
  describeTarget,
  isFloor,
  type Quantile,
  type Requirement,
  type RequirementKind,
  type Target,
} from "../spec/index.js";
import {
  clopperPearsonLower,
  clopperPearsonUpper,
  quantile,
  quantileLowerBound,
  quantileUpperBound,
  studentInterval,
  testImagesNeeded,
} from "../statistics/index.js";
import type { ClassRow } from "./evidence.js";
import type { ExplanationMeasurement } from "./explanations.js";
import {
  bootstrapBounds,
  type BootstrappedMetric,
  classRows,
  meanBounds,
  type Outcome,
  rareClasses,
  worstClassBounds,
} from "./measure.js";

/** Everything that was measured of a bundle. */
export interface Measurements {
  readonly labels: readonly string[];
  /** Training photographs by class. */
  readonly trainCounts: Readonly<Record<string, number>>;
  readonly test: readonly Outcome[];
  /** Whether those are photographs that the run never saw, not its sealed test split. */
  readonly fresh: boolean;
  readonly calibrate: readonly Outcome[];
  /** Sorted milliseconds of single-image runs. */
  readonly latencyMs: Float64Array;
  readonly modelSizeBytes: number;
  readonly imageCount: number;
  readonly classCount: number;
  readonly trainingSeconds: number | null;
  readonly peakMemoryBytes: number | null;
  readonly threads: number;
  /** Null where no line asks for it. */
  readonly explanations: ExplanationMeasurement | null;
}

export interface Levels {
  /** The spec's significance level. */
  readonly spec: number;
  /** What this opening of the test photographs may spend of it. */
  readonly test: number;
  /** Which opening it is. */
  readonly opening: number;
}

/** What a rule finds out. Bounds are one-sided at `alpha`; an exact measurement has itself as both. */
export interface Finding {
  readonly measured: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly n: number | null;
  /** The spec's own level where it is not given. */
  readonly alpha?: number;
  /** How it was measured, as the start of a sentence. */
  readonly basis: string;
  /** What the kind is judged against where its lines take no number. */
  readonly target?: Target;
  /** What would decide an open line. */
  readonly decides?: string;
}

export type Rule = (measured: Measurements, line: Requirement, levels: Levels) => Finding;

const later = unmeasured("not measured yet: this version of assay has no check for it");

export const rules: Readonly<Record<RequirementKind, Rule>> = {
  "image-count": (m) => exact(m.imageCount, "readable labelled photographs found by the scan"),
  "class-count": (m) => exact(m.classCount, "classes found by the scan"),
  accuracy: onSplit(accuracy),
  "balanced-accuracy": onSplit((split) => bootstrapped("balancedAccuracy", split)),
  "macro-f1": onSplit((split) => bootstrapped("macroF1", split)),
  "worst-class-recall": onSplit(worstClassRecall),
  "rare-class-recall": onSplit(rareClassRecall),
  "class-recall": onSplit(namedClassRecall),
  latency: (m, line, { spec }) => latency(m, line.quantile ?? "p95", spec),
  "model-size": (m) => exact(m.modelSizeBytes, "size of model.onnx"),
  "peak-memory": (m) => recorded(m.peakMemoryBytes, "peak resident memory of the training process"),
  "training-time": (m) => recorded(m.trainingSeconds, "seconds from the first feature to the calibrated head"),
  "http-latency": later,
  throughput: later,
  device: later,
  "device-memory": later,
  "overfitting-gap": later,
  "calibration-error": later,
  interpretability: (m, _line, { test }) => interpretability(m, test),
  api: later,
  container: later,
  deployment: later,
  documentation: later,
  "not-checkable": unmeasured("no check exists for such a line"),
};

/** The photographs that a line is judged on, and the level that it may spend. */
interface JudgedSplit {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  readonly classes: readonly ClassRow[];
  readonly alpha: number;
}

/** A rule that looks at the split the line names: test at the level of this opening, calibrate at the spec's own. */
function onSplit(rule: (split: JudgedSplit, line: Requirement) => Finding): Rule {
  return (m, line, levels) => {
    const onTest = line.judgedOn === "test";
    const outcomes = onTest ? m.test : m.calibrate;
    const alpha = onTest ? levels.test : levels.spec;
    const test = m.fresh ? "the fresh photographs" : "the sealed test split";
    const name = onTest ? test : "calibrate, the half of validation that nothing trained on";
    if (outcomes.length === 0) return unknown(`there is no photograph in ${name}`, alpha);
    return rule({ name, outcomes, classes: classRows(outcomes, m.labels, m.trainCounts, alpha), alpha }, line);
  };
}

function unmeasured(why: string): Rule {
  return () => ({ measured: null, lower: null, upper: null, n: null, basis: why });
}

function unknown(basis: string, alpha: number): Finding {
  return { measured: null, lower: null, upper: null, n: 0, alpha, basis };
}

function exact(value: number, basis: string): Finding {
  return { measured: value, lower: value, upper: value, n: null, basis };
}

function recorded(value: number | null, basis: string): Finding {
  if (value === null) return { measured: null, lower: null, upper: null, n: null, basis: `${basis}: not recorded` };
  return exact(value, `${basis}, as recorded by the run`);
}

/** A share of photographs, with exact bounds, and how many photographs would decide an open line. */
function proportion(right: number, n: number, alpha: number, what: string, line: Requirement): Finding {
  if (n === 0) return unknown(`there is no ${what}`, alpha);
  return {
    measured: right / n,
    lower: clopperPearsonLower(right, n, alpha),
    upper: clopperPearsonUpper(right, n, alpha),
    n,
    alpha,
    basis: `${formatCount(right)} of ${formatCount(n)} ${what} are right; exact Clopper–Pearson bounds`,
    ...decidingImages(line, right / n, n, alpha),
  };
}

function decidingImages(line: Requirement, rate: number, n: number, alpha: number): { decides?: string } {
  if (line.target === null || !isFloor(line.target.comparison)) return {};
  const needed = testImagesNeeded({ rate, target: line.target.value, alpha, power: 0.8 });
  if (needed === null)
    return {
      decides: `at the observed rate of ${formatPercent(rate)} no number of photographs would prove ${describeTarget(line)}: a better model would`,
    };
  return {
    decides: `about ${formatCount(needed)} such photographs would prove it with 80 % power at the observed rate, ${formatCount(n)} are there`,
  };
}

function accuracy({ outcomes, alpha, name }: JudgedSplit, line: Requirement): Finding {
  const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
  return proportion(right, outcomes.length, alpha, `photographs of ${name}`, line);
}

function bootstrapped(metric: BootstrappedMetric, { outcomes, classes, alpha, name }: JudgedSplit): Finding {
  const empty = classes.filter(({ testCount }) => testCount === 0);
  if (empty.length > 0) return unknown(`${listNames(empty)} has no photograph in ${name}`, alpha);
  const { estimate, lower, upper } = bootstrapBounds(metric, outcomes, classes.length, alpha);
  const basis = `stratified bootstrap bounds on ${name}, approximate`;
  return { measured: estimate, lower, upper, n: outcomes.length, alpha, basis };
}

function worstClassRecall({ classes, alpha, name }: JudgedSplit): Finding {
  const empty = classes.filter(({ testCount }) => testCount === 0);
  if (empty.length > 0) return unknown(`${listNames(empty)} has no photograph in ${name}`, alpha);
  const { worst, lower, upper } = worstClassBounds(classes, alpha);
  return {
    measured: worst.recall,
    lower,
    upper,
    n: worst.testCount,
    alpha,
    basis: `the worst class is ${quoteName(worst.label)} with ${worst.testCorrect} of ${worst.testCount}; every class must clear the target (intersection–union)`,
    decides: `some class has too few photographs for its bound, ${formatPercent(lower)}, to clear the target`,
  };
}

function rareClassRecall({ classes, alpha }: JudgedSplit, line: Requirement): Finding {
  const rare = rareClasses(classes);
  if (rare.length === 0) return unknown("no class is under half the mean size", alpha);
  const right = rare.reduce((sum, { testCorrect }) => sum + testCorrect, 0);
  const n = rare.reduce((sum, { testCount }) => sum + testCount, 0);
  return proportion(right, n, alpha, `photographs of the classes under half the mean size (${listNames(rare)})`, line);
}

function namedClassRecall({ classes, alpha }: JudgedSplit, line: Requirement): Finding {
  const wanted = (line.className ?? "").normalize("NFC").toLowerCase();
  const row = classes.find(({ label }) => label.toLowerCase() === wanted);
  if (!row) return unknown(`there is no class ${quoteName(line.className ?? "")}`, alpha);
  return proportion(row.testCorrect, row.testCount, alpha, `photographs of ${quoteName(row.label)}`, line);
}

function listNames(rows: readonly ClassRow[]): string {
  return rows.map(({ label }) => quoteName(label)).join(", ");
}

const quantiles: Readonly<Record<Exclude<Quantile, "mean">, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

function latency({ latencyMs, threads }: Measurements, which: Quantile, alpha: number): Finding {
  const n = latencyMs.length;
  const runs = `of ${n} single-image runs of the model on ${threads} threads of this machine, without decoding`;
  const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  if (which === "mean") {
    const { estimate, lower, upper } = meanBounds(latencyMs, alpha);
    const basis = `the mean ${runs}; bootstrap bounds, approximate`;
    return { measured: estimate / 1000, lower: lower / 1000, upper: upper / 1000, n, basis };
  }
  return {
    measured: quantile(latencyMs, quantiles[which]) / 1000,
    lower: inSeconds(quantileLowerBound(latencyMs, quantiles[which], alpha)),
    upper: inSeconds(quantileUpperBound(latencyMs, quantiles[which], alpha)),
    n,
    basis: `the ${which} ${runs}; bounds by order statistics`,
  };
}

/** Random order's mean area under the deletion curve less the map's: above 0, the maps find what the model looks at. */
function interpretability({ explanations, fresh }: Measurements, alpha: number): Finding {
  if (explanations === null) return unknown("no photograph was explained", alpha);
  if ("refused" in explanations) return unknown(`not measured: ${explanations.refused}`, alpha);
  const gains = explanations.scores.map(({ map, random }) => random - map);
  const n = gains.length;
  if (n < 2) return unknown("one photograph cannot show it: at least two test photographs would", alpha);
  const { estimate, lower, upper } = studentInterval(gains, alpha);
  const by = (of: "map" | "random"): string =>
    (explanations.scores.reduce((sum, score) => sum + score[of], 0) / n).toFixed(3);
  const where = fresh ? "the fresh photographs" : "the sealed test split";
  return {
    measured: estimate,
    lower,
    upper,
    n,
    alpha,
    target: { comparison: ">", value: 0 },
    basis: `class activation maps, exact for this model: the answer's probability falls faster when their hottest places are deleted first, mean area ${by("map")} against ${by("random")} in random order, on a fixed sample of ${n} photographs of ${where}; the difference must be above 0; Student's bounds, approximate`,
    decides: "more test photographs would decide",
  };
}
