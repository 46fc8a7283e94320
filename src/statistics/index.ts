/**
 * Statistics of proof: exact binomial bounds (Clopper and Pearson 1934) and their like for groups (Korn and Graubard 1998), bounds on
 * quantiles and means of timings, sample sizes, the error budget of repeated openings, the bootstrap. Pure functions on numbers.
 * All bounds are one-sided at level `alpha` unless they say otherwise. Numbers outside a function's domain throw a RangeError.
 */
export { betaQuantile, incompleteBeta } from "./beta.js";
export { binomialCdf, binomialLogPmf, binomialTail } from "./binomial.js";
export {
  bootstrapInterval,
  type BootstrapInterval,
  type BootstrapOptions,
  type Judged,
  type Tallies,
  type TallyStatistic,
  tallyStatistics,
} from "./bootstrap.js";
export {
  type Cluster,
  type ClusteredRate,
  clusteredInterval,
  clusteredLower,
  clusteredUpper,
  measureClusters,
} from "./clustered.js";
export { type BoundedRate, differenceBounds } from "./difference.js";
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
export { type QuantileBounds, samplesForUpper, type SeriesBounds, seriesMean, seriesQuantile } from "./series.js";
export { studentInterval, studentQuantile } from "./mean.js";
export { binnedErrorBounds, type BinnedErrorOptions, type Surplus } from "./binned-error.js";
export { imagesToNarrow, type NarrowOptions, usualPower } from "./narrow.js";
export { quantile, quantileLowerBound, quantileUpperBound } from "./quantile.js";
