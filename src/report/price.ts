/** The price of `met`: for every line that is not met or unproven what would change it, from what was measured and nothing else. */
import type { RequirementKind } from "../spec/index.js";
import type { Evidence, RequirementEvidence } from "../verify/index.js";
import type { ReportExtras } from "./data.js";
import {
  askForLess,
  countMissing,
  deriveGap,
  lacksNumber,
  nameDecider,
  priceCost,
  stateTarget,
} from "./price-bounds.js";
import type { Derive, Option, Price, Surety } from "./price-option.js";
import { priceBootstrapped, priceShare, priceWorstClass } from "./price-quality.js";
import { isMoreBetter } from "./tally.js";

const sureties: readonly Surety[] = ["certain", "likely", "measured effect", "effect not measured"];

/** The prices of all open lines, hard ones first. */
export function priceLines(evidence: Evidence, extras: ReportExtras): Price[] {
  const roles = ["hard", "soft", "premise"];
  return evidence.requirements
    .filter(({ verdict }) => verdict === "not met" || verdict === "unproven")
    .toSorted((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role))
    .map((line) => ({
      line,
      options: optionsOf(line, evidence, extras).toSorted(
        (a, b) => sureties.indexOf(a.surety) - sureties.indexOf(b.surety),
      ),
    }));
}

function optionsOf(line: RequirementEvidence, evidence: Evidence, extras: ReportExtras): readonly Option[] {
  if (line.measured === null) return [];
  if (lacksNumber(line)) return [stateTarget(line)];
  if (line.target === null) return nameDecider(line);
  if (line.unit === "fraction" && isMoreBetter(line) && line.target.value >= 1) return [askForLess(line)];
  const derive = rules[line.kind] ?? deriveGap;
  return derive({ ...line, measured: line.measured, target: line.target }, evidence, extras);
}

const rules: Partial<Readonly<Record<RequirementKind, Derive>>> = {
  accuracy: priceShare,
  "class-recall": priceShare,
  "rare-class-recall": priceShare,
  "worst-class-recall": priceWorstClass,
  "balanced-accuracy": priceBootstrapped,
  "macro-f1": priceBootstrapped,
  "image-count": countMissing,
  "class-count": countMissing,
  latency: priceCost,
  "http-latency": priceCost,
  "training-time": priceCost,
  "peak-memory": priceCost,
  "model-size": priceCost,
};
