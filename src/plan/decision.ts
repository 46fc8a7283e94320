/** What a plan is made of: the facts it rests on, decisions, and what they refused. */
import type { Audit } from "../audit/index.js";
import { type DeviceMemoryPlan, trainingFits } from "../finetune/index.js";
import { type Provability, provability, type Spec } from "../spec/index.js";
import type { TraceEvent } from "../trace/index.js";

/** A network as it was measured on this machine, with a few of the photographs. */
export interface NetworkFacts {
  readonly name: string;
  /** Side of its input in pixels. */
  readonly size: number;
  /** Features. */
  readonly width: number;
  readonly multiplyAdds: number;
  /** Photographs to features, decoding included, on all threads. */
  readonly imagesPerSecond: number;
  /** p95 of a single image through the bundle's model, seconds. */
  readonly latencySeconds: number;
  readonly modelBytes: number;
}

export interface PlanFacts {
  readonly spec: Spec;
  readonly audit: Audit;
  readonly threads: number;
  /** Where networks run, as people call it: "CPU". */
  readonly device: string;
  readonly scanSeconds: number;
  /** Of the verdicts, beside a look at every photograph of test and calibrate: runs of the model, and seconds of the rest. */
  readonly proof: { readonly runs: number; readonly seconds: number };
  /** Which opening of the test photographs the verdict will rest on, from 1. */
  readonly opening: number;
  readonly budgetSeconds: number;
  /** Share of the recipe's part of the budget that trials may take. */
  readonly trialShare: number;
  /** The recipe's part of the budget where fine-tuning may follow; all of it elsewhere. */
  readonly recipeShare: number;
  /** The first is the one to begin with. */
  readonly networks: readonly NetworkFacts[];
  readonly solver: "lbfgs" | "adamw";
  /** Random views of each photograph that the user asks for; null: as trials show them to help. */
  readonly augment: number | null;
  /** Whether networks may be trained further. */
  readonly fineTuning: boolean;
  /** Where a line limits the memory of a device. */
  readonly deviceMemory?: DeviceMemoryPlan;
  /** The trace so far: trials that are in it are cited, others are not measured. */
  readonly events: readonly TraceEvent[];
}

/** What was not chosen, and the number that spoke against it; `not measured` where there is none. */
export interface Refused {
  readonly what: string;
  readonly why: string;
  /** Position in the trace, from 1, of the event with the number. */
  readonly event: number | null;
}

export interface Decision {
  readonly question: string;
  readonly choice: string;
  readonly reasons: readonly string[];
  readonly refused: readonly Refused[];
  /** Predicted cost; null where it is none or unknown. */
  readonly seconds: number | null;
  readonly bytes: number | null;
}

export interface Step {
  readonly title: string;
  readonly decisions: readonly Decision[];
}

/** Of each line that asks for a share of right answers: whether these splits can prove it. */
export function whatCanBeProven({
  spec,
  audit,
  opening,
}: Pick<PlanFacts, "spec" | "audit" | "opening">): readonly Provability[] {
  const { test, calibrate } = audit.distinctSplits;
  const classes = Object.fromEntries(audit.classes.map(({ label, distinctSplits }) => [label, distinctSplits]));
  return provability(spec, { test, calibrate, opening, classes });
}

/** Seconds of a budget by what they are for; trials are a part of the recipe's. */
export interface Division {
  readonly recipe: number;
  readonly trials: number;
  readonly tuning: number;
}

/** As a run divides it: fine-tuning has a part of its own where that is enough for the cheapest training. */
export function divideBudget(facts: PlanFacts, budget = facts.budgetSeconds): Division {
  const { trialShare, recipeShare, fineTuning, networks, audit } = facts;
  const { train, select } = audit.distinctSplits;
  const imagesPerSecond = Math.max(...networks.map((network) => network.imagesPerSecond));
  const tuning = budget * (1 - recipeShare);
  const fits = fineTuning && trainingFits(tuning, { imagesPerSecond, train, select });
  const recipe = fits ? budget - tuning : budget;
  return { recipe, trials: recipe * trialShare, tuning: budget - recipe };
}

/** Different photographs that are learned from, or that choose and calibrate. */
export function learnedImages({ distinctSplits: splits }: Audit): number {
  return splits.train + splits.select + splits.calibrate;
}

/** Whether no class is rare: equal in size, but for a few photographs. */
export function areEven({ imbalance }: Pick<Audit, "imbalance">): boolean {
  return imbalance < 1.1;
}

export function decide(decision: Partial<Decision> & Pick<Decision, "question" | "choice">): Decision {
  return { reasons: [], refused: [], seconds: null, bytes: null, ...decision };
}

export function unmeasured(what: string, why = "not measured"): Refused {
  return { what, why, event: null };
}
