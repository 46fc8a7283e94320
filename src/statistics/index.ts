/**
 * Statistics of proof: exact binomial bounds (Clopper and Pearson 1934), distribution-free bounds on quantiles, sample sizes,
 * the error budget of repeated openings, the bootstrap. Pure functions on numbers.
 * All bounds are one-sided at level `alpha` unless they say otherwise. Numbers outside a function's domain throw a RangeError.
 */
export { betaQuantile, incompleteBeta } from "./beta.js";
export { binomialCdf, binomialLogPmf, binomialTail } from "./binomial.js";
export { bootstrapInterval, type BootstrapInterval, type BootstrapOptions } from "./bootstrap.js";
export {
  clopperPearsonInterval,
  clopperPearsonLower,
  clopperPearsonUpper,
  type Interval,
  openingAlpha,
  provable,
  testImagesNeeded,
  type TestSizeOptions,
} from "./proportion.js";
export { studentInterval, studentQuantile } from "./mean.js";
export { quantile, quantileLowerBound, quantileUpperBound } from "./quantile.js";
