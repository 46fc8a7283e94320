/** Small draws that every painter needs, on top of the seeded generator. */
import type { Random } from "../core/index.js";

/** True with the given probability. */
export function chance(dice: Random, probability: number): boolean {
  return dice.next() < probability;
}

/** Picks a key of a table of weights in proportion to its weight. */
export function weighted<Name extends string>(dice: Random, weights: Readonly<Partial<Record<Name, number>>>): Name {
  const entries = Object.entries(weights) as [Name, number][];
  let left = dice.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  return entries.at(-1)![0];
}

/** `count` values of `make`, in order. */
export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
