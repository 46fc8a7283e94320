/** `assay run`: the parts in order, each step in the trace, everything finished kept for --resume. */
import { access } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { describeError, Fault } from "../core/index.js";
import { renderReport } from "../report/index.js";
import { checkStory, inferSpec, parseSpec, readSpec, type Spec } from "../spec/index.js";
import { openRunFolder, writeFileAtomic, writeJson } from "../store/index.js";
import { openTrace } from "../trace/index.js";
import type { Evidence } from "../verify/index.js";
import { openBackbones } from "./choose.js";
import type { RunContext, RunRequest, Surroundings } from "./context.js";
import { gatherData, type RunData, scanImages } from "./data.js";
import { learn } from "./learn.js";
import { prove } from "./prove.js";
import { collectReport } from "./report-data.js";

export interface RunResult {
  /** Absolute path of the run's folder. */
  readonly folder: string;
  readonly evidence: Evidence;
}

/** From a folder of photographs and a spec to a verdict for each line. Throws faults; whatever is finished stays for --resume. */
export async function run(request: RunRequest, around: Surroundings): Promise<RunResult> {
  checkOutside(request);
  const { spec, text } = await findSpec(request, around);
  const backbones = await openBackbones(request); // before the folder is claimed: a wrong one leaves nothing behind
  const identity = {
    images: resolve(request.images),
    spec: spec.hash,
    exclude: request.exclude.toSorted(),
    seed: request.seed,
    backbones: request.backbones,
    backboneOptions: request.backboneOptions,
    solver: request.solver,
    augment: request.augment,
    noImages: request.noImages,
  };
  const folder = await openRunFolder(resolve(request.out), identity, request.resume);
  try {
    const trace = openTrace(folder.file("trace.jsonl"), around.now, around.listen);
    const context: RunContext = { request, spec, backbones, folder, trace, around };
    describeSpec(context, text);
    const data = await gatherData(context).catch(async (error: unknown) => {
      await folder.discard().catch(() => {}); // nothing was learned yet: the same command may be given again
      throw error;
    });
    if (text !== null) await writeFileAtomic(folder.file("spec.md"), text);
    return await learnAndProve(context, data).catch((error: unknown) => {
      trace.add("fault", "run", describeError(error));
      throw error;
    });
  } finally {
    await folder.close();
  }
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

/** The spec of the request, or one that fits what is in the folder. */
async function findSpec(request: RunRequest, around: Surroundings): Promise<{ spec: Spec; text: string | null }> {
  if (request.spec !== null) return { spec: await readSpec(request.spec), text: null };
  const { classes, pictures } = await scanImages(request.images, request.exclude, around);
  const text = inferSpec({ classes: classes.length, images: pictures.length });
  return { spec: parseSpec(text, "inferred", "markdown"), text };
}

/** Says what was inferred and what the INVEST check warns of, before anything is learned. */
function describeSpec({ trace, spec }: RunContext, inferred: string | null): void {
  if (inferred !== null) trace.add("decision", "spec", `no spec given; inferred from the folder:\n\n${inferred}`);
  for (const { pass, name, why, letter } of checkStory(spec))
    if (!pass) trace.add("observation", "spec", `${name}: ${why}`, { letter });
}

async function learnAndProve(context: RunContext, data: RunData): Promise<RunResult> {
  const { folder, trace, spec, around } = context;
  const bundleFolder = folder.file("bundle");
  if (await exists(join(bundleFolder, "assay.json")))
    trace.add("decision", "train", "the bundle of this run is there already");
  else await learn(context, data, bundleFolder);
  const { dataset, audit } = data;
  const { reveal, noImages } = context.request;
  const proof = await prove({ bundleFolder, spec, dataset, findings: audit.findings, around, trace, reveal });
  const { evidence } = proof;
  await writeJson(folder.file("evidence.json"), evidence);
  const extras = await collectReport({
    ...proof,
    folder: folder.path,
    trace: trace.events,
    root: dataset.root,
    images: !noImages,
    reveal,
    signal: around.signal,
  });
  await writeFileAtomic(folder.file("report.html"), renderReport(evidence, extras));
  return { folder: folder.path, evidence };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
