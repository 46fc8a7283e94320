/**
 * The difference of two independent rates from the bounds of each: G. Y. Zou and A. Donner, "Construction of confidence limits
 * about effect measures: a general approach", Statistics in Medicine 27 (2008); with Wilson's bounds it is method 10 of
 * R. G. Newcombe (1998).
 */
import type { Interval } from "./proportion.js";

export interface BoundedRate extends Interval {
  readonly estimate: number;
}

/** Bounds on a − b, each one-sided at the level of the bounds that went in. Approximate. */
export function differenceBounds(a: BoundedRate, b: BoundedRate): BoundedRate {
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    lower: estimate - Math.hypot(a.estimate - a.lower, b.upper - b.estimate),
    upper: estimate + Math.hypot(a.upper - a.estimate, b.estimate - b.lower),
  };
}
