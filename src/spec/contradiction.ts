/** Two lines that cannot both hold: a floor above a ceiling of the same kind on the same split. */
import { Fault } from "../core/index.js";
import { isFloor } from "./comparison.js";
import { kinds } from "./kinds.js";
import type { Requirement } from "./requirement.js";
import { describeTarget } from "./value.js";

/** Throws the fault spec-contradiction for two lines that must hold and cannot both. Soft lines may pull against each other. */
export function checkContradictions(requirements: readonly Requirement[], source: string): void {
  const binding = requirements.filter(({ role, target }) => role !== "soft" && target !== null);
  for (const [index, first] of binding.entries())
    for (const second of binding.slice(index + 1))
      if (sameSubject(first, second) && conflict(first, second)) throw contradiction(first, second, source);
}

function sameSubject(a: Requirement, b: Requirement): boolean {
  return (
    a.kind === b.kind &&
    a.judgedOn === b.judgedOn &&
    a.quantile === b.quantile &&
    a.className?.toLowerCase() === b.className?.toLowerCase()
  );
}

function conflict(a: Requirement, b: Requirement): boolean {
  const [floor, ceiling] = isFloor(a.target!.comparison) ? [a.target!, b.target!] : [b.target!, a.target!];
  if (!isFloor(floor.comparison) || isFloor(ceiling.comparison)) return false;
  const touching = floor.comparison === ">=" && ceiling.comparison === "<=";
  return touching ? floor.value > ceiling.value : floor.value >= ceiling.value;
}

function contradiction(a: Requirement, b: Requirement, source: string): Fault {
  return new Fault("spec-contradiction", {
    what: `${source} lines ${a.line} and ${b.line} cannot both hold`,
    expected: `targets of one ${kinds[a.kind].name} that leave room`,
    got: `${describeTarget(a)} and ${describeTarget(b)}`,
  });
}
