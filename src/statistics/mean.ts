/** What a sample proves about the mean of what it was drawn from: Student (W. S. Gosset), Biometrika 6 (1908). */
import { betaQuantile } from "./beta.js";
import type { BootstrapInterval } from "./bootstrap.js";
import { checkCount, checkOpenUnit } from "./domain.js";

/** The quantile of Student's t distribution with so many degrees of freedom. */
export function studentQuantile(probability: number, degrees: number): number {
  checkOpenUnit("probability", probability);
  checkCount("degrees", degrees, 1);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  // P(|T| > t) = I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t²).
  const x = betaQuantile(2 * (1 - probability), degrees / 2, 0.5);
  return Math.sqrt(degrees * (1 / x - 1));
}

/**
 * The mean with bounds, each one-sided at level `alpha`: exact for samples of a normal distribution, approximate for others.
 * Fewer than two samples bound nothing.
 */
export function studentInterval(samples: readonly number[], alpha: number): BootstrapInterval {
  checkOpenUnit("alpha", alpha);
  checkCount("the number of samples", samples.length, 1);
  const n = samples.length;
  const estimate = samples.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { estimate, lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  const variance = samples.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / (n - 1);
  const reach = studentQuantile(1 - alpha, n - 1) * Math.sqrt(variance / n);
  return { estimate, lower: estimate - reach, upper: estimate + reach };
}
