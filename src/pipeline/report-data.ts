/** Collects what the report shows besides the evidence: from the trace, the run's folder, and the photographs themselves. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../bundle/index.js";
import { checkInterrupted } from "../core/index.js";
import { explainPhotograph } from "../explain/index.js";
import { thumbnail } from "../image/index.js";
import type { Candidate, Estimate, MeasuredOn, Mistake, Mistakes, ReportExtras } from "../report/index.js";
import { type Plan, unmeasuredActions } from "../plan/index.js";
import type { TraceEvent } from "../trace/index.js";
import type { Outcome, Proof } from "../verify/index.js";
import { findMistakes, type FoundMistake, type Insights, shownMistakes } from "./insights.js";

/** What the report of a run, or of a verification, is made of. */
export interface ReportSources {
  /** The run's folder; null for a bundle alone. */
  readonly folder: string | null;
  readonly trace: readonly TraceEvent[];
  /** Of the photographs. */
  readonly root: string;
  /** The bundle that was judged, still open. */
  readonly bundle: Bundle;
  readonly outcomes: Proof["outcomes"];
  /** Whether photographs may be shown. */
  readonly images: boolean;
  /** Whether the mistakes on test may be shown. */
  readonly reveal: boolean;
  readonly signal: AbortSignal;
}

/** Sides of thumbnails are reduced to this, in pixels. */
const thumbnailSide = 200;

/** Mistakes whose pictures are not made yet. */
type FoundMistakes = Omit<Mistakes, "worst"> & { readonly worst: readonly FoundMistake[] };

/** All that a report may show. Photographs of test only where `reveal` is given. Throws `interrupted`. */
export async function collectReport(sources: ReportSources): Promise<ReportExtras> {
  const { folder, trace, outcomes, reveal, bundle } = sources;
  const { labels } = bundle.manifest;
  const insights = await readJson<Insights>(folder, "insights.json");
  const splits: FoundMistakes[] = [];
  if (reveal) splits.push({ split: "test", ...summarizeMistakes(outcomes.test, labels) });
  if (outcomes.calibrate.length > 0)
    splits.push({ split: "calibrate", ...summarizeMistakes(outcomes.calibrate, labels) });
  if (insights && insights.select.images > 0) splits.push({ split: "select", ...insights.select });
  const mistakes: Mistakes[] = [];
  for (const split of splits)
    mistakes.push({ ...split, worst: await picture(split, sources, insights?.fineTuning != null) });
  return {
    trace,
    candidates: readCandidates(trace),
    mistakes,
    learningCurve: insights?.learningCurve ?? null,
    doubtfulLabels: insights?.doubtfulLabels ?? null,
    fineTuning: insights?.fineTuning ?? null,
    plan: await readJson<Plan>(folder, "plan.json"),
  };
}

function summarizeMistakes(outcomes: readonly Outcome[], labels: readonly string[]) {
  const all = findMistakes(outcomes, (image, label) => outcomes[image]!.probabilities[label]!, labels);
  return { images: outcomes.length, count: all.length, worst: all.slice(0, shownMistakes) };
}

/** Heat maps are of the delivered model: of `select` another one made the mistakes, unless a network was fine-tuned. */
async function picture(
  { split, worst }: FoundMistakes,
  { root, images, bundle, signal }: ReportSources,
  isTuned: boolean,
): Promise<Mistake[]> {
  if (!images) return worst.map((mistake) => ({ ...mistake, thumbnail: null }));
  const explains = (split !== "select" || isTuned) && (await bundle.head()).parts.length > 0;
  const done: Mistake[] = [];
  for (const mistake of worst) {
    checkInterrupted(signal);
    const bytes = await readFile(join(root, mistake.path));
    const heat = explains ? (await explainPhotograph(bundle, bytes, { class: mistake.labelled })).png : null;
    done.push({
      ...mistake,
      thumbnail: await shrink(bytes),
      heatMap: heat === null ? null : await shrink(heat),
    });
  }
  return done;
}

/** A small JPEG as a data URL. */
async function shrink(photograph: Uint8Array): Promise<string> {
  const small = await thumbnail(photograph, thumbnailSide);
  return `data:image/jpeg;base64,${Buffer.from(small).toString("base64")}`;
}

/** A file of the run's folder; null where it is not there. */
async function readJson<T>(folder: string | null, name: string): Promise<T | null> {
  if (folder === null) return null;
  const text = await readFile(join(folder, name), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as T);
}

/** The recipes of the search, from the numbers of its events. */
export function readCandidates(trace: readonly TraceEvent[]): Candidate[] {
  const unmeasured = unmeasuredActions(trace);
  const current = new Set([...unmeasured.values(), ...unmeasuredParts(trace, unmeasured)]);
  return trace.flatMap((event): Candidate[] => {
    const { stage, kind, text, data } = event;
    if (stage !== "loop" || ((data.unmeasured === true || partOf(event) !== null) && !current.has(event))) return [];
    if (kind === "observation" && typeof data.recipe === "string") return [readTrial(data.recipe, text, data)];
    if (kind !== "decision" || !/\bnot measured\b/.test(text)) return [];
    const action = typeof data.name === "string" ? data.name : text.split(":")[0]!;
    const nothing = {
      on: measuredOn(data),
      reason: data.unmeasured === true && typeof data.why === "string" ? data.why : null,
      accuracy: null,
      logLoss: null,
      accuracyGain: null,
      logLossGain: null,
      multiplyAdds: null,
      utility: null,
    };
    return [{ ...nothing, name: action, action, outcome: "not measured", seconds: numberOf(data.seconds) }];
  });
}

/** The action of which an event says that some of its recipes were beyond the budget; null where it says no such thing. */
function partOf({ data }: TraceEvent): string | null {
  return data.isPart === true && typeof data.name === "string" ? data.name : null;
}

/** Such events that still hold: a resumed run says it again, measures the rest, or says of the whole action that it was not measured. */
function unmeasuredParts(trace: readonly TraceEvent[], whole: ReadonlyMap<string, TraceEvent>): readonly TraceEvent[] {
  const [said, held] = [new Map<string, TraceEvent>(), new Map<string, TraceEvent>()];
  for (const event of trace.filter(({ stage }) => stage === "loop")) {
    const part = partOf(event);
    if (part !== null) said.set(part, event);
    if (event.kind !== "action" || typeof event.data.name !== "string") continue;
    const before = said.get(event.data.name);
    if (before === undefined) held.delete(event.data.name);
    else held.set(event.data.name, before);
    said.delete(event.data.name);
  }
  return [...held].flatMap(([name, event]) => (whole.has(name) ? [] : [event]));
}

function utilityFrom(value: unknown): Candidate["utility"] {
  const { parts, total } = (value ?? {}) as {
    readonly parts?: Readonly<Record<string, number>>;
    readonly total?: unknown;
  };
  return parts === undefined || typeof total !== "number" ? null : { parts, total };
}

function readTrial(name: string, text: string, data: TraceEvent["data"]): Candidate {
  const isFirst = typeof data.accuracyGain !== "number";
  const refusal = typeof data.refusal === "string" ? data.refusal : null;
  const kept = data.verdict === "kept" || text.endsWith(": kept");
  return {
    name,
    on: measuredOn(data),
    action: isFirst ? null : typeof data.name === "string" ? data.name : text.split(":")[0]!,
    outcome: isFirst ? "start" : kept ? "kept" : refusal === null ? "rolled back" : "refused",
    reason: refusal,
    accuracy: numberOf(data.accuracy),
    logLoss: numberOf(data.logLoss),
    accuracyGain: estimateOf(data.accuracyGain, data.accuracyStandardError),
    logLossGain: estimateOf(data.logLossGain, data.logLossStandardError),
    utility: utilityFrom(data.utility),
    multiplyAdds: numberOf(data.multiplyAdds),
    seconds: numberOf(data.seconds) ?? numberOf(data.headSeconds),
  };
}

/** Events of fine-tuned networks say so. */
function measuredOn({ on }: TraceEvent["data"]): MeasuredOn {
  return on === "select" ? "select" : "train, out of fold";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function estimateOf(value: unknown, standardError: unknown): Estimate | null {
  return typeof value === "number" ? { value, standardError: numberOf(standardError) ?? Number.NaN } : null;
}
