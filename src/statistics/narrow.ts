/** How many photographs would decide what bounds leave open, where these narrow as the square root of the number. */
import { studentQuantile } from "./mean.js";

export interface NarrowOptions {
  /** Photographs, or whatever the bounds are of. */
  readonly n: number;
  /** From what was measured to the bound on the target's side. */
  readonly reach: number;
  /** From what was measured to the target; not positive where the target is not reached. */
  readonly margin: number;
  /** Of the bound. */
  readonly alpha: number;
  /** Wanted probability that so many decide, were what was measured the truth. */
  readonly power: number;
}

/** To two digits; null where no number would do. */
export function imagesToNarrow({ n, reach, margin, alpha, power }: NarrowOptions): number | null {
  if (margin <= 0) return null;
  const ratio = 1 + Math.max(0, normal(power)) / normal(1 - alpha);
  return Math.max(n, Number((n * ((ratio * reach) / margin) ** 2).toPrecision(2)));
}

/** Quantile of the normal distribution: Student's, of so many degrees of freedom. */
const normal = (probability: number): number => studentQuantile(probability, 1e6);
