/** The proof: opens the sealed test split, measures the bundle again from its files alone, and judges every line of the spec. */
import type { Finding } from "../audit/index.js";
import { describeMachine } from "../bench/index.js";
import { Fault } from "../core/index.js";
import { openingAlpha, quantile, seriesQuantile } from "../statistics/index.js";
import type { Ledger } from "../store/index.js";
import type { Evidence, ServiceMetrics, SplitMetrics } from "./evidence.js";
import type { Measurements, ServiceCheck } from "./finding.js";
import { judge } from "./judge.js";
import { classRows, measureSplit, type Outcome } from "./measure.js";
import { checkClasses, measure, type MeasureRequest } from "./measurements.js";

export interface VerifyRequest extends MeasureRequest {
  /** Of the audit; null where there was none. */
  readonly findings: readonly Finding[] | null;
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly notBuiltYet: readonly string[];
}

/** The verdicts, and what the bundle said of each photograph. */
export interface Proof {
  readonly evidence: Evidence;
  readonly outcomes: Pick<Measurements, "test" | "calibrate">;
}

/** Measures and judges. Throws `interrupted`, `images-insufficient` when nothing is offered, `engine-failed`. */
export async function verify(request: VerifyRequest): Promise<Proof> {
  const { bundle, spec, offered, ledger, findings } = request;
  if (offered.test.length === 0)
    throw new Fault("images-insufficient", {
      what: "there is no photograph to test on",
      expected: "photographs that the model was not trained on",
      got: "none",
      remedy: "add photographs, or give test photographs with `assay verify --data`",
    });
  // Before anything is opened: what cannot be judged spends no opening.
  for (const pictures of [offered.test, offered.calibrate]) checkClasses(pictures, bundle.manifest.labels);
  const { opening, earlier, spentAt } = await ledger.open(bundle.manifest.bundleHash, offered.test);
  const alpha = openingAlpha(spec.alpha, opening);
  const measured = await measure(request);
  const levels = { spec: spec.alpha, test: alpha, opening, spentAt };
  const lines = spec.requirements;
  const evidence: Evidence = {
    schema: 1,
    run: {
      finishedAt: request.now().toISOString(),
      images: request.dataset.root,
      specSource: spec.source,
      specHash: spec.hash,
      bundleHash: bundle.manifest.bundleHash,
      seed: request.provenance.seed,
      testOpening: opening,
      testAlpha: alpha,
      earlierOpenings: earlier.map(({ at, bundleHash }) => ({ at, bundleHash })),
      testSpentAt: spentAt,
    },
    machine: describeMachine(bundle.placed.device),
    requirements: lines.map((line) => judge(line, measured, levels, lines)),
    metrics: summarize(measured, alpha),
    ...(findings === null
      ? {}
      : { findings: findings.map(({ severity, text, count, examples }) => ({ severity, text, count, examples })) }),
    notBuiltYet: request.notBuiltYet,
  };
  return { evidence, outcomes: measured };
}

function summarize(measured: Measurements, alpha: number): Evidence["metrics"] {
  const { latencyMs, labels } = measured;
  const summary = (outcomes: readonly Outcome[]): SplitMetrics | null =>
    outcomes.length === 0 ? null : measureSplit(outcomes, labels.length);
  const service = summarizeService(measured.service);
  return {
    test: summary(measured.test)!,
    calibrate: summary(measured.calibrate),
    classes: classRows(measured.test, labels, measured.trainCounts, alpha),
    latencyMs: summarizeTimes(latencyMs),
    modelSizeBytes: measured.modelSizeBytes,
    trainingSeconds: measured.trainingSeconds,
    peakMemoryBytes: measured.peakMemoryBytes,
    ...(service === null ? {} : { service }),
  };
}

function summarizeTimes(latencyMs: Float64Array): Evidence["metrics"]["latencyMs"] {
  const sorted = latencyMs.toSorted();
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p95Upper: seriesQuantile(latencyMs, 0.95, 0.05).upper,
    mean: latencyMs.reduce((sum, value) => sum + value, 0) / latencyMs.length,
    n: latencyMs.length,
  };
}

function summarizeService(service: ServiceCheck): ServiceMetrics | null {
  if (!("n" in service)) return null;
  const { n, differing, largestDifference, latencyMs } = service;
  return { n, differing, largestDifference, latencyMs: latencyMs.length === 0 ? null : summarizeTimes(latencyMs) };
}
