/** Requirement → verdict, from what the rule of its kind found. */
import { describeTarget, formatValue, isFloor, type Requirement, satisfies } from "../spec/index.js";
import type { RequirementEvidence, Verdict } from "./evidence.js";
import { type Finding, type Levels, type Measurements, rules } from "./rules.js";

/** Judges one line of the spec. */
export function judge(line: Requirement, measured: Measurements, levels: Levels): RequirementEvidence {
  const finding = rules[line.kind](measured, line, levels);
  const verdict = decide(line, finding);
  return {
    id: line.id,
    text: line.text,
    kind: line.kind,
    role: line.role,
    target: line.target,
    unit: line.unit,
    split: line.judgedOn,
    estimator: line.estimator,
    measured: finding.measured,
    lower: finding.lower,
    upper: finding.upper,
    alpha: finding.alpha ?? levels.spec,
    n: finding.n,
    verdict,
    evidence: explain(line, finding, verdict, levels),
  };
}

/** met when the bound on the unfavorable side reaches the target; not met when the one on the favorable side does not. */
function decide(line: Requirement, finding: Finding): Verdict {
  const { measured, lower, upper } = finding;
  const target = line.target ?? finding.target ?? null;
  if (line.kind === "not-checkable") return "not checkable";
  if (measured === null || target === null) return "unproven";
  const [unfavorable, favorable] = isFloor(target.comparison) ? [lower, upper] : [upper, lower];
  if (unfavorable !== null && satisfies(unfavorable, target)) return "met";
  if (favorable !== null && !satisfies(favorable, target)) return "not met";
  return "unproven";
}

function explain(line: Requirement, finding: Finding, verdict: Verdict, levels: Levels): string {
  if (line.kind === "not-checkable")
    return line.nearest
      ? `No check exists for such a line; the nearest that has one: “${line.nearest}”.`
      : sentence(finding.basis);
  const parts = [finding.basis];
  const target = line.target ?? finding.target ?? null;
  if (finding.measured !== null && target === null) parts.push("the line gives no target to prove");
  if (verdict === "unproven" && finding.measured !== null && target !== null)
    parts.push(
      finding.decides ??
        `the bounds ${boundsText(line, finding)} do not decide ${describeTarget({ target, unit: line.unit })}`,
    );
  if (levels.opening > 1 && line.judgedOn === "test" && finding.measured !== null)
    parts.push(
      `reused test: opening ${levels.opening} of these photographs, judged at ${levels.test.toPrecision(2)}; fresh photographs would restore the full level`,
    );
  return sentence(parts.join("; "));
}

function boundsText(line: Requirement, { lower, upper }: Finding): string {
  const show = (value: number | null): string => (value === null ? "unknown" : formatValue(value, line.unit));
  return `${show(lower)} to ${show(upper)}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
