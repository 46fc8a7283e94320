/** One row of the table of kinds, and the ranges that rows share. */
import type { Dimension } from "./quantity.js";
import type { Comparison, JudgedOn, Quantile, RequirementKind, Target, Unit } from "./requirement.js";

/** The possible values of a target. `above` excludes its end, `from` and `to` include it. */
export interface Range {
  readonly above?: number;
  readonly from?: number;
  readonly to?: number;
}

export interface KindRow {
  /** As people call it. */
  readonly name: string;
  /** All of these must be found in the words … */
  readonly has: readonly RegExp[];
  /** … and none of these. */
  readonly lacks?: readonly RegExp[];
  /** The line is of this kind only with a number of this dimension in it. */
  readonly only?: Dimension;
  readonly unit: Unit;
  /** Where the line does not say. */
  readonly comparison: Comparison;
  /** Whether a hard line needs a number. */
  readonly needsTarget: boolean;
  /** Where a line gives no number. */
  readonly defaultTarget?: Target;
  /** Null where the kind takes no number. */
  readonly range: Range | null;
  /** A fact about the input, checked once. */
  readonly premise?: true;
  readonly judgedOn: JudgedOn;
  /** What the line must name, read from its words; null where it names nothing. */
  readonly subject?: (words: string) => string | null;
  /** A line of it says which quantile, p95 where unsaid. */
  readonly quantile?: true;
  /** In the line of another kind its number only describes the setting ("95 % accuracy on 20 classes"). */
  readonly context?: true;
  /** "Validation …" moves the line from test to calibrate. */
  readonly splits?: true;
  /** A wording that gives the complement: an error rate for accuracy. */
  readonly complement?: RegExp;
  readonly estimator: (quantile: Quantile) => string;
  /** Words of lines that mean something like it, for the nearest phrasing of what is not checkable. */
  readonly near: RegExp;
  /** Lines as people write them; the first is the nearest phrasing offered. docs/spec.md shows them all. */
  readonly examples: readonly [string, ...string[]];
}

/** Some of the kinds, in order of precedence. */
export type KindRows<Kind extends RequirementKind> = Readonly<Record<Kind, KindRow>>;

/** A share that cannot be nothing. */
export const rate: Range = { above: 0, to: 1 };
export const positive: Range = { above: 0 };

/** Graphics processors and their memory. */
export const gpu =
  /(?<!(?<!\p{L})(?:no|without|without\s+an?)\s+)(?<!\p{L})(?:GPU|VRAM|CUDA|graphics\s+(?:card|memory)|video\s+memory|device\s+memory|accelerator)s?(?!\p{L})/iu;

/** Learning, as against predicting. */
export const training = /(?<!\p{L})(?:train(?:s|ed|ing)?|retrain\p{L}*|fine-?tun\p{L}+)(?!\p{L})/iu;

/** Whether a line about a device asks for a graphics processor; "without a GPU" does not. */
export function asksForGpu(text: string): boolean {
  return gpu.test(text);
}
