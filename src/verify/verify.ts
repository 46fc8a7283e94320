/** The proof: opens the sealed test split, measures the bundle again from its files alone, and judges every line of the spec. */
import { join } from "node:path";
import { stat } from "node:fs/promises";
import type { Finding } from "../audit/index.js";
import { describeMachine, measureLatency } from "../bench/index.js";
import { type Bundle, fileNames, type Provenance } from "../bundle/index.js";
import { checkInterrupted, describeError, Fault, type Progress } from "../core/index.js";
import { type Dataset, findContradictions, type Picture } from "../dataset/index.js";
import type { Spec } from "../spec/index.js";
import { openingAlpha, quantile, quantileUpperBound } from "../statistics/index.js";
import type { Ledger } from "../store/index.js";
import type { Evidence, SplitMetrics } from "./evidence.js";
import { measureExplanations } from "./explanations.js";
import { judge } from "./judge.js";
import { classRows, measureSplit, type Outcome } from "./measure.js";
import type { Measurements } from "./rules.js";

/** The photographs that a bundle is judged on. */
export interface Offered {
  readonly test: readonly Picture[];
  readonly calibrate: readonly Picture[];
  /** Whether `test` are photographs that the run never saw. */
  readonly fresh: boolean;
}

export interface VerifyRequest {
  readonly bundle: Bundle;
  readonly provenance: Provenance;
  readonly spec: Spec;
  readonly dataset: Dataset;
  readonly offered: Offered;
  readonly findings: readonly Finding[];
  readonly ledger: Ledger;
  readonly threads: number;
  readonly now: () => Date;
  readonly notBuiltYet: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Chooses what a data set offers for the proof. Where it holds the run's own test split, that is judged; where it holds none of
 * it, all is taken as fresh test data, and a photograph that the model was trained on is a fault `test-leak`. A part of the
 * split is a fault `images-insufficient`: leaving photographs out is no way to a better verdict. Pictures under two labels are
 * left out as in a run, and a copy in a given test split speaks for its copies elsewhere.
 */
export function offeredPictures(dataset: Dataset, provenance: Provenance): Offered {
  const { train, select, calibrate, test } = provenance.images;
  const contradictions = findContradictions(dataset.pictures);
  const unique = new Map<string, Picture>();
  for (const picture of dataset.pictures) {
    const replaces =
      !unique.has(picture.pixelHash) || (picture.given === "test" && unique.get(picture.pixelHash)!.given !== "test");
    if (!contradictions.has(picture) && replaces) unique.set(picture.pixelHash, picture);
  }
  const within = (hashes: readonly string[]): Picture[] => hashes.flatMap((hash) => unique.get(hash) ?? []);
  const own = within(test);
  const leaked = within([...train, ...select, ...calibrate]);
  const givenAsTest = leaked.filter(({ given }) => given === "test");
  if (givenAsTest.length > 0 || (own.length === 0 && leaked.length > 0))
    throw leak(givenAsTest.length > 0 ? givenAsTest : leaked);
  if (own.length > 0 && own.length < test.length) throw incomplete(own.length, test.length);
  return { test: own.length > 0 ? own : [...unique.values()], calibrate: within(calibrate), fresh: own.length === 0 };
}

function incomplete(found: number, all: number): Fault {
  return new Fault("images-insufficient", {
    what: "a part of the run's test photographs is there",
    expected: `all ${all} of them, or none and fresh ones instead`,
    got: String(found),
    remedy: "give the folder of the run as it was, or one with fresh photographs only",
  });
}

/** Measures and judges. Throws `interrupted`, `images-insufficient` when nothing is offered, `engine-failed`. */
export async function verify(request: VerifyRequest): Promise<Evidence> {
  const { bundle, spec, offered, ledger, findings } = request;
  if (offered.test.length === 0)
    throw new Fault("images-insufficient", {
      what: "there is no photograph to test on",
      expected: "photographs that the model was not trained on",
      got: "none",
      remedy: "add photographs, or give test photographs with `assay verify --data`",
    });
  const { opening, earlier } = await ledger.open(bundle.manifest.bundleHash, offered.test);
  const alpha = openingAlpha(spec.alpha, opening);
  const measured = await measure(request);
  const machine = describeMachine();
  return {
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
    },
    machine,
    requirements: spec.requirements.map((line) => judge(line, measured, { spec: spec.alpha, test: alpha, opening })),
    metrics: summarize(measured, alpha),
    findings: findings.map(({ severity, text, count, examples }) => ({ severity, text, count, examples })),
    notBuiltYet: request.notBuiltYet,
  };
}

async function measure(request: VerifyRequest): Promise<Measurements> {
  const { bundle, provenance, offered, spec } = request;
  const { labels, preprocessing } = bundle.manifest;
  const test = await predictAll("test", offered.test, request);
  const calibrate = await predictAll("calibrate", offered.calibrate, request);
  checkInterrupted(request.signal);
  const modelPath = join(bundle.folder, fileNames.model);
  const runs = spec.requirements.some(({ quantile: wanted }) => wanted === "p99") ? 500 : 250;
  return {
    labels,
    test,
    calibrate,
    trainCounts: provenance.classCounts,
    fresh: offered.fresh,
    latencyMs: (
      await measureLatency(modelPath, { size: preprocessing.size, threads: request.threads, runs })
    ).toSorted(),
    modelSizeBytes: (await stat(modelPath)).size,
    imageCount: provenance.imageCount,
    classCount: provenance.classCount,
    trainingSeconds: provenance.trainingSeconds,
    peakMemoryBytes: provenance.peakMemoryBytes,
    threads: request.threads,
    explanations: await measureExplanations(request),
  };
}

/** Predicts pictures with their true labels; a picture that has become unreadable is a fault, since it was readable in the scan. */
async function predictAll(
  split: string,
  pictures: readonly Picture[],
  request: VerifyRequest,
): Promise<readonly Outcome[]> {
  const { bundle, dataset, progress, signal } = request;
  const index = new Map(bundle.manifest.labels.map((label, i) => [label, i]));
  const paths = pictures.map(({ path }) => join(dataset.root, path));
  const outcomes: Outcome[] = [];
  const unknown = [...new Set(pictures.map(({ label }) => label))].filter((label) => !index.has(label));
  if (unknown.length > 0)
    throw new Fault("images-insufficient", {
      what: `the model knows no class ${unknown.map((label) => JSON.stringify(label)).join(", ")}`,
      expected: `photographs of ${bundle.manifest.labels.length} known classes`,
      remedy: "leave those folders out, or train with them",
    });
  for await (const prediction of bundle.predict(paths)) {
    checkInterrupted(signal);
    if ("error" in prediction)
      throw new Fault("image-unreadable", {
        what: `${prediction.path} changed since the scan`,
        got: describeError(prediction.error),
      });
    const { label, path, pixelHash } = pictures[outcomes.length]!;
    outcomes.push({
      path,
      pixelHash,
      truth: index.get(label)!,
      predicted: index.get(prediction.label)!,
      probabilities: prediction.probabilities,
    });
    progress({ stage: split, done: outcomes.length, total: pictures.length, unit: "images" });
  }
  return outcomes;
}

function summarize(measured: Measurements, alpha: number): Evidence["metrics"] {
  const { latencyMs, labels } = measured;
  const summary = (outcomes: readonly Outcome[]): SplitMetrics | null =>
    outcomes.length === 0 ? null : measureSplit(outcomes, labels.length);
  const upper = quantileUpperBound(latencyMs, 0.95, 0.05);
  return {
    test: summary(measured.test)!,
    calibrate: summary(measured.calibrate),
    classes: classRows(measured.test, labels, measured.trainCounts, alpha),
    latencyMs: {
      p50: quantile(latencyMs, 0.5),
      p95: quantile(latencyMs, 0.95),
      p95Upper: upper,
      mean: latencyMs.reduce((sum, value) => sum + value, 0) / latencyMs.length,
      n: latencyMs.length,
    },
    modelSizeBytes: measured.modelSizeBytes,
    trainingSeconds: measured.trainingSeconds,
    peakMemoryBytes: measured.peakMemoryBytes,
  };
}

function leak(pictures: readonly Picture[]): Fault {
  return new Fault("test-leak", {
    what: `${pictures.length} of the photographs offered as test were used in training`,
    got: pictures
      .slice(0, 3)
      .map(({ path }) => JSON.stringify(path))
      .join(", "),
  });
}
