/** Drawing many outcomes at once: the number of the commonest one from a table of the binomial distribution, the others one by one. */
import type { Random } from "../core/index.js";
import { binomialLogPmf } from "./binomial.js";
import { smallest } from "./search.js";

/** Draws how often something of probability `rate` happens in `trials`. */
export type BinomialDraw = (random: Random) => number;

/** Masses below this share of the largest are left out. */
const negligible = 1e-18;

/** A sampler of Binomial(trials, rate) by inversion. */
export function binomialDraw(trials: number, rate: number): BinomialDraw {
  if (trials === 0 || rate <= 0) return () => 0;
  if (rate >= 1) return () => trials;
  const mode = Math.min(trials, Math.floor((trials + 1) * rate));
  const odds = rate / (1 - rate);
  const masses = [Math.exp(binomialLogPmf(mode, trials, rate))];
  const least = masses[0]! * negligible;
  let first = mode;
  for (let mass = masses[0]!; first > 0 && mass > least; first--) {
    mass *= first / (trials - first + 1) / odds;
    masses.unshift(mass);
  }
  for (let k = mode, mass = masses.at(-1)!; k < trials && mass > least; k++) {
    mass *= ((trials - k) / (k + 1)) * odds;
    masses.push(mass);
  }
  return fromTable(first, masses);
}

function fromTable(first: number, masses: readonly number[]): BinomialDraw {
  let sum = 0;
  const sums = Float64Array.from(masses, (mass) => (sum += mass));
  return (random) => {
    const ticket = random.next() * sum;
    return first + smallest(0, sums.length - 1, (i) => sums[i]! > ticket);
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
  let sum = 0;
  const sums = Float64Array.from(weights.slice(1), (weight) => (sum += weight));
  return (random, tell) => {
    const often = first(random);
    if (often > 0) tell(0, often);
    for (let i = often; i < draws && sums.length > 0; i++) {
      const ticket = random.next() * sum;
      tell(1 + smallest(0, sums.length - 1, (at) => sums[at]! > ticket), 1);
    }
  };
}
