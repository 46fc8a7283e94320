/** What the rest of assay knows of a spec: a story and typed requirements. */

/** premise: a fact about the input, checked once; hard: must hold; soft: part of the utility. */
export type Role = "premise" | "hard" | "soft";

export type Comparison = ">=" | ">" | "<=" | "<";

/** A number to reach, in the base unit of its kind: fractions for rates, seconds, bytes, counts. */
export interface Target {
  readonly comparison: Comparison;
  readonly value: number;
}

/** Where a requirement is judged: on a split, by the scan, by what verify does with the bundle on its machine, or by the record of the run. */
export type JudgedOn = "scan" | "test" | "calibrate" | "bench" | "run";

export type Quantile = "mean" | "p50" | "p95" | "p99";

/** Every kind of requirement that assay understands. Which are measured is the business of verify. */
export type RequirementKind =
  | "image-count"
  | "class-count"
  | "accuracy"
  | "balanced-accuracy"
  | "macro-f1"
  | "worst-class-recall"
  | "rare-class-recall"
  | "class-recall"
  | "latency"
  | "http-latency"
  | "throughput"
  | "model-size"
  | "peak-memory"
  | "device"
  | "device-memory"
  | "training-time"
  | "overfitting-gap"
  | "calibration-error"
  | "interpretability"
  | "api"
  | "container"
  | "deployment"
  | "documentation"
  | "not-checkable";

export type Unit = "fraction" | "seconds" | "bytes" | "images" | "classes" | "images/s" | "none";

export type List = "constraints" | "rewards" | "penalties" | "goal state";

export interface Requirement {
  /** "C1", "R2", "P3", "G4": the list and the position in it. */
  readonly id: string;
  /** The spec's line exactly, without its list marker. */
  readonly text: string;
  /** 1-based line in the spec file. */
  readonly line: number;
  readonly list: List;
  readonly kind: RequirementKind;
  readonly role: Role;
  readonly target: Target | null;
  readonly unit: Unit;
  readonly judgedOn: JudgedOn;
  /** The estimator that judges it, in the field's words: "accuracy", "p95 of single-image latency" … */
  readonly estimator: string;
  /** Latency only. */
  readonly quantile?: Quantile;
  /** Recall of a named class only: the name as written. */
  readonly className?: string;
  /** Not checkable only: the nearest phrasing that would be. */
  readonly nearest?: string;
}

export interface Story {
  readonly asA: string | null;
  readonly iWant: string | null;
  readonly soThat: string | null;
}

export interface Spec {
  /** The file it came from, or "inferred". */
  readonly source: string;
  /** SHA-256 of the text. */
  readonly hash: string;
  readonly story: Story;
  readonly requirements: readonly Requirement[];
  /** Significance level of all verdicts, 0.05 unless the spec says otherwise. */
  readonly alpha: number;
}
