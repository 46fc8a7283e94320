/** What the verdicts come to: counts, the one-line summary, the exit code, and which bound decides a line. */
import type { Role } from "../spec/index.js";
import type { Evidence, RequirementEvidence, Verdict } from "../verify/index.js";

/** The verdicts in the order in which they are told. */
export const verdictOrder: readonly Verdict[] = ["met", "not met", "unproven", "not checkable"];

/** The bound that a verdict rests on. */
export interface DecidingBound {
  readonly side: "lower" | "upper";
  readonly value: number;
}

/** How many lines of a role have each verdict. */
export function countVerdicts(evidence: Evidence, role: Role): Readonly<Record<Verdict, number>> {
  const counts = { met: 0, "not met": 0, unproven: 0, "not checkable": 0 };
  for (const line of evidence.requirements) if (line.role === role) counts[line.verdict]++;
  return counts;
}

/** One line: "5 of 6 hard requirements met; 1 unproven"; the result of a run in a sentence. */
export function summarize(evidence: Evidence): string {
  const counts = countVerdicts(evidence, "hard");
  const total = verdictOrder.reduce((sum, verdict) => sum + counts[verdict], 0);
  if (total === 0) return "the spec has no hard requirement";
  const requirements = total === 1 ? "hard requirement" : "hard requirements";
  const rest = verdictOrder.slice(1).filter((verdict) => counts[verdict] > 0);
  return [
    `${counts.met} of ${total} ${requirements} met`,
    ...rest.map((verdict) => `${counts[verdict]} ${verdict}`),
  ].join("; ");
}

/** 0: every hard requirement is met; 3: some hard one is not met; 4: none unmet, but some unproven or not checkable. Premises and soft lines do not count. */
export function exitCode(evidence: Evidence): 0 | 3 | 4 {
  const counts = countVerdicts(evidence, "hard");
  if (counts["not met"] > 0) return 3;
  return counts.unproven + counts["not checkable"] > 0 ? 4 : 0;
}

/** The bound that decides a line: the one on the side of its target, or the other where that shows the target missed; null where there is none or the measurement is exact. */
export function decidingBound(line: RequirementEvidence): DecidingBound | null {
  if (line.target === null || isExact(line)) return null;
  const more = isMoreBetter(line);
  const side = more === (line.verdict === "not met") ? "upper" : "lower";
  const value = line[side];
  return value === null ? null : { side, value };
}

/** Whether chance has no part in the measurement (a count, a size): it is both of its own bounds. */
export function isExact({ measured, lower, upper }: RequirementEvidence): boolean {
  return measured !== null && lower === measured && upper === measured;
}

/** Whether larger values are better for this line. */
export function isMoreBetter(line: Pick<RequirementEvidence, "target">): boolean {
  return line.target === null || line.target.comparison.startsWith(">");
}
