/** Composes a run from the modules, in order, with every step in the trace. No decisions of its own. */
import { access, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { auditDataset, type Finding } from "./audit/index.js";
import { type Backbone, loadBackbone } from "./backbone/index.js";
import { describeMachine, peakMemoryBytes } from "./bench/index.js";
import { openBundle, readProvenance, writeBundle } from "./bundle/index.js";
import { fitTemperature } from "./calibrate/index.js";
import { checkInterrupted, describeError, Fault, formatPercent, formatSeconds, type Progress, random } from "./core/index.js";
import {
  countSplits,
  type Dataset,
  formatSplits,
  type Picture,
  scan,
  splitDataset,
  type SplitName,
  type SplitRow,
} from "./dataset/index.js";
import { type Extraction, extractFeatures } from "./features/index.js";
import { argmaxRows } from "./metrics/index.js";
import { renderReport } from "./report/index.js";
import { readSpec, type Spec } from "./spec/index.js";
import { openLedger, openRunFolder, type RunFolder, writeFileAtomic, writeJson } from "./store/index.js";
import { openTrace, type Trace, type TraceEvent } from "./trace/index.js";
import { applyHead, fitHead, type HeadFit } from "./train/index.js";
import { type Evidence, offeredPictures, verify } from "./verify/index.js";

/** What stands outside a run and is handed in: folders, time, the person watching. */
export interface Surroundings {
  readonly cacheFolder: string;
  readonly stateFolder: string;
  readonly threads: number;
  readonly now: () => Date;
  readonly progress: Progress;
  readonly listen: (event: TraceEvent) => void;
  readonly signal: AbortSignal;
}

export interface RunRequest {
  readonly images: string;
  readonly spec: string;
  readonly out: string;
  readonly exclude: readonly string[];
  readonly seed: number;
  readonly resume: boolean;
}

export interface RunResult {
  readonly folder: string;
  readonly evidence: Evidence;
}

export const backboneName = "efficientnet-lite0";

/** What the design promises and this version does not do yet; said in every report. */
export const notBuiltYet: readonly string[] = [
  "several views, resize modes and resolutions measured against each other",
  "other backbones, features of two side by side, fine-tuning",
  "refit on train and select, decision bias for rare classes",
  "the plan, the loop and its budget",
  "int8 quantization",
  "the HTTP service, the container, explanations",
];

/** From a folder of photographs and a spec to a verdict for each line. Throws faults; whatever is finished stays for --resume. */
export async function run(request: RunRequest, around: Surroundings): Promise<RunResult> {
  const spec = await readSpec(request.spec);
  const identity = {
    images: resolve(request.images),
    spec: spec.hash,
    exclude: request.exclude.toSorted(),
    seed: request.seed,
  };
  const folder = await openRunFolder(resolve(request.out), identity, request.resume);
  try {
    const trace = openTrace(folder.file("trace.jsonl"), around.now, around.listen);
    const data = await gatherData(folder, spec, request, around, trace).catch(async (error: unknown) => {
      await folder.discard(); // nothing was learned yet: the same command may be given again
      throw error;
    });
    return await learnAndProve(folder, spec, data, request, around, trace).catch((error: unknown) => {
      trace.add("fault", "run", describeError(error));
      throw error;
    });
  } finally {
    await folder.close();
  }
}

/** Judges a bundle again, on the run's own photographs or on fresh ones. Throws as `verify` does. */
export async function verifyBundle(
  bundleFolder: string,
  specPath: string,
  images: string,
  around: Surroundings,
): Promise<Evidence> {
  const spec = await readSpec(specPath);
  const dataset = await scan(images, { ...around, cachePath: join(around.cacheFolder, "scans") });
  return proveBundle(bundleFolder, spec, dataset, [], around, openTrace(null, around.now, around.listen));
}

interface RunData {
  readonly dataset: Dataset;
  readonly rows: readonly SplitRow[];
  readonly findings: readonly Finding[];
}

/** Scan, split and audit. Throws `images-insufficient` where no photograph is left for training or for the proof. */
async function gatherData(
  folder: RunFolder,
  spec: Spec,
  request: RunRequest,
  around: Surroundings,
  trace: Trace,
): Promise<RunData> {
  const dataset = await scanImages(request, around, trace);
  const rows = splitDataset(dataset, { seed: request.seed });
  requirePhotographs(rows);
  const audit = auditDataset(dataset, rows);
  trace.add("observation", "split", describeSplit(rows), countSplits(rows));
  for (const finding of audit.findings)
    trace.add("observation", "audit", finding.text, { id: finding.id, count: finding.count });
  await writeJson(folder.file("spec.json"), spec);
  await writeJson(folder.file("audit.json"), audit);
  await writeFileAtomic(folder.file("splits.csv"), formatSplits(rows));
  return { dataset, rows, findings: audit.findings };
}

function requirePhotographs(rows: readonly SplitRow[]): void {
  const counts = countSplits(rows);
  const learned = new Set(rows.filter(({ split }) => split === "train").map(({ label }) => label));
  if (learned.size >= 2 && counts.test > 0) return;
  throw new Fault("images-insufficient", {
    what: "there are too few photographs to learn from and to test on",
    expected: "at least two classes with four different photographs each",
    got: `${counts.train} to train on, of ${learned.size} classes, and ${counts.test} to test on`,
  });
}

async function learnAndProve(
  folder: RunFolder,
  spec: Spec,
  { dataset, rows, findings }: RunData,
  request: RunRequest,
  around: Surroundings,
  trace: Trace,
): Promise<RunResult> {
  const bundleFolder = folder.file("bundle");
  if (await exists(join(bundleFolder, "assay.json")))
    trace.add("decision", "train", "the bundle of this run is there already");
  else await trainBundle(bundleFolder, dataset, rows, request, around, trace);
  const evidence = await proveBundle(bundleFolder, spec, dataset, findings, around, trace);
  await writeJson(folder.file("evidence.json"), evidence);
  await writeFileAtomic(folder.file("report.html"), renderReport(evidence, { trace: trace.events }));
  return { folder: folder.path, evidence };
}

async function scanImages(request: RunRequest, around: Surroundings, trace: Trace): Promise<Dataset> {
  trace.add("action", "scan", `scan ${request.images}`, { exclude: request.exclude });
  const start = performance.now();
  const dataset = await scan(request.images, {
    exclude: request.exclude,
    cachePath: join(around.cacheFolder, "scans"),
    threads: around.threads,
    signal: around.signal,
    progress: around.progress,
  });
  const seconds = (performance.now() - start) / 1000;
  const { pictures, classes, broken } = dataset;
  trace.add(
    "observation",
    "scan",
    `${pictures.length} readable photographs of ${classes.length} classes, ${broken.length} broken, in ${formatSeconds(seconds)}`,
    { pictures: pictures.length, classes: classes.length, broken: broken.length, seconds },
  );
  return dataset;
}

type Learnable = Exclude<SplitName, "test" | "excluded">;

/** One photograph for each different picture of a split: copies teach nothing new. */
function picturesOf(dataset: Dataset, rows: readonly SplitRow[], split: SplitName): Picture[] {
  const chosen = dataset.pictures.filter((_, i) => rows[i]!.split === split);
  return [...new Map(chosen.toReversed().map((picture) => [picture.pixelHash, picture])).values()].toReversed();
}

async function trainBundle(
  bundleFolder: string,
  dataset: Dataset,
  rows: readonly SplitRow[],
  request: RunRequest,
  around: Surroundings,
  trace: Trace,
): Promise<void> {
  const backbone = await loadBackbone(backboneName);
  const { view } = backbone.row;
  const splits: Record<Learnable, Picture[]> = {
    train: picturesOf(dataset, rows, "train"),
    select: picturesOf(dataset, rows, "select"),
    calibrate: picturesOf(dataset, rows, "calibrate"),
  };
  const features = await extractAll(splits, dataset, backbone, around, trace);
  checkInterrupted(around.signal);
  const start = performance.now();
  const { classes: labels } = dataset;
  const fit = await fitOnTrain(features, splits, rows, dataset, request, around, trace);
  const selectAccuracy = measureOn("select", features, splits, labels, fit, trace);
  const logits = applyHead(fit.head, features.calibrate);
  const calibration = fitTemperature(logits, labelIndices(splits.calibrate, labels), labels.length);
  trace.add("observation", "calibrate", `temperature ${calibration.temperature.toFixed(3)}`, { ...calibration });
  const trainingSeconds = features.seconds + (performance.now() - start) / 1000;
  const manifest = await writeBundle(bundleFolder, {
    backbone,
    view,
    head: fit.head,
    temperature: calibration.temperature,
    labels,
    calibrationImages: splits.calibrate.length,
    goldenPhotographs: await pickGolden(splits.train, dataset.root, request.seed),
    provenance: {
      images: { ...hashes(splits), test: picturesOf(dataset, rows, "test").map(({ pixelHash }) => pixelHash) },
      classCounts: countClasses(splits.train, labels),
      seed: request.seed,
      strength: fit.head.strength,
      outOfFoldAccuracy: accuracyOf(fit.outOfFold, labelIndices(splits.train, labels), labels.length),
      selectAccuracy,
      trainingSeconds,
      peakMemoryBytes: peakMemoryBytes(),
      machine: describeMachine(),
    },
  });
  trace.add("observation", "bundle", `bundle ${manifest.bundleHash.slice(0, 12)} written`, {
    bundleHash: manifest.bundleHash,
    trainingSeconds,
  });
}

type SplitFeatures = Readonly<Record<Learnable, Extraction["features"]>> & { readonly seconds: number };

async function extractAll(
  splits: Readonly<Record<Learnable, readonly Picture[]>>,
  dataset: Dataset,
  backbone: Backbone,
  around: Surroundings,
  trace: Trace,
): Promise<SplitFeatures> {
  const { view } = backbone.row;
  const all = [...splits.train, ...splits.select, ...splits.calibrate];
  trace.add("action", "features", `features of ${all.length} photographs by ${backbone.row.name}`, { view });
  const start = performance.now();
  const { features, cached, seconds } = await extractFeatures(all, { root: dataset.root, backbone, view, ...around });
  const spent = (performance.now() - start) / 1000;
  trace.add(
    "observation",
    "features",
    `${all.length - cached} computed, ${cached} from the cache, in ${formatSeconds(spent)}`,
    {
      computed: all.length - cached,
      cached,
      seconds: spent,
      secondsOfAll: seconds,
    },
  );
  let row = 0;
  const take = (count: number): Extraction["features"] => {
    const data = features.data.subarray(row * features.width, (row + count) * features.width);
    row += count;
    return { rows: count, width: features.width, data };
  };
  return {
    train: take(splits.train.length),
    select: take(splits.select.length),
    calibrate: take(splits.calibrate.length),
    seconds,
  };
}

async function fitOnTrain(
  features: SplitFeatures,
  splits: Readonly<Record<Learnable, readonly Picture[]>>,
  rows: readonly SplitRow[],
  dataset: Dataset,
  request: RunRequest,
  around: Surroundings,
  trace: Trace,
): Promise<HeadFit> {
  const groups = new Map(rows.map((row) => [row.path, row.group]));
  trace.add("action", "head", `linear head on ${splits.train.length} photographs, strength by cross-validation`);
  const fit = await fitHead({
    features: features.train,
    labels: labelIndices(splits.train, dataset.classes),
    classes: dataset.classes.length,
    groups: splits.train.map(({ path }) => groups.get(path)!),
    seed: request.seed,
    threads: around.threads,
    progress: around.progress,
    signal: around.signal,
  });
  const chosen = fit.candidates.find(({ strength }) => strength === fit.head.strength);
  trace.add(
    "observation",
    "head",
    `strength ${fit.head.strength.toExponential(1)}: out-of-fold accuracy ${chosen ? formatPercent(chosen.accuracy) : "unknown"}, in ${formatSeconds(fit.seconds)}`,
    { candidates: fit.candidates, strength: fit.head.strength, seconds: fit.seconds },
  );
  return fit;
}

function measureOn(
  split: "select",
  features: SplitFeatures,
  splits: Readonly<Record<Learnable, readonly Picture[]>>,
  labels: readonly string[],
  fit: HeadFit,
  trace: Trace,
): number {
  const accuracy = accuracyOf(applyHead(fit.head, features[split]), labelIndices(splits[split], labels), labels.length);
  trace.add(
    "observation",
    "head",
    `accuracy ${formatPercent(accuracy)} on ${splits[split].length} photographs of ${split}`,
    {
      accuracy,
      images: splits[split].length,
    },
  );
  return accuracy;
}

async function proveBundle(
  bundleFolder: string,
  spec: Spec,
  dataset: Dataset,
  findings: readonly Finding[],
  around: Surroundings,
  trace: Trace,
): Promise<Evidence> {
  trace.add("action", "verify", "open the sealed test split");
  const bundle = await openBundle(bundleFolder, around.threads);
  try {
    const provenance = await readProvenance(bundleFolder);
    const evidence = await verify({
      bundle,
      provenance,
      spec,
      dataset,
      offered: offeredPictures(dataset, provenance),
      findings,
      ledger: openLedger(join(around.stateFolder, "ledger"), around.now),
      notBuiltYet,
      ...around,
    });
    const { test } = evidence.metrics;
    trace.add("observation", "verify", `accuracy ${formatPercent(test.accuracy)} on ${test.n} photographs of test`, {
      verdicts: Object.fromEntries(evidence.requirements.map(({ id, verdict }) => [id, verdict])),
      opening: evidence.run.testOpening,
      accuracy: test.accuracy,
      interval: test.accuracyInterval,
    });
    return evidence;
  } finally {
    await bundle.close();
  }
}

/** A few photographs of train, of different classes where there are. */
async function pickGolden(train: readonly Picture[], root: string, seed: number): Promise<Uint8Array[]> {
  const shuffled = random(seed, "golden").shuffle(train);
  const byClass = [...new Map(shuffled.map((picture) => [picture.label, picture])).values()];
  return Promise.all(byClass.slice(0, 4).map(({ path }) => readFile(join(root, path))));
}

/** Share of rows of logits [n, classes] whose largest is the label's. */
function accuracyOf(logits: Float32Array, labels: Int32Array, classes: number): number {
  const right = argmaxRows(logits, classes).filter((predicted, row) => predicted === labels[row]).length;
  return right / labels.length;
}

function labelIndices(pictures: readonly Picture[], labels: readonly string[]): Int32Array {
  const index = new Map(labels.map((label, i) => [label, i]));
  return Int32Array.from(pictures, ({ label }) => index.get(label)!);
}

function hashes(splits: Readonly<Record<Learnable, readonly Picture[]>>): Record<Learnable, string[]> {
  const of = (split: Learnable): string[] => splits[split].map(({ pixelHash }) => pixelHash);
  return { train: of("train"), select: of("select"), calibrate: of("calibrate") };
}

function countClasses(pictures: readonly Picture[], labels: readonly string[]): Record<string, number> {
  return Object.fromEntries(labels.map((label) => [label, pictures.filter((one) => one.label === label).length]));
}

function describeSplit(rows: readonly SplitRow[]): string {
  const parts = Object.entries(countSplits(rows)).filter(([, count]) => count > 0);
  return parts.map(([split, count]) => `${split} ${count}`).join(", ");
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
