/** Quantiles of Student's t distribution, from the incomplete beta function (DLMF 8.17; Abramowitz and Stegun 26.7.1). */
import { betaQuantile } from "./beta.js";
import { checkOpenUnit } from "./domain.js";

/** The t that is exceeded with probability `tail`, for any positive degrees of freedom. */
export function studentQuantile(tail: number, degrees: number): number {
  checkOpenUnit("tail", tail);
  if (!(degrees > 0)) throw new RangeError(`degrees of freedom must be positive, got ${degrees}`);
  if (tail > 0.5) return -studentQuantile(1 - tail, degrees);
  // P(|T| > t) = I_x(ν/2, 1/2) with x = ν / (ν + t²).
  const x = betaQuantile(2 * tail, degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}
