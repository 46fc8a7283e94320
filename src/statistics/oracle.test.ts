/** Against scipy 1.17; fixtures/make-scipy-oracle.py wrote the values. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  betaQuantile,
  binomialCdf,
  binomialLogPmf,
  binomialTail,
  clopperPearsonInterval,
  clopperPearsonLower,
  clopperPearsonUpper,
  incompleteBeta,
  provable,
  quantile,
  studentQuantile,
  testImagesNeeded,
} from "./index.js";

type Row = readonly number[];
type Oracle = Readonly<
  Record<
    "logPmf" | "tails" | "exact" | "beta" | "betaQuantile" | "student" | "clopperPearson" | "quantile" | "provable",
    readonly Row[]
  >
> & { readonly samples: Row; readonly testImagesNeeded: readonly Row[] };

const oracle = JSON.parse(readFileSync(new URL("fixtures/scipy.json", import.meta.url), "utf8")) as Oracle;

function expectClose(got: number, wanted: number, relative: number): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(relative * Math.abs(wanted));
}

describe("agrees with scipy", () => {
  it.each(oracle.logPmf)("log mass of %d in %d at %d", (k, n, p, wanted) => {
    expectClose(binomialLogPmf(k, n, p), wanted, 1e-9); // scipy's own error is about 1e-10 at a million trials
  });

  it.each(oracle.tails)("tails at %d of %d at %d", (k, n, p, below, above) => {
    expectClose(binomialCdf(k, n, p), below, 1e-10);
    expectClose(binomialTail(k, n, p), above, 1e-10);
  });

  it.each(oracle.exact)("sums of 60 digits at %d of %d at %d", (k, n, p, mass, below, above) => {
    expectClose(Math.exp(binomialLogPmf(k, n, p)), mass, 1e-12);
    expectClose(binomialCdf(k, n, p), below, 1e-12);
    expectClose(binomialTail(k, n, p), above, 1e-12);
  });

  it.each(oracle.beta)("incomplete beta at %d of (%d, %d)", (x, a, b, lower, upper) => {
    const tails = incompleteBeta(x, a, b);
    expectClose(tails.lower, lower, 1e-12);
    expectClose(tails.upper, upper, 1e-12);
  });

  it.each(oracle.betaQuantile)("beta quantile %d of (%d, %d)", (p, a, b, x) => {
    expectClose(betaQuantile(p, a, b), x, 1e-13);
  });

  it.each(oracle.student)("Student's t exceeded with probability %d at %d degrees", (tail, degrees, t) => {
    expectClose(studentQuantile(1 - tail, degrees), t, 1e-10);
  });

  it.each(oracle.clopperPearson)("bounds of %d in %d at %d", (s, n, alpha, lower, upper) => {
    expectClose(clopperPearsonLower(s, n, alpha), lower, 1e-13);
    expectClose(clopperPearsonUpper(s, n, alpha), upper, 1e-10);
    expect(clopperPearsonInterval(s, n, Math.min(1, 2 * alpha) * 0.999).lower).toBeLessThanOrEqual(lower);
  });

  it.each(oracle.quantile)("type 7 quantile %d", (q, wanted) => {
    expectClose(
      quantile(
        oracle.samples.toSorted((a, b) => a - b),
        q,
      ),
      wanted,
      1e-14,
    );
  });

  it.each(oracle.provable)("%d images prove %d at %d with", (n, target, alpha, wanted) => {
    expect(provable(n, target, alpha)).toBe(wanted);
  });

  it.each(oracle.testImagesNeeded)("images needed at rate %d, target %d, alpha %d, power %d", (...row) => {
    const [rate, target, alpha, power, wanted] = row as [number, number, number, number, number];
    expect(testImagesNeeded({ rate, target, alpha, power })).toBe(wanted);
  });
});
