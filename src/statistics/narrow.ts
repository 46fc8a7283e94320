/** How many photographs would decide what bounds leave open, as these narrow with the number. */
import { studentQuantile } from "./mean.js";

/** The probability with which a number of photographs that is named shall prove a line, were what was measured the truth. */
export const usualPower = 0.8;

export interface NarrowOptions {
  /** Photographs that the bounds are of. */
  readonly n: number;
  /** From what was measured to the bound on the target's side. */
  readonly reach: number;
  /** From what was measured to the target; not positive where the target is not reached. */
  readonly margin: number;
  /** Of the bound. */
  readonly alpha: number;
  /** Level at which fresh photographs are judged; that of the bound unless given. */
  readonly freshAlpha?: number;
  readonly power?: number;
  /** Nothing was wrong: then nothing varies, and the bound comes nearer as 1/n. */
  readonly isPerfect?: boolean;
}

/** To two digits; null where no number would do. Bounds narrow as 1/√n unless nothing was wrong. */
export function imagesToNarrow(options: NarrowOptions): number | null {
  const { n, reach, margin, alpha, freshAlpha = alpha, power = usualPower, isPerfect = false } = options;
  if (margin <= 0) return null;
  const ratio = (normal(1 - freshAlpha) + normal(power)) / normal(1 - alpha);
  const times = isPerfect ? reach / margin : ((ratio * reach) / margin) ** 2;
  return Number(Math.max(n, n * times).toPrecision(2));
}

/** Quantile of the normal distribution: Student's, of so many degrees of freedom. */
const normal = (probability: number): number => studentQuantile(probability, 1e6);
