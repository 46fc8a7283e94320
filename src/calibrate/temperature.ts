/** One number that divides all logits, so that the likelihood of held-out labels is the largest. */
import { logitLosses } from "../metrics/index.js";

export interface TemperatureFit {
  /** Divide logits by it before the softmax; above 1 the network was too sure of itself. */
  readonly temperature: number;
  /** Mean negative log-likelihood at temperature 1, in nats. */
  readonly nllBefore: number;
  readonly nllAfter: number;
}

/** Temperatures are kept in here: where every row is right the best would be 0, where labels are noise it would be infinite. */
export const temperatureRange = { lowest: 0.05, highest: 20 } as const;

/** Value and derivatives of the mean loss with respect to the inverse temperature. */
interface Curve {
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
}

/**
 * The temperature of least negative log-likelihood for logits [n, classes] and their labels: a convex problem in 1/T, by Newton's
 * method inside a shrinking bracket. No rows give 1. Throws a RangeError for logits that are not finite.
 *
 * `smoothing` is the share of each target that is spread over the other classes. With 1/(n + 2) for n rows (Platt 1999) no more
 * certainty is claimed than n rows can show: where all of them are right, the best temperature would otherwise be 0.
 */
export function fitTemperature(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  smoothing = 0,
): TemperatureFit {
  if (!logits.every(Number.isFinite)) throw new RangeError("logits must be finite");
  const rows = logitLosses(logits, labels, classes).length; // checks the shapes, too
  if (rows === 0) return { temperature: 1, nllBefore: 0, nllAfter: 0 };
  const measure = (inverse: number): Curve => measureCurve(logits, labels, classes, inverse, smoothing);
  const before = measure(1);
  const inverse = minimizeConvex(measure, before);
  const after = measure(inverse);
  // Rounding must not make it worse than leaving it alone.
  return after.value < before.value
    ? { temperature: 1 / inverse, nllBefore: before.value, nllAfter: after.value }
    : { temperature: 1, nllBefore: before.value, nllAfter: before.value };
}

function minimizeConvex(measure: (inverse: number) => Curve, first: Curve): number {
  if (first.slope === 0) return 1;
  const end = first.slope < 0 ? 1 / temperatureRange.lowest : 1 / temperatureRange.highest;
  if (measure(end).slope * first.slope >= 0) return end;
  let [low, high] = end < 1 ? [end, 1] : [1, end];
  let at = 1;
  let curve = first;
  for (let i = 0; i < 100 && curve.slope !== 0; i++) {
    if (curve.slope > 0) high = at;
    else low = at;
    const newton = at - curve.slope / curve.curvature;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - at) < 1e-9 * at) return next;
    at = next;
    curve = measure(at);
  }
  return at;
}

/** Loss log Σ exp(βz) − βt, t the target's logit: its slope is E[z] − t and its curvature Var[z] under the softmax of βz. */
function measureCurve(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  inverse: number,
  smoothing: number,
): Curve {
  const rows = logits.length / classes;
  let value = 0;
  let slope = 0;
  let curvature = 0;
  for (let row = 0; row < rows; row++) {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const largest = z.reduce((a, b) => Math.max(a, b));
    const { sum, first, second } = moments(z, largest, inverse);
    const own = targetLogit(z, labels[row]!, smoothing) - largest;
    value += Math.log(sum) - inverse * own;
    slope += first - own;
    curvature += Math.max(0, second - first * first);
  }
  return { value: value / rows, slope: slope / rows, curvature: curvature / rows };
}

/** The logit that a target pulls up: the label's, less the share that the other classes get. */
function targetLogit(z: Float32Array, label: number, smoothing: number): number {
  const own = z[label]!;
  if (smoothing === 0 || z.length < 2) return own;
  const others = (z.reduce((sum, value) => sum + value, 0) - own) / (z.length - 1);
  return (1 - smoothing) * own + smoothing * others;
}

/** Σ exp(β(z − max)), and the first two moments of z − max under the softmax. */
function moments(z: Float32Array, largest: number, inverse: number): { sum: number; first: number; second: number } {
  let sum = 0;
  let first = 0;
  let second = 0;
  for (const logit of z) {
    const distance = logit - largest;
    const weight = Math.exp(inverse * distance);
    sum += weight;
    first += weight * distance;
    second += weight * distance * distance;
  }
  return { sum, first: first / sum, second: second / sum };
}
