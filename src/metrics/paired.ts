/** Two recipes on the same images: what one gains over the other, and the noise of that difference. */
import { argmaxRows } from "./classification.js";
import { logitLosses } from "./softmax.js";

/** Gains of the second recipe over the first; positive is better. */
export interface PairedComparison {
  readonly images: number;
  readonly accuracyGain: number;
  readonly accuracyStandardError: number;
  /** In nats. */
  readonly logLossGain: number;
  readonly logLossStandardError: number;
}

/**
 * Compares logits [n, classes] of two recipes on the same images. Only images on which they differ make noise (McNemar 1947), so
 * that differences far below the noise of either accuracy can be seen. Images of one group are not independent: with `groups`
 * their differences are added up before their spread is taken. Errors are infinite where there are not two groups.
 */
export function comparePaired(
  first: Float32Array,
  second: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  groups?: readonly string[],
): PairedComparison {
  const before = logitLosses(first, labels, classes);
  const after = logitLosses(second, labels, classes);
  if (groups && groups.length !== before.length)
    throw new RangeError(`${groups.length} groups for ${before.length} images`);
  const [winnersBefore, winnersAfter] = [argmaxRows(first, classes), argmaxRows(second, classes)];
  const isRight = (winners: Int32Array, image: number): number => (winners[image] === labels[image] ? 1 : 0);
  const hits = before.map((_, image) => isRight(winnersAfter, image) - isRight(winnersBefore, image));
  const losses = before.map((loss, image) => loss - after[image]!);
  const accuracy = clusteredMean(hits, groups);
  const logLoss = clusteredMean(losses, groups);
  return {
    images: before.length,
    accuracyGain: accuracy.mean,
    accuracyStandardError: accuracy.standardError,
    logLossGain: logLoss.mean,
    logLossStandardError: logLoss.standardError,
  };
}

interface Mean {
  readonly mean: number;
  readonly standardError: number;
}

/** Mean and its standard error by the spread of the groups' sums: √(g/(g − 1)·Σ (sum − size·mean)²)/n for g groups. */
function clusteredMean(values: Float64Array, groups: readonly string[] | undefined): Mean {
  const images = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, images);
  const surplus = new Map<string | number, number>();
  for (const [image, value] of values.entries()) {
    const group = groups?.[image] ?? image;
    surplus.set(group, (surplus.get(group) ?? 0) + value - mean);
  }
  const count = surplus.size;
  if (count < 2) return { mean, standardError: Number.POSITIVE_INFINITY };
  const squares = [...surplus.values()].reduce((sum, value) => sum + value * value, 0);
  return { mean, standardError: Math.sqrt((squares * count) / (count - 1)) / images };
}
