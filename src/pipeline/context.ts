/** What every step of a run has at hand. */
import type { Backbone, ImportOptions } from "../backbone/index.js";
import type { Progress } from "../core/index.js";
import { chooseDevice, type Device, type DeviceChoice } from "../onnx/index.js";
import type { Solver } from "../train/index.js";
import type { Spec } from "../spec/index.js";
import type { RunFolder } from "../store/index.js";
import type { Recording } from "./replay.js";
import type { Trace, TraceEvent } from "../trace/index.js";

/** What stands outside a run and is handed in: folders, time, the person watching. */
export interface Surroundings {
  readonly cacheFolder: string;
  readonly stateFolder: string;
  /** Cores to use. */
  readonly threads: number;
  /** Where networks run. */
  readonly device: Device;
  /** Why it is that one, for the trace; null where nobody could wonder. */
  readonly deviceReason: string | null;
  readonly now: () => Date;
  readonly progress: Progress;
  readonly listen: (event: TraceEvent) => void;
  readonly signal: AbortSignal;
}

/** What decides how a run learns. */
export interface LearnRequest {
  /** Folder of photographs, or a manifest. */
  readonly images: string;
  /** File of the spec; null: inferred from the photographs. */
  readonly spec: string | null;
  readonly exclude: readonly string[];
  readonly seed: number;
  /** Names or files of the networks that may be used, the first to begin with; null: the embedded ones. */
  readonly backbones: readonly string[] | null;
  /** How a network given as a file is fed and cut. */
  readonly backboneOptions: ImportOptions;
  /** Seconds that learning may take; null: as the spec says, or 13 minutes. */
  readonly budgetSeconds: number | null;
  /** How heads are trained. */
  readonly solver: Solver;
  /** Random views of each photograph that the head also learns from; null: one, where trials show it to help. */
  readonly augment: number | null;
  /** Whether the network's own layers may be trained further. */
  readonly fineTuning: boolean;
}

export interface RunRequest extends LearnRequest {
  /** Keep every photograph out of bundle and report. */
  readonly noImages: boolean;
  /** Show the mistakes on test photographs, which spends them. */
  readonly reveal: boolean;
  /** Folder of the run. */
  readonly out: string;
  readonly resume: boolean;
  /** A trace whose decisions are taken again; null: decide anew. */
  readonly replay: string | null;
}

/** One run under way. */
export interface RunContext {
  readonly request: RunRequest;
  readonly spec: Spec;
  /** Networks that may be used, the first to begin with. */
  readonly backbones: readonly Backbone[];
  readonly folder: RunFolder;
  readonly trace: Trace;
  readonly around: Surroundings;
  /** The trace that is replayed. */
  readonly replay: Recording | null;
}

/** Finds out where networks run, before anything else. */
export async function placeNetworks(
  choice: DeviceChoice,
  threads: number,
): Promise<Pick<Surroundings, "device" | "deviceReason">> {
  const { device, why } = await chooseDevice(choice, threads);
  return { device, deviceReason: why };
}

/** Says which device is used, and why. */
export function traceDevice(trace: Trace, { device, deviceReason }: Surroundings): void {
  if (deviceReason !== null) trace.add("observation", "device", deviceReason, { device });
}

/** Seconds that an action took, with its result. */
export async function timed<T>(action: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now();
  const result = await action();
  return { result, seconds: (performance.now() - start) / 1000 };
}
