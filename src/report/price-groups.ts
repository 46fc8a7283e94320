/** Photographs in groups count for fewer: how many are needed then, and the words for it. */
import { formatCount } from "../core/index.js";
import { provable } from "../statistics/index.js";

/** Photographs that were judged, and how many of them count for one where they come in groups. */
export interface Counted {
  readonly n: number;
  readonly designEffect: number;
}

/** So many photographs in groups of the same kind know as much as `independent` ones. */
export function inGroups(independent: number | null, { designEffect }: Counted): number | null {
  return independent === null ? null : Math.ceil(independent * designEffect);
}

/** What photographs in groups count for, as the end of a sentence; nothing where each stands for itself. */
export function sayGroups({ n, designEffect }: Counted, independent: number | null = null): string {
  if (designEffect === 1) return "";
  const alone = independent === null ? "" : `; of photographs without groups ${formatCount(independent)} would do`;
  return `, which come in groups and count for ${formatCount(Math.floor(n / designEffect))}${alone}`;
}

/**
 * How many of these photographs would have to be right to prove a target; null where all would not do. Approximate for groups: it
 * takes the design effect that was observed.
 */
export function neededRight({ n, designEffect }: Counted, target: number, alpha: number): number | null {
  const effective = Math.floor(n / designEffect);
  const needed = effective === 0 ? null : provable(effective, target, alpha);
  return needed === null ? null : Math.ceil((n * needed) / effective);
}
