/** `--replay`: a run whose decisions are those of a recorded trace, whatever this machine's speed would have decided. */
import { stat } from "node:fs/promises";
import type { Recipe } from "../backbone/index.js";
import { Fault } from "../core/index.js";
import type { Device } from "../onnx/index.js";
import { readTrace, type TraceEvent } from "../trace/index.js";
import type { RunRequest } from "./context.js";
import type { TuningPlan } from "./tuning-plan.js";

/** A recipe with its networks by hash. */
export interface StoredRecipe extends Pick<Recipe, "view" | "looks" | "draws"> {
  readonly branches: readonly { readonly backbone: string; readonly sha256: string; readonly size: number }[];
}

/** What makes two runs the same, but for the photographs' folder; and what they were computed with. */
export interface Recorded
  extends Pick<RunRequest, "exclude" | "seed" | "backbones" | "backboneOptions" | "solver" | "augment" | "fineTuning"> {
  /** SHA-256 of the spec. */
  readonly spec: string;
  readonly threads: number;
  /** Absent in traces of before: the CPU. */
  readonly device?: Device;
}

export type Recording = readonly TraceEvent[];

/** Reads a trace of a run that ended. Throws `trace-invalid`. */
export async function readRecording(path: string): Promise<Recording> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new Fault("trace-invalid", { what: `there is no trace ${path}` });
  const events = readTrace(path);
  if (dataOf(events, "recorded") === null || dataOf(events, "chosen") === null)
    throw new Fault("trace-invalid", { what: `${path} holds no run that got as far as its recipe` });
  return events;
}

export function recordedRequest(events: Recording): Recorded {
  return dataOf(events, "recorded") as Recorded;
}

export function recordedRecipe(events: Recording): StoredRecipe {
  return dataOf(events, "chosen") as StoredRecipe;
}

/** How networks were fine-tuned. */
export function recordedTuning(events: Recording): readonly TuningPlan[] {
  return events.flatMap(({ data }) =>
    data.tuning === undefined || typeof data.tuning === "string" ? [] : [data.tuning as TuningPlan],
  );
}

/** The recipe that was kept after a training, by name. */
export function recordedChoice(events: Recording, depth: string): { readonly recipe: string | null } {
  const kept = events.find(({ data }) => data.name === depth && data.on === "select" && data.verdict === "kept");
  return { recipe: (kept?.data.recipe as string | undefined) ?? null };
}

/** The epoch after which there was no time for one more; null where there was. */
export function recordedEnd(events: Recording, depth: string): number | null {
  const end = events.find(({ data }) => data.name === depth && data.kind === "time");
  return (end?.data.epoch as number | undefined) ?? null;
}

/** Hashes of the split and of the bundle, where the trace got so far. */
export function recordedHash(events: Recording, name: "splitsHash" | "bundleHash"): string | null {
  return dataOf(events, name) as string | null;
}

function dataOf(events: Recording, name: string): unknown {
  return events.find(({ data }) => data[name] !== undefined)?.data[name] ?? null;
}
