/** C. Loader, "Fast and accurate computation of binomial probabilities" (2000): no cancellation however many trials. */

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * log of Γ(n+1) / (Γ(x+1) Γ(n−x+1)) · p^x q^(n−x) for real 0 ≤ x ≤ n. `q` = 1 − p is given apart, since the caller may know it
 * more exactly.
 */
export function logBinomialTerm(x: number, n: number, p: number, q: number): number {
  if (p === 0) return x === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (q === 0) return x === n ? 0 : Number.NEGATIVE_INFINITY;
  if (x === 0) return n * logOf(q, p);
  if (x === n) return n * logOf(p, q);
  const rest = n - x;
  const corrections = stirlingError(n) - stirlingError(x) - stirlingError(rest);
  const deviance = devianceTerm(x, n * p) + devianceTerm(rest, n * q);
  return corrections - deviance - halfLogTwoPi + 0.5 * Math.log(n / x / rest);
}

/** log(value), from its complement where that is the more exact number. */
function logOf(value: number, complement: number): number {
  return value > 0.5 ? Math.log1p(-complement) : Math.log(value);
}

/** log Γ(n+1) − ((n + ½) log n − n + ½ log 2π), the error of Stirling's formula, for n > 0. */
function stirlingError(n: number): number {
  let shift = 0;
  // The series below needs n ≥ 16: climb there by error(n) = error(n+1) + (n + ½) log(1 + 1/n) − 1.
  for (; n < 16; n++) shift += (n + 0.5) * Math.log1p(1 / n) - 1;
  const r = 1 / (n * n);
  return shift + (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - r / 1188) * r) * r) * r) / n;
}

/** x log(x/m) + m − x, by its series where x and m are close and the terms would cancel. */
function devianceTerm(x: number, m: number): number {
  const difference = x - m;
  if (Math.abs(difference) >= 0.1 * (x + m)) return x * Math.log(x / m) - difference;
  const v = difference / (x + m);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}
