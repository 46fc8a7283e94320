/** Requirement → verdict: one row of a table for each kind, saying what is measured, its one-sided bounds, and on how many. */
import { formatPercent } from "../core/index.js";
import {
  describeTarget,
  formatValue,
  isFloor,
  type Quantile,
  type Requirement,
  type RequirementKind,
  satisfies,
} from "../spec/index.js";
import {
  clopperPearsonLower,
  clopperPearsonUpper,
  quantile,
  quantileLowerBound,
  quantileUpperBound,
  testImagesNeeded,
} from "../statistics/index.js";
import type { ClassRow, RequirementEvidence, Verdict } from "./evidence.js";
import { bootstrapBounds, meanBounds, type Outcome, rareClasses, worstClassBounds } from "./measure.js";

/** Everything that was measured of a bundle. */
export interface Measurements {
  readonly labels: readonly string[];
  readonly test: readonly Outcome[];
  readonly calibrate: readonly Outcome[];
  readonly classes: readonly ClassRow[];
  /** Sorted milliseconds of single-image runs. */
  readonly latencyMs: Float64Array;
  readonly modelSizeBytes: number;
  readonly imageCount: number;
  readonly classCount: number;
  readonly trainingSeconds: number | null;
  readonly peakMemoryBytes: number | null;
  readonly threads: number;
}

export interface Levels {
  /** The spec's significance level. */
  readonly spec: number;
  /** What this opening of the test photographs may spend of it. */
  readonly test: number;
  /** Which opening it is. */
  readonly opening: number;
}

/** What a kind's row finds out. Bounds are one-sided at `alpha`; an exact measurement has itself as both. */
interface Finding {
  readonly measured: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly n: number | null;
  readonly alpha?: number;
  /** How it was measured, as the start of a sentence. */
  readonly basis: string;
  /** What would decide an open line. */
  readonly decides?: string;
}

type Rule = (measured: Measurements, line: Requirement, levels: Levels) => Finding;

const notMeasured =
  (why: string): Rule =>
  () => ({ measured: null, lower: null, upper: null, n: null, basis: why });

const later = notMeasured("not measured yet: this version of assay has no check for it");

const rules: Readonly<Record<RequirementKind, Rule>> = {
  "image-count": (m) => exact(m.imageCount, "readable labelled photographs found by the scan"),
  "class-count": (m) => exact(m.classCount, "classes found by the scan"),
  accuracy: (m, line, levels) => judgeAccuracy(m, line, levels),
  "balanced-accuracy": (m, _line, { test }) => bootstrap("balancedAccuracy", m, test),
  "macro-f1": (m, _line, { test }) => bootstrap("macroF1", m, test),
  "worst-class-recall": (m, _line, { test }) => worstClass(m, test),
  "rare-class-recall": (m, _line, { test }) => rareClassRecall(m, test),
  "class-recall": (m, line, { test }) => namedClass(m, line, test),
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
  interpretability: later,
  api: later,
  container: later,
  deployment: later,
  documentation: later,
  "not-checkable": notMeasured("no check exists for such a line"),
};

/** Judges one line of the spec. */
export function judge(line: Requirement, measured: Measurements, levels: Levels): RequirementEvidence {
  const finding = rules[line.kind](measured, line, levels);
  const verdict = decide(line, finding);
  return {
    id: line.id,
    text: line.text,
    kind: line.kind,
    role: line.role,
    target: line.target,
    unit: line.unit,
    split: line.judgedOn,
    estimator: line.estimator,
    measured: finding.measured,
    lower: finding.lower,
    upper: finding.upper,
    alpha: finding.alpha ?? levels.spec,
    n: finding.n,
    verdict,
    evidence: explain(line, finding, verdict, levels),
  };
}

/** met when the bound on the unfavorable side reaches the target; not met when the one on the favorable side does not. */
function decide({ kind, target }: Requirement, { measured, lower, upper }: Finding): Verdict {
  if (kind === "not-checkable") return "not checkable";
  if (measured === null || target === null) return "unproven";
  const [unfavorable, favorable] = isFloor(target.comparison) ? [lower, upper] : [upper, lower];
  if (unfavorable !== null && satisfies(unfavorable, target)) return "met";
  if (favorable !== null && !satisfies(favorable, target)) return "not met";
  return "unproven";
}

function explain(line: Requirement, finding: Finding, verdict: Verdict, levels: Levels): string {
  if (line.kind === "not-checkable")
    return line.nearest
      ? `No check exists for such a line; the nearest that has one: “${line.nearest}”.`
      : sentence(finding.basis);
  const parts = [finding.basis];
  if (finding.measured !== null && line.target === null) parts.push("the line gives no target to prove");
  if (verdict === "unproven" && finding.measured !== null && line.target !== null)
    parts.push(finding.decides ?? `the bounds ${boundsText(line, finding)} do not decide ${describeTarget(line)}`);
  if (levels.opening > 1 && line.judgedOn === "test" && finding.measured !== null)
    parts.push(
      `reused test: opening ${levels.opening} of these photographs, judged at ${levels.test.toPrecision(2)}; fresh photographs would restore the full level`,
    );
  return sentence(parts.join("; "));
}

function boundsText(line: Requirement, { lower, upper }: Finding): string {
  const show = (value: number | null): string => (value === null ? "unknown" : formatValue(value, line.unit));
  return `${show(lower)} to ${show(upper)}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

function exact(value: number, basis: string): Finding {
  return { measured: value, lower: value, upper: value, n: null, basis };
}

function recorded(value: number | null, basis: string): Finding {
  if (value === null) return { measured: null, lower: null, upper: null, n: null, basis: `${basis}: not recorded` };
  return { ...exact(value, `${basis}, as recorded by the run`) };
}

function judgeAccuracy(m: Measurements, line: Requirement, levels: Levels): Finding {
  const onTest = line.judgedOn === "test";
  const outcomes = onTest ? m.test : m.calibrate;
  const alpha = onTest ? levels.test : levels.spec;
  const where = onTest ? "the sealed test split" : "calibrate, the half of validation that nothing trained on";
  const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
  const finding = proportion(
    right,
    outcomes.length,
    alpha,
    `${right} of ${outcomes.length} photographs of ${where} are right`,
  );
  return { ...finding, ...decidingImages(line, finding, alpha) };
}

/** How many photographs would decide an accuracy line at the observed rate. */
function decidingImages(line: Requirement, { measured, n }: Finding, alpha: number): { decides?: string } {
  if (measured === null || n === null || line.target === null) return {};
  const target = line.target.value;
  const needed = testImagesNeeded({ rate: measured, target, alpha, power: 0.8 });
  if (needed === null)
    return {
      decides: `at the observed rate of ${formatPercent(measured)} no number of photographs would prove ${describeTarget(line)}: a better model would`,
    };
  return {
    decides: `about ${needed.toLocaleString("en-US")} such photographs would prove it with 80 % power at the observed rate, ${n.toLocaleString("en-US")} are there`,
  };
}

function proportion(right: number, n: number, alpha: number, basis: string): Finding {
  if (n === 0)
    return { measured: null, lower: null, upper: null, n: 0, alpha, basis: "there is no photograph to judge it on" };
  return {
    measured: right / n,
    lower: clopperPearsonLower(right, n, alpha),
    upper: clopperPearsonUpper(right, n, alpha),
    n,
    alpha,
    basis: `${basis}; exact Clopper–Pearson bounds`,
  };
}

function bootstrap(metric: "balancedAccuracy" | "macroF1", m: Measurements, alpha: number): Finding {
  const { estimate, lower, upper } = bootstrapBounds(metric, m.test, m.labels.length, alpha);
  return {
    measured: estimate,
    lower,
    upper,
    n: m.test.length,
    alpha,
    basis: "stratified bootstrap bounds, approximate",
  };
}

function worstClass(m: Measurements, alpha: number): Finding {
  const empty = m.classes.filter(({ testCount }) => testCount === 0);
  if (empty.length > 0)
    return {
      measured: null,
      lower: null,
      upper: null,
      n: m.test.length,
      alpha,
      basis: `${empty.map(({ label }) => JSON.stringify(label)).join(", ")} has no test photograph`,
    };
  const { worst, lower, upper } = worstClassBounds(m.classes, alpha);
  return {
    measured: worst.recall,
    lower,
    upper,
    n: worst.testCount,
    alpha,
    basis: `the worst class is ${JSON.stringify(worst.label)} with ${worst.testCorrect} of ${worst.testCount}; every class must clear the target (intersection–union)`,
    decides: `at least one class has too few test photographs for its bound, ${formatPercent(lower)}, to clear the target`,
  };
}

function rareClassRecall(m: Measurements, alpha: number): Finding {
  const rare = rareClasses(m.classes);
  const names = rare.map(({ label }) => JSON.stringify(label)).join(", ");
  if (rare.length === 0)
    return { measured: null, lower: null, upper: null, n: 0, alpha, basis: "no class is under half the mean size" };
  const right = rare.reduce((sum, { testCorrect }) => sum + testCorrect, 0);
  const n = rare.reduce((sum, { testCount }) => sum + testCount, 0);
  return proportion(
    right,
    n,
    alpha,
    `${right} of ${n} photographs of the classes under half the mean size (${names}) are right`,
  );
}

function namedClass(m: Measurements, line: Requirement, alpha: number): Finding {
  const wanted = (line.className ?? "").normalize("NFC").toLowerCase();
  const row = m.classes.find(({ label }) => label.toLowerCase() === wanted);
  if (!row)
    return {
      measured: null,
      lower: null,
      upper: null,
      n: 0,
      alpha,
      basis: `there is no class ${JSON.stringify(line.className ?? "")}`,
    };
  return proportion(
    row.testCorrect,
    row.testCount,
    alpha,
    `${row.testCorrect} of ${row.testCount} test photographs of ${JSON.stringify(row.label)} are right`,
  );
}

const quantiles: Readonly<Record<Exclude<Quantile, "mean">, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

function latency({ latencyMs, threads }: Measurements, which: Quantile, alpha: number): Finding {
  const n = latencyMs.length;
  const basis = `the ${which} of ${n} single-image runs of the model on ${threads} threads of this machine, without decoding`;
  if (which === "mean") {
    const { estimate, lower, upper } = meanBounds(latencyMs, alpha);
    return {
      measured: estimate / 1000,
      lower: lower / 1000,
      upper: upper / 1000,
      n,
      basis: `${basis}; bootstrap bounds, approximate`,
    };
  }
  const q = quantiles[which];
  const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return {
    measured: quantile(latencyMs, q) / 1000,
    lower: inSeconds(quantileLowerBound(latencyMs, q, alpha)),
    upper: inSeconds(quantileUpperBound(latencyMs, q, alpha)),
    n,
    basis: `${basis}; bounds by order statistics`,
  };
}
