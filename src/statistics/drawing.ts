/** Drawing many outcomes at once: the number of the commonest one from a table of the binomial distribution, the others one by one. */
import type { Random } from "../core/index.js";
import { binomialLogPmf } from "./binomial.js";

/** Draws a number. */
export type Draw = (random: Random) => number;

/** Masses below this share of the largest are left out. */
const negligible = 1e-18;

/** A sampler of how often something of probability `rate` happens in `trials`. */
export function binomialDraw(trials: number, rate: number): Draw {
  if (trials === 0 || rate <= 0) return () => 0;
  if (rate >= 1) return () => trials;
  const mode = Math.min(trials, Math.floor((trials + 1) * rate));
  const odds = rate / (1 - rate);
  const largest = Math.exp(binomialLogPmf(mode, trials, rate));
  const below: number[] = [];
  const above: number[] = [];
  for (let k = mode, mass = largest; k > 0 && mass > largest * negligible; k--)
    below.push((mass *= k / (trials - k + 1) / odds));
  for (let k = mode, mass = largest; k < trials && mass > largest * negligible; k++)
    above.push((mass *= ((trials - k) / (k + 1)) * odds));
  const draw = weightedDraw([...below.toReversed(), largest, ...above]);
  const first = mode - below.length;
  return (random) => first + draw(random);
}

/** A sampler of indices by weight, in constant time: A. J. Walker's aliases (ACM TOMS 3, 1977), set up as M. D. Vose does (1991). */
function weightedDraw(weights: readonly number[]): Draw {
  const count = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = Float64Array.from(weights, (weight) => (weight * count) / total);
  const alias = Int32Array.from(weights, (_, i) => i);
  const small = [...shares.keys()].filter((i) => shares[i]! < 1);
  const large = [...shares.keys()].filter((i) => shares[i]! >= 1);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!;
    const rich = large.at(-1)!;
    alias[poor] = rich;
    shares[rich]! -= 1 - shares[poor]!;
    if (shares[rich]! < 1) small.push(large.pop()!);
  }
  for (const left of [...small, ...large]) shares[left] = 1; // but for rounding they are
  return ({ next }) => {
    const ticket = next() * count;
    const index = Math.floor(ticket);
    return ticket - index < shares[index]! ? index : alias[index]!;
  };
}

/**
 * Draws outcomes with these weights, `draws` of them, and tells how often each came. Put the likeliest first: all its draws cost
 * one number.
 */
export function multinomialDraw(
  weights: readonly number[],
  draws: number,
): (random: Random, tell: (outcome: number, times: number) => void) => void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const first = binomialDraw(draws, total === 0 ? 0 : weights[0]! / total);
  const rest = weights.length > 1 ? weightedDraw(weights.slice(1)) : null;
  return (random, tell) => {
    const often = first(random);
    if (often > 0) tell(0, often);
    if (rest !== null) for (let i = often; i < draws; i++) tell(1 + rest(random), 1);
  };
}
