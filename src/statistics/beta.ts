/** The regularized incomplete beta function I_x(a, b) by its continued fraction (DLMF 8.17.22, modified Lentz), and its inverse. */
import { checkUnit } from "./domain.js";
import { logBinomialTerm } from "./loader.js";

/** Both tails of a Beta(a, b) distribution at x, each to full relative accuracy. */
export interface BetaTails {
  /** I_x(a, b) */
  readonly lower: number;
  /** 1 − I_x(a, b) */
  readonly upper: number;
}

/** I_x(a, b) and its complement for 0 ≤ x ≤ 1, a > 0, b > 0. */
export function incompleteBeta(x: number, a: number, b: number): BetaTails {
  checkUnit("x", x);
  if (!(a > 0 && b > 0)) throw new RangeError(`a and b must be positive, got ${a} and ${b}`);
  if (x === 0) return { lower: 0, upper: 1 };
  if (x === 1) return { lower: 1, upper: 0 };
  const y = 1 - x;
  const front = Math.exp(logBinomialTerm(a, a + b, x, y)); // x^a y^b / B(a, b) · (a + b) / (a b)
  if (x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, (front * b * continuedFraction(x, a, b)) / (a + b));
    return { lower, upper: 1 - lower };
  }
  const upper = Math.min(1, (front * a * continuedFraction(y, b, a)) / (a + b));
  return { lower: 1 - upper, upper };
}

/** The x with I_x(a, b) = probability, by Newton's method kept inside a shrinking bracket. */
export function betaQuantile(probability: number, a: number, b: number): number {
  checkUnit("probability", probability);
  if (probability === 0 || probability === 1) return probability;
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  for (let i = 0; i < 200; i++) {
    const excess = incompleteBeta(x, a, b).lower - probability;
    if (excess === 0) return x;
    if (excess > 0) high = x;
    else low = x;
    const density = (Math.exp(logBinomialTerm(a, a + b, x, 1 - x)) * a * b) / ((a + b) * x * (1 - x));
    const newton = x - excess / density;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 2 ** -52 * x || next === low || next === high) return next;
    x = next;
  }
  return x;
}

/** The fraction 1/(1+ d₁/(1+ d₂/(1+ …))) of I_x(a, b). It needs about √max(a, b) terms near the mean. */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  const limit = 1000 + 50 * Math.sqrt(a + b);
  for (let m = 1; m < limit; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 2 ** -52) return fraction;
  }
  throw new RangeError(`the continued fraction of I_${x}(${a}, ${b}) does not converge`);
}
