/** The contract of evidence.json: what verify measured and what follows from it for each line of the spec. */
import type { Machine } from "../bench/index.js";
import type { Comparison, JudgedOn, RequirementKind, Role, Unit } from "../spec/index.js";

/** met: the one-sided bound clears the target; not met: the other bound misses it; unproven: the data cannot decide or it is not measured yet; not checkable: no check exists for such a line. */
export type Verdict = "met" | "not met" | "unproven" | "not checkable";

export interface RequirementEvidence {
  readonly id: string;
  /** The spec's line exactly. */
  readonly text: string;
  readonly kind: RequirementKind;
  readonly role: Role;
  readonly target: { readonly comparison: Comparison; readonly value: number } | null;
  readonly unit: Unit;
  readonly split: JudgedOn;
  readonly estimator: string;
  /** In `unit`; null where nothing was measured. */
  readonly measured: number | null;
  /** One-sided lower bound at level alpha, or null. */
  readonly lower: number | null;
  /** One-sided upper bound at level alpha, or null. */
  readonly upper: number | null;
  readonly alpha: number;
  /** Number of photographs, timings … behind `measured`. */
  readonly n: number | null;
  /** Where those photographs come in groups: so many of them count for one that stands for itself (Korn and Graubard 1998). */
  readonly designEffect?: number;
  readonly verdict: Verdict;
  /** One sentence: what the verdict rests on, or why it is open and what would decide it. */
  readonly evidence: string;
  /** Of an open line: that last part alone, where it is known. */
  readonly decides?: string;
}

export interface ClassRow {
  readonly label: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly testCorrect: number;
  readonly recall: number | null;
  readonly recallLower: number | null;
  readonly recallUpper: number | null;
  readonly precision: number | null;
  /** As of a line, of the class's test photographs. */
  readonly designEffect?: number;
}

export interface Evidence {
  readonly schema: 1;
  readonly run: {
    /** ISO 8601. */
    readonly finishedAt: string;
    readonly images: string;
    readonly specSource: string;
    readonly specHash: string;
    readonly bundleHash: string;
    readonly seed: number;
    /** Which opening of these test photographs this was; 1 the first. */
    readonly testOpening: number;
    /** The level at which lines judged on test were judged at this opening. */
    readonly testAlpha: number;
    /** Openings of these photographs by other bundles before this one. */
    readonly earlierOpenings: readonly { readonly at: string; readonly bundleHash: string }[];
    /** When mistakes on these test photographs were shown, where that was before this opening: then no line is proved by them. */
    readonly testSpentAt: string | null;
  };
  readonly machine: Machine;
  readonly requirements: readonly RequirementEvidence[];
  readonly metrics: {
    readonly test: SplitMetrics;
    readonly calibrate: SplitMetrics | null;
    readonly classes: readonly ClassRow[];
    readonly latencyMs: {
      readonly p50: number;
      readonly p95: number;
      readonly p95Upper: number | null;
      readonly mean: number;
      readonly n: number;
    };
    readonly modelSizeBytes: number;
    readonly trainingSeconds: number | null;
    readonly peakMemoryBytes: number | null;
    /** Answers over HTTP, where a service was asked. */
    readonly service?: ServiceMetrics;
  };
  /** Short findings of the audit, as sentences; left out where there was no audit. */
  readonly findings?: readonly {
    readonly severity: "info" | "warning" | "error";
    readonly text: string;
    readonly count: number;
    readonly examples: readonly string[];
  }[];
  readonly notBuiltYet: readonly string[];
}

/** What a service answered to test photographs, against the model's own answers. */
export interface ServiceMetrics {
  /** Photographs posted. */
  readonly n: number;
  /** Answers with another label, or a probability further off than 1e-5. */
  readonly differing: number;
  /** Largest difference of a probability. */
  readonly largestDifference: number;
  /** From the request to the whole answer, of answers that were computed and not remembered; null without any. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    /** One-sided at 0.05, as for the model; null where there are too few. */
    readonly p95Upper: number | null;
    readonly mean: number;
    readonly n: number;
  } | null;
}

export interface SplitMetrics {
  readonly n: number;
  /** Independent units: fewer than n where photographs come in groups. */
  readonly groups?: number;
  readonly accuracy: number;
  /** Two-sided 95 % interval: Clopper–Pearson, Korn–Graubard where photographs come in groups. */
  readonly accuracyInterval: readonly [number, number];
  readonly balancedAccuracy: number;
  /** Two-sided 95 % bootstrap interval, approximate. */
  readonly balancedAccuracyInterval: readonly [number, number];
  readonly negativeLogLikelihood: number;
  /** Expected calibration error, 15 equal-mass bins. */
  readonly calibrationError: number;
  /** confusion[i][j]: pictures of class i labelled j. */
  readonly confusion: readonly (readonly number[])[];
  /** Photographs in order of confidence, in bins of equal size. */
  readonly reliability: readonly ReliabilityBin[];
}

export interface ReliabilityBin {
  readonly n: number;
  /** Of the most probable class, the mean. */
  readonly confidence: number;
  /** Share of photographs whose most probable class is the true one. */
  readonly accuracy: number;
  /** Two-sided 95 % interval (Clopper–Pearson). */
  readonly interval: readonly [number, number];
}
