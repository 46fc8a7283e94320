/** What the price of a line is made of. */
import type { Evidence, RequirementEvidence } from "../verify/index.js";
import type { ReportExtras } from "./data.js";

/** How sure it is that an option changes the verdict; options are ranked by it. */
export type Surety = "certain" | "likely" | "measured effect" | "effect not measured";

/** One thing that would change a verdict. */
export interface Option {
  readonly surety: Surety;
  /** What to do, and how much of it. */
  readonly what: string;
  /** What that number rests on, and how uncertain it is. */
  readonly why: string;
}

/** A line that is not met or unproven with its options, the surest first. */
export interface Price {
  readonly line: RequirementEvidence;
  readonly options: readonly Option[];
}

/** The options of a line that was measured and has a target. */
export type Derive = (line: Measured, evidence: Evidence, extras: ReportExtras) => readonly Option[];

/** Such a line. */
export type Measured = RequirementEvidence & {
  readonly measured: number;
  readonly target: NonNullable<RequirementEvidence["target"]>;
};
