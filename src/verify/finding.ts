/** What verdicts rest on: everything that was measured of a bundle, and what the rule of a kind finds out from it. */
import type { Machine } from "../bench/index.js";
import type { Provenance } from "../bundle/index.js";
import type { Adapter, Device } from "../onnx/index.js";
import type { Requirement, Target } from "../spec/index.js";
import { openingAlpha } from "../statistics/index.js";
import type { ExplanationMeasurement } from "./explanations.js";
import type { Outcome } from "./measure.js";

/** Everything that was measured of a bundle. */
export interface Measurements {
  readonly labels: readonly string[];
  /** Training photographs by class. */
  readonly trainCounts: Readonly<Record<string, number>>;
  readonly test: readonly Outcome[];
  /** Whether those are photographs that the run never saw, not its sealed test split. */
  readonly fresh: boolean;
  readonly calibrate: readonly Outcome[];
  /** Photographs that the model was trained on, or a sample of them; empty where they are not at hand or no line asks. */
  readonly trained: readonly Outcome[];
  /** Accuracy of out-of-fold predictions on train, as the run recorded it. */
  readonly outOfFoldAccuracy: number | null;
  /** Milliseconds of single-image runs, in the order in which they were taken. */
  readonly latencyMs: Float64Array;
  /** Photographs a second of consecutive batches; empty where no line asks. */
  readonly throughput: Float64Array;
  readonly modelSizeBytes: number;
  readonly imageCount: number;
  readonly classCount: number;
  readonly trainingSeconds: number | null;
  readonly peakMemoryBytes: number | null;
  /** What a device of the size that the spec names would need, as the run planned it; null where it did not. */
  readonly deviceMemory: Provenance["deviceMemory"] | null;
  /** Where the bundle was trained. */
  readonly trainedOn: Machine | null;
  readonly threads: number;
  /** Where the bundle's model ran. */
  readonly device: Device;
  /** What computed there; null on the CPU. */
  readonly adapter: Adapter | null;
  readonly service: ServiceCheck;
  readonly container: ContainerCheck;
  readonly documents: DocumentCheck;
  /** Null where no line asks for it. */
  readonly explanations: ExplanationMeasurement | null;
}

/** A check that was not made, and why. */
export interface NotMade {
  readonly reason: string;
}

/** A service that was asked about photographs. */
export interface ServiceAnswers {
  /** Whether assay started it from the bundle by one command, or it ran already. */
  readonly started: boolean;
  /** Photographs posted. */
  readonly n: number;
  /** Answers with another label, or a probability further off than `tolerance`. */
  readonly differing: number;
  /** Largest difference of a probability. */
  readonly largestDifference: number;
  /** What the first differing answer was, with the photograph. */
  readonly firstDifference: string | null;
  /** From the request to the whole answer, of answers that were computed and not remembered; in the order of time. */
  readonly latencyMs: Float64Array;
}

/** `failed`: it was tried and did not work, which is a finding; `reason`: it was not tried. */
export type ServiceCheck = ServiceAnswers | NotMade | { readonly failed: string };

export type ContainerCheck =
  | { readonly engine: string; readonly answers: ServiceAnswers }
  | NotMade
  | { readonly failed: string };

export type DocumentCheck =
  | {
      /** Names of the documents that were validated. */
      readonly documents: readonly string[];
      /** What is wrong with them, as sentences without a full stop. */
      readonly problems: readonly string[];
      readonly tests: { readonly passed: number; readonly failed: number } | NotMade;
    }
  | NotMade;

export interface Levels {
  /** The spec's significance level. */
  readonly spec: number;
  /** What this opening of the test photographs may spend of it. */
  readonly test: number;
  /** Which opening it is. */
  readonly opening: number;
  /** When mistakes on the test photographs were shown, where that was before this opening; null where it was not. */
  readonly spentAt: string | null;
}

/** The level at which photographs that were never opened would be judged for a line. */
export function freshLevel({ judgedOn }: Requirement, { spec }: Levels): number {
  return judgedOn === "test" ? openingAlpha(spec, 1) : spec;
}

/** What a rule finds out. Bounds are one-sided at `alpha`; an exact measurement has itself as both. */
export interface Finding {
  readonly measured: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly n: number | null;
  /** The spec's own level where it is not given. */
  readonly alpha?: number;
  /** Of `n` photographs that come in groups: for each that counts, so many are needed. */
  readonly designEffect?: number;
  /** For lines without a number: whether what they ask for is there; null where nobody knows. */
  readonly holds?: boolean | null;
  /** How it was measured, as the start of a sentence. */
  readonly basis: string;
  /** What the kind is judged against where its lines take no number. */
  readonly target?: Target;
  /** What would decide an open line. */
  readonly decides?: string;
}

export type Rule = (measured: Measurements, line: Requirement, levels: Levels) => Finding;

/** A finding without a number. */
export function unmeasured(basis: string, decides?: string): Finding {
  const nothing = { measured: null, lower: null, upper: null, n: null, basis };
  return decides === undefined ? nothing : { ...nothing, decides };
}

/** Whether what a line asks for is there. */
export function shown(holds: boolean, basis: string, n: number | null = null): Finding {
  return { measured: null, lower: null, upper: null, n, holds, basis };
}

/** A number without uncertainty. */
export function exact(value: number, basis: string): Finding {
  return { measured: value, lower: value, upper: value, n: null, basis };
}
