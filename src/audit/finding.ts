/** What the audit says: findings with their evidence, and the table of classes. */
import type { Layout, SplitName } from "../dataset/index.js";

/** info: taken care of, nothing to do; warning: it costs something; error: the result cannot be trusted before it is mended. */
export type Severity = "info" | "warning" | "error";

/** certain: read off the files; likely: follows from a rule of thumb that may be wrong here. */
export type Certainty = "certain" | "likely";

export interface Finding {
  /** One of `findingIds`. */
  readonly id: string;
  readonly severity: Severity;
  readonly certainty: Certainty;
  /** How many files, or classes where the finding is about classes. */
  readonly count: number;
  /** All files it is about, relative to the scanned folder. */
  readonly files: readonly string[];
  /** All classes it is about, where it is about classes. */
  readonly classes: readonly string[];
  /** The first five, quoted, each with what is particular to it. */
  readonly examples: readonly string[];
  /** One sentence: what was found. */
  readonly text: string;
  /** One sentence: what it costs. */
  readonly cost: string;
  /** What to do about it. */
  readonly remedy: string;
}

export type SplitCounts = Readonly<Record<SplitName, number>>;

export interface ClassSummary {
  readonly label: string;
  /** Readable photographs, copies included. */
  readonly images: number;
  readonly splits: SplitCounts;
  /** The same with copies counted once, as lines are judged. */
  readonly distinctSplits: SplitCounts;
  /** Balanced weight n/(k·n_c): how much more a photograph of this class would count if all classes counted alike. */
  readonly weight: number;
}

export interface Audit {
  readonly schema: 1;
  /** Absolute path of the scanned folder. */
  readonly root: string;
  readonly layout: Layout;
  readonly images: number;
  /** Different pictures, copies counted once. */
  readonly distinct: number;
  readonly bytes: number;
  readonly splits: SplitCounts;
  /** The same with copies counted once, as lines are judged. */
  readonly distinctSplits: SplitCounts;
  readonly classes: readonly ClassSummary[];
  /** Largest class over smallest. */
  readonly imbalance: number;
  readonly findings: readonly Finding[];
}
