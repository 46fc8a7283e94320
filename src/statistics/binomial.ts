/** The binomial distribution, accurate in both tails: masses by Loader's saddle point, sums by the incomplete beta function. */
import { incompleteBeta } from "./beta.js";
import { checkTrials, checkUnit } from "./domain.js";
import { logBinomialTerm } from "./loader.js";

/** log P(X = successes) for X ~ Binomial(trials, rate). */
export function binomialLogPmf(successes: number, trials: number, rate: number): number {
  checkTrials(successes, trials);
  checkUnit("rate", rate);
  return logBinomialTerm(successes, trials, rate, 1 - rate);
}

/** P(X ≤ successes) for X ~ Binomial(trials, rate). */
export function binomialCdf(successes: number, trials: number, rate: number): number {
  checkTrials(successes, trials);
  checkUnit("rate", rate);
  return successes === trials ? 1 : incompleteBeta(rate, successes + 1, trials - successes).upper;
}

/** P(X ≥ successes) for X ~ Binomial(trials, rate). */
export function binomialTail(successes: number, trials: number, rate: number): number {
  checkTrials(successes, trials);
  checkUnit("rate", rate);
  return successes === 0 ? 1 : incompleteBeta(rate, successes, trials - successes + 1).lower;
}
