/** What a report shows besides the evidence. All of it is handed in: the report reads no file and computes nothing of pictures. */
import type { Best, EpochRecord, Rates } from "../finetune/index.js";
import type { Plan } from "../plan/index.js";

/** One event of the trace, as the report shows it. */
export interface TraceEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: string;
  /** The part of the job that it belongs to; its time is added up by these. */
  readonly stage?: string;
  readonly text: string;
}

/** A figure and one standard error of it. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** What figures of a candidate rest on; those of different ones are not comparable. */
export type MeasuredOn =
  /** Photographs of train that recipes are tried on, each predicted by a head that had not seen it. */
  | "train, out of fold"
  /** Of networks that learned from all of train. */
  | "select";

/** A recipe that the loop looked at. */
export interface Candidate {
  readonly name: string;
  /** The action that proposed it; null for the one that the loop began with. */
  readonly action: string | null;
  readonly on: MeasuredOn;
  readonly outcome: "start" | "kept" | "rolled back" | "refused" | "not measured";
  /** Why it was refused, or not measured. */
  readonly reason: string | null;
  readonly accuracy: number | null;
  readonly logLoss: number | null;
  /** Against the recipe that was in force then, on the same photographs. */
  readonly accuracyGain: Estimate | null;
  readonly logLossGain: Estimate | null;
  /** Parts of the utility that rewards and penalties make, between 0 and 1, and their mean; null where there are none. */
  readonly utility: { readonly parts: Readonly<Record<string, number>>; readonly total: number } | null;
  /** Of one picture; null where it was not recorded. */
  readonly multiplyAdds: number | null;
  /** What it took, or for one that was not measured what it was predicted to take. */
  readonly seconds: number | null;
}

/** A photograph that was labelled wrong. */
export interface Mistake {
  readonly path: string;
  readonly actual: string;
  readonly labelled: string;
  /** Probability of the label that was given. */
  readonly confidence: number;
  /** Probability of the true class. */
  readonly actualProbability: number;
  /** A small picture as a data URL; null where photographs are kept out. */
  readonly thumbnail: string | null;
  /** Where in the picture the label comes from, as a data URL. */
  readonly heatMap?: string | null;
}

/** The mistakes on some photographs, the worst first. */
export interface Mistakes {
  readonly split: "select" | "calibrate" | "test";
  readonly images: number;
  readonly count: number;
  readonly worst: readonly Mistake[];
}

/**
 * What the last doubling of the training photographs brought: the same photographs, judged out of fold by heads on the features of the
 * frozen network, that learned from half as many and from all. A network that was fine-tuned afterwards has no such curve.
 */
export interface LearningCurve {
  /** Photographs that heads learned from, rising, and their accuracy on photographs that they had not seen. */
  readonly points: readonly { readonly images: number; readonly accuracy: Estimate }[];
  readonly doubling: {
    readonly from: number;
    readonly to: number;
    /** Photographs that both were judged on. */
    readonly judged: number;
    readonly gain: Estimate;
    readonly classes: readonly {
      readonly label: string;
      /** Of the class: photographs that both were judged on, and of those that all heads learned from. */
      readonly judged: number;
      readonly images: number;
      readonly gain: Estimate;
    }[];
  };
}

/** Training photographs whose label a head that had not seen them contradicts with more than the usual confidence of the other class. */
export interface DoubtfulLabels {
  readonly images: number;
  readonly count: number;
  /** By given label, most first. */
  readonly classes: readonly { readonly label: string; readonly count: number; readonly images: number }[];
  readonly worst: readonly {
    readonly path: string;
    readonly label: string;
    readonly predicted: string;
    readonly confidence: number;
  }[];
}

/** What a report may show besides the evidence. */
export interface ReportExtras {
  readonly trace?: readonly TraceEntry[];
  readonly candidates?: readonly Candidate[];
  readonly mistakes?: readonly Mistakes[];
  readonly learningCurve?: LearningCurve | null;
  readonly doubtfulLabels?: DoubtfulLabels | null;
  readonly fineTuning?: FineTuning | null;
  readonly plan?: Pick<Plan, "steps" | "warnings"> | null;
}

/** How the network of a model was trained further. */
export interface FineTuning {
  /** Name of the action. */
  readonly depth: string;
  /** The network that it began with, and the SHA-256 of its file. */
  readonly network: string;
  readonly sha256: string;
  /** Value of the graph behind which everything was trained; null: all layers. */
  readonly cut: string | null;
  /** Planned; fewer where select got no better. */
  readonly epochs: number;
  readonly batch: number;
  readonly rates: Rates;
  /** Numbers that were trained. */
  readonly parameters: number;
  readonly best: Best;
  readonly history: readonly EpochRecord[];
}
