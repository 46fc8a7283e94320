/** Measures a bundle: what it says of photographs, what it costs, how its service answers. Only what some line asks for is measured, beyond the figures of every report. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bundle, fileNames, type Provenance } from "../bundle/index.js";
import { checkInterrupted, Fault, type Progress, quoteName, random } from "../core/index.js";
import { type Dataset, type Picture, splitDataset } from "../dataset/index.js";
import { findAdapter } from "../onnx/index.js";
import type { RequirementKind, Spec } from "../spec/index.js";
import { runBundleTests } from "./bundle-tests.js";
import { checkContainer, type WriteDeployment } from "./container.js";
import { checkDocuments } from "./documents.js";
import { measureExplanations } from "./explanations.js";
import type { ContainerCheck, DocumentCheck, Measurements, ServiceCheck } from "./finding.js";
import type { Outcome } from "./measure.js";
import type { Offered } from "./offered.js";
import { askService, type ServiceQuestion, type StartService, tryService } from "./service.js";
import { measureThroughput, timeBetween } from "./timings.js";

export interface MeasureRequest {
  readonly bundle: Bundle;
  readonly provenance: Provenance;
  readonly spec: Spec;
  readonly dataset: Dataset;
  readonly offered: Offered;
  readonly threads: number;
  /** Starts the service of a bundle; without it nothing is asked over HTTP unless `url` is given. */
  readonly startService?: StartService | undefined;
  /** A service of the bundle that runs already, to be asked instead. */
  readonly url?: string | undefined;
  /** Writes what `assay deploy` writes; without it no container is judged. */
  readonly writeDeployment?: WriteDeployment | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Photographs of training that the gap is measured on, at most: nearly all are right, so that calibrate is what leaves it uncertain. */
export const mostTrained = 120;

/** Throws `interrupted`, `images-insufficient` for a class that the model does not know, `image-unreadable`, `engine-failed`. */
export async function measure(request: MeasureRequest): Promise<Measurements> {
  const { bundle, provenance, offered, spec, threads } = request;
  const { labels } = bundle.manifest;
  const { device } = bundle.placed;
  const asked = (...kinds: readonly RequirementKind[]): boolean =>
    spec.requirements.some(({ kind }) => kinds.includes(kind));
  const test: Outcome[] = [];
  const latencyMs = await timeBetween(
    offered.test,
    async (part) => void test.push(...(await predictAll("test", part, request, [test.length, offered.test.length]))),
    request,
  );
  const calibrate = await predictAll("calibrate", offered.calibrate, request);
  const sample = asked("overfitting-gap") ? sampleTrained(offered) : [];
  const trained = await predictAll("train", sample, request);
  const throughput = asked("throughput")
    ? await measureThroughput(
        test.map(({ path }) => join(request.dataset.root, path)),
        request,
      )
    : new Float64Array(0);
  const question = askAbout(test, asked("http-latency"), request);
  const service = await measureService(asked("api", "http-latency", "deployment"), question, request);
  const container = await measureContainer(asked("container"), question, request);
  const documents = await measureDocuments(asked("documentation"), request);
  checkInterrupted(request.signal);
  const modelPath = join(bundle.folder, fileNames.model);
  return {
    labels,
    test,
    calibrate,
    trained,
    outOfFoldAccuracy: provenance.fineTuning ? null : provenance.outOfFoldAccuracy, // of the head before
    trainCounts: provenance.classCounts,
    fresh: offered.fresh,
    latencyMs,
    throughput,
    modelSizeBytes: (await stat(modelPath)).size,
    imageCount: provenance.imageCount,
    classCount: provenance.classCount,
    trainingSeconds: provenance.trainingSeconds,
    peakMemoryBytes: provenance.peakMemoryBytes,
    deviceMemory: provenance.deviceMemory ?? null,
    trainedOn: provenance.machine,
    threads,
    device,
    adapter: device === "cpu" ? null : await findAdapter(device),
    service,
    container,
    documents,
    explanations: await measureExplanations(request),
  };
}

/** The same ones at every verification. */
function sampleTrained({ trained }: Offered): readonly Picture[] {
  return random(0, "trained").shuffle(trained).slice(0, mostTrained);
}

/** Predicts pictures with their true labels, as a part of `total` of which some came before; a picture that has become unreadable is a fault, since it was readable in the scan. */
async function predictAll(
  split: string,
  pictures: readonly Picture[],
  { bundle, dataset, progress, signal }: MeasureRequest,
  [before, total]: readonly [number, number] = [0, pictures.length],
): Promise<readonly Outcome[]> {
  const index = new Map(bundle.manifest.labels.map((label, i) => [label, i]));
  const groups = groupsByPath(dataset);
  const paths = pictures.map(({ path }) => join(dataset.root, path));
  const outcomes: Outcome[] = [];
  for await (const prediction of bundle.predict(paths)) {
    checkInterrupted(signal);
    if ("error" in prediction)
      throw new Fault("image-unreadable", {
        what: `${prediction.path} changed since the scan`,
        got: prediction.error.message,
      });
    const { label, path, pixelHash } = pictures[outcomes.length]!;
    const group = groups.get(path);
    outcomes.push({
      path,
      pixelHash,
      ...(group === undefined || group === pixelHash ? {} : { group }),
      truth: index.get(label)!,
      predicted: index.get(prediction.label)!,
      probabilities: prediction.probabilities,
    });
    progress({ stage: split, done: before + outcomes.length, total, unit: "images" });
  }
  return outcomes;
}

/** The group of each photograph, as the split has it: whoever is in one group is in one split. */
function groupsByPath(dataset: Dataset): ReadonlyMap<string, string> {
  if (dataset.pictures.every(({ group }) => group === null)) return new Map();
  return new Map(splitDataset(dataset, { seed: 0 }).map(({ path, group }) => [path, group]));
}

export function checkClasses(pictures: readonly Picture[], labels: readonly string[]): void {
  const known = new Set(labels);
  const unknown = [...new Set(pictures.map(({ label }) => label))].filter((label) => !known.has(label));
  if (unknown.length === 0) return;
  throw new Fault("images-insufficient", {
    what: `the model knows no class ${unknown.map(quoteName).join(", ")}`,
    expected: `photographs of ${known.size} known classes`,
    remedy: "leave those folders out, or train with them",
  });
}

/** Photographs that are posted: some to compare the answers; more where they are timed, for a bound of the p95. */
const [fewPosted, mostPosted] = [50, 120];

function askAbout(
  test: readonly Outcome[],
  isTimed: boolean,
  { bundle, dataset, signal }: MeasureRequest,
): ServiceQuestion {
  const { labels, files, bundleHash } = bundle.manifest;
  const model = bundleHash.slice(0, 12);
  const golden = Object.keys(files).filter((name) => /^golden\/\d+\.png$/.test(name));
  const warmUp = golden.map((name) => join(bundle.folder, name));
  const most = isTimed ? mostPosted : fewPosted;
  return { labels, outcomes: test, most, root: dataset.root, model, warmUp, signal };
}

async function measureService(
  asked: boolean,
  question: ServiceQuestion,
  { bundle, startService, url }: MeasureRequest,
): Promise<ServiceCheck> {
  if (url !== undefined) return askService(url, question, false);
  if (!asked) return { reason: "no line asks for a service" };
  if (!startService) return { reason: "no service was started" };
  return tryService(startService, bundle.folder, question);
}

async function measureContainer(
  asked: boolean,
  question: ServiceQuestion,
  { bundle, writeDeployment }: MeasureRequest,
): Promise<ContainerCheck> {
  if (!asked) return { reason: "no line asks for a container" };
  if (!writeDeployment) return { reason: "no container was written" };
  return checkContainer(writeDeployment, bundle.folder, question);
}

async function measureDocuments(
  asked: boolean,
  { bundle, provenance, signal }: MeasureRequest,
): Promise<DocumentCheck> {
  if (!asked) return { reason: "no line asks for documents" };
  const { folder, manifest } = bundle;
  const report = await checkDocuments(folder, { manifest, provenance });
  return { ...report, tests: await runBundleTests(folder, manifest, signal) };
}
