/** Requirement → verdict, from what the rule of its kind found. */
import { capitalize, formatCount, formatPercent } from "../core/index.js";
import {
  describeTarget,
  formatValue,
  isFloor,
  type Requirement,
  type RequirementKind,
  satisfies,
  type Target,
} from "../spec/index.js";
import { imagesToNarrow, usualPower } from "../statistics/index.js";
import type { RequirementEvidence, Verdict } from "./evidence.js";
import { type Finding, freshLevel, type Levels, type Measurements } from "./finding.js";
import { rules } from "./rules.js";

/**
 * Judges one line of the spec. A line that gives no number ("Slow inference") is read with that of another of the same kind among
 * `lines` ("Inference time < 100 ms"), where there is one.
 */
export function judge(
  line: Requirement,
  measured: Measurements,
  levels: Levels,
  lines: readonly Requirement[] = [],
): RequirementEvidence {
  const lender = line.target === null ? lines.find((other) => lends(other, line)) : undefined;
  const read = lender ? { ...line, target: lender.target } : line;
  const finding = rules[read.kind](measured, read, levels);
  const judged = decide(read, finding);
  const isOver = isSpent(read, finding, levels);
  const verdict = isOver && judged === "met" ? "unproven" : judged;
  const decides = verdict === "unproven" && !isOver ? whatDecides(read, finding, levels) : null;
  return {
    id: read.id,
    text: read.text,
    kind: read.kind,
    role: read.role,
    target: read.target,
    unit: read.unit,
    split: read.judgedOn,
    estimator: read.estimator,
    measured: finding.measured,
    lower: finding.lower,
    upper: finding.upper,
    alpha: finding.alpha ?? levels.spec,
    n: finding.n,
    ...(finding.designEffect === undefined ? {} : { designEffect: finding.designEffect }),
    verdict,
    evidence: explain(read, finding, decides, levels, lender),
    ...(decides === null ? {} : { decides }),
  };
}

/** Whether a line asks the same question and gives a number. */
function lends(other: Requirement, line: Requirement): boolean {
  const same = (["kind", "judgedOn", "quantile", "className"] as const).every((field) => other[field] === line[field]);
  return same && other.target !== null;
}

/** met when the bound on the unfavorable side reaches the target; not met when the one on the favorable side does not. */
function decide(line: Requirement, finding: Finding): Verdict {
  const { measured, lower, upper, holds } = finding;
  const target = targetOf(line, finding);
  if (line.kind === "not-checkable") return "not checkable";
  if (target === null && typeof holds === "boolean") return holds ? "met" : "not met";
  if (measured === null || target === null) return "unproven";
  const [unfavorable, favorable] = isFloor(target.comparison) ? [lower, upper] : [upper, lower];
  if (unfavorable !== null && satisfies(unfavorable, target)) return "met";
  if (favorable !== null && !satisfies(favorable, target)) return "not met";
  return "unproven";
}

/** Whether a line rests on test photographs whose mistakes were shown. */
function isSpent({ judgedOn }: Requirement, { measured }: Finding, { spentAt }: Levels): boolean {
  return spentAt !== null && judgedOn === "test" && measured !== null;
}

/** The line's own number, or what its kind is judged against. */
function targetOf(line: Requirement, finding: Finding): Target | null {
  return line.target ?? finding.target ?? null;
}

function explain(
  line: Requirement,
  finding: Finding,
  decides: string | null,
  levels: Levels,
  lender: Requirement | undefined,
): string {
  if (line.kind === "not-checkable")
    return line.nearest
      ? `No check exists for such a line; the nearest that has one: “${line.nearest}”.`
      : sentence(finding.basis);
  const parts = [finding.basis];
  if (lender) parts.push(`the line gives no number and is read with that of ${lender.id}, “${lender.text}”`);
  if (isSpent(line, finding, levels))
    parts.push(
      `spent test: the mistakes on these photographs were shown on ${levels.spentAt!.slice(0, 10)}, so they prove nothing any more; fresh photographs would`,
    );
  else if (decides !== null) parts.push(decides);
  const { opening, test } = levels;
  if (opening > 1 && line.judgedOn === "test" && finding.measured !== null)
    parts.push(
      `reused test: opening ${opening} of these photographs, judged at ${test.toPrecision(2)}; fresh photographs would restore the full level`,
    );
  return sentence(parts.join("; "));
}

/** Why a line is open, and what would decide it; null where nobody knows. */
function whatDecides(line: Requirement, finding: Finding, levels: Levels): string | null {
  if (finding.measured === null) return finding.decides ?? null;
  const target = targetOf(line, finding);
  if (target === null) return "the line gives no target to prove";
  const asked = describeTarget({ target, unit: line.unit });
  if (isBeyondProof(target, line)) return `no number of photographs, and no model, can prove ${asked}: ${beyondProof}`;
  return finding.decides ?? whatNarrows(line, finding, target, levels);
}

/** Lines whose number of timings verify fixes itself, by their seconds. */
export const timedKinds: ReadonlySet<RequirementKind> = new Set([
  "latency",
  "http-latency",
  "throughput",
  "training-time",
]);

/** How many photographs would decide, as far as bounds narrow with their number. */
function whatNarrows(line: Requirement, finding: Finding, target: Target, levels: Levels): string {
  const { measured, lower, upper, n, alpha = levels.spec } = finding;
  const open = `the bounds ${boundsText(line, finding)} do not decide ${describeTarget({ target, unit: line.unit })}`;
  const [bound, sign] = isFloor(target.comparison) ? [lower, 1] : [upper, -1];
  if (measured === null || bound === null || n === null) return open;
  const margin = sign * (measured - target.value);
  if (timedKinds.has(line.kind))
    return `${open}: ${margin > 0 ? "a machine with nothing else to do may" : "a faster model or machine would"}`;
  const needed = imagesToNarrow({
    n,
    reach: Math.abs(measured - bound),
    margin,
    alpha,
    freshAlpha: freshLevel(line, levels),
    isPerfect: line.unit === "fraction" && measured === 1,
  });
  const seen = formatValue(measured, line.unit);
  if (needed === null) return `${open}: at ${seen} no number of photographs would prove it, a better model would`;
  return `${open}: about ${formatCount(needed)} fresh photographs would prove it with ${formatPercent(usualPower, 0)} power if ${seen} is the truth, ${formatCount(n)} were judged`;
}

/** A share of 100 %: the lower bound of n right of n lies below it, however large n. */
function isBeyondProof({ comparison, value }: Target, { unit }: Requirement): boolean {
  return unit === "fraction" && isFloor(comparison) && value >= 1;
}

const beyondProof = "photographs can only refute it, as those not seen may hold a mistake; ask for less, such as 99 %";

function boundsText(line: Requirement, { lower, upper }: Finding): string {
  const show = (value: number | null): string => (value === null ? "unknown" : formatValue(value, line.unit));
  return `${show(lower)} to ${show(upper)}`;
}

function sentence(text: string): string {
  return `${capitalize(text)}${text.endsWith(".") ? "" : "."}`;
}
