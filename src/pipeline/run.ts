/** `assay run`: the parts in order, each step in the trace, everything finished kept for --resume. */
import { access } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { describeError, Fault } from "../core/index.js";
import { renderReport, renderTrace, type RunSummary, summarizeRun } from "../report/index.js";
import { checkStory } from "../spec/index.js";
import { cacheLimit, openRunFolder, pruneCache, writeFileAtomic, writeJson } from "../store/index.js";
import { openTrace } from "../trace/index.js";
import type { Evidence } from "../verify/index.js";
import { openBackbones } from "./choose.js";
import { type RunContext, type RunRequest, type Surroundings, traceDevice } from "./context.js";
import { gatherData, type RunData } from "./data.js";
import { findSpec } from "./find-spec.js";
import { learn } from "./learn.js";
import { prove } from "./prove.js";
import { forgetTraining } from "./tune.js";
import { readRecording, recordedRequest } from "./replay.js";

export interface RunResult {
  /** Absolute path of the run's folder. */
  readonly folder: string;
  readonly evidence: Evidence;
  /** What was achieved, by what, and what it taught. */
  readonly summary: RunSummary;
}

/** From a folder of photographs and a spec to a verdict for each line. Throws faults; whatever is finished stays for --resume. */
export async function run(given: RunRequest, surroundings: Surroundings): Promise<RunResult> {
  checkOutside(given);
  const replay = given.replay === null ? null : await readRecording(given.replay);
  const {
    spec: specHash,
    threads,
    device = "cpu",
    ...recorded
  } = replay === null ? { spec: null, threads: null, device: surroundings.device } : recordedRequest(replay);
  const request = { ...given, ...recorded };
  const around = { ...surroundings, device, threads: threads ?? surroundings.threads };
  const { spec, text } = await findSpec(request, around);
  if (specHash !== null && specHash !== spec.hash) throw otherSpec();
  const finished = request.resume && (await exists(join(request.out, "bundle", "assay.json")));
  // Before the folder is claimed: a wrong network leaves nothing behind. A bundle that is there needs none.
  const backbones = finished ? [] : await openBackbones(request);
  const { exclude, seed, backboneOptions, solver, augment, fineTuning } = request;
  const { backbones: names } = request;
  const decisive = { spec: spec.hash, exclude, seed, backbones: names, backboneOptions, solver, augment, fineTuning };
  const { noImages } = request;
  const identity = { ...decisive, noImages, images: resolve(request.images), exclude: exclude.toSorted() };
  const folder = await openRunFolder(resolve(request.out), identity, request.resume);
  try {
    const trace = openTrace(folder.file("trace.jsonl"), around.now, around.listen);
    const context: RunContext = { request, spec, backbones, folder, trace, around, replay };
    const where = { threads: around.threads, device: around.device };
    trace.add("action", "run", `assay run ${request.images}`, { recorded: { ...decisive, ...where } });
    if (request.resume && !folder.resumed)
      trace.add("decision", "run", `--resume: there is no run in ${folder.path} to go on with; a new one begins`);
    traceDevice(trace, around);
    describeSpec(context, text);
    const data = await gatherData(context).catch(async (error: unknown) => {
      await folder.discard().catch(() => {}); // nothing was learned yet: the same command may be given again
      throw error;
    });
    if (text !== null) await writeFileAtomic(folder.file("spec.md"), text);
    return await learnAndProve(context, data).catch(async (error: unknown) => {
      trace.add("fault", "run", describeError(error));
      await writeFileAtomic(folder.file("trace.md"), renderTrace(trace.events, null)).catch(() => {}); // the fault says more
      throw error;
    });
  } finally {
    await pruneCache(around.cacheFolder, cacheLimit());
    await folder.close();
  }
}

function otherSpec(): Fault {
  return new Fault("run-mismatch", {
    what: "the trace is of a run with another spec",
    remedy: "give that spec with --spec",
  });
}

/** A run's folder among the photographs would become one of their classes. */
function checkOutside({ images, out }: RunRequest): void {
  const path = relative(resolve(images), resolve(out));
  if (path.startsWith("..") || isAbsolute(path)) return;
  throw new Fault("usage", {
    what: `the output folder ${resolve(out)} lies among the photographs`,
    remedy: "give another folder with --out",
  });
}

/** Says what was inferred and what the INVEST check warns of, before anything is learned. */
function describeSpec({ trace, spec }: RunContext, inferred: string | null): void {
  if (inferred !== null) trace.add("decision", "spec", `no spec given; inferred from the folder:\n\n${inferred}`);
  for (const { pass, name, why, letter } of checkStory(spec))
    if (!pass && letter !== "S") trace.add("observation", "spec", `${name}: ${why}`, { letter });
}

async function learnAndProve(context: RunContext, data: RunData): Promise<RunResult> {
  const { folder, trace, spec, around } = context;
  const bundleFolder = folder.file("bundle");
  if (await exists(join(bundleFolder, "assay.json")))
    trace.add("decision", "train", "the bundle of this run is there already");
  else await learn(context, data, bundleFolder);
  await forgetTraining(context);
  const { dataset, audit } = data;
  const { reveal, noImages } = context.request;
  const { evidence, extras } = await prove({
    bundleFolder,
    spec,
    dataset,
    findings: audit.findings,
    around,
    trace,
    reveal,
    images: !noImages,
    runFolder: folder.path,
  });
  await writeJson(folder.file("evidence.json"), evidence);
  const summary = summarizeRun(evidence, trace.events);
  await writeFileAtomic(folder.file("trace.md"), renderTrace(trace.events, summary));
  await writeFileAtomic(folder.file("report.html"), renderReport(evidence, extras));
  return { folder: folder.path, evidence, summary };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
