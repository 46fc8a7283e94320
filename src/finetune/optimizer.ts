/** Optimizers over all parameters at once: AdamW (1711.05101) and SGD with momentum, as PyTorch has them. */

/** A run of numbers with the same learning rate and weight decay. */
export interface Group {
  readonly start: number;
  readonly end: number;
  readonly rate: number;
  readonly weightDecay: number;
}

export interface Optimizer {
  /** One step against the gradient, in place. */
  readonly step: (weights: Float32Array, gradient: Float32Array, groups: readonly Group[]) => void;
  /** What a checkpoint must hold beside the weights; arrays of the weights' length, changed in place by `step`. */
  readonly moments: Readonly<Record<string, Float32Array>>;
  /** Steps done, for the corrections of the moments' beginning; set when a checkpoint is read. */
  steps: number;
}

/** PyTorch's defaults. */
const [firstDecay, secondDecay, epsilon] = [0.9, 0.999, 1e-8];

/**
 * AdamW: w ← w·(1 − ηλ) − η·m̂/(√v̂ + ε). The loops are functions of their own: inside `step` V8 (Node 20) gives up optimizing them after
 * a few calls, and they take ten times as long.
 */
export function adamW(length: number): Optimizer {
  const [first, second] = [new Float32Array(length), new Float32Array(length)];
  return {
    moments: { first, second },
    steps: 0,
    step(weights, gradient, groups) {
      this.steps++;
      const correction = 1 / Math.sqrt(1 - secondDecay ** this.steps);
      for (const group of groups) {
        const stride = group.rate / (1 - firstDecay ** this.steps);
        adapt(weights, gradient, first, second, group, stride, correction);
      }
    },
  };
}

function adapt(
  weights: Float32Array,
  gradient: Float32Array,
  first: Float32Array,
  second: Float32Array,
  { start, end, rate, weightDecay }: Group,
  stride: number,
  correction: number,
): void {
  const kept = 1 - rate * weightDecay;
  for (let i = start; i < end; i++) {
    const slope = gradient[i]!;
    const m = first[i]! + (1 - firstDecay) * (slope - first[i]!);
    const v = second[i]! + (1 - secondDecay) * (slope * slope - second[i]!);
    first[i] = m;
    second[i] = v;
    weights[i] = weights[i]! * kept - (stride * m) / (Math.sqrt(v) * correction + epsilon);
  }
}

/** SGD with momentum: b ← μb + g, w ← w·(1 − ηλ) − η·b. The decay is decoupled here too. */
export function sgd(length: number, momentum: number): Optimizer {
  const velocity = new Float32Array(length);
  return {
    moments: { velocity },
    steps: 0,
    step(weights, gradient, groups) {
      this.steps++;
      for (const group of groups) accelerate(weights, gradient, velocity, group, momentum);
    },
  };
}

function accelerate(
  weights: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array,
  { start, end, rate, weightDecay }: Group,
  momentum: number,
): void {
  const kept = 1 - rate * weightDecay;
  for (let i = start; i < end; i++) {
    velocity[i] = momentum * velocity[i]! + gradient[i]!;
    weights[i] = weights[i]! * kept - rate * velocity[i]!;
  }
}

/** The Euclidean norm of a gradient; not finite where one of its numbers is not. */
export function norm(gradient: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  return Math.sqrt(sum);
}

/** Scales a gradient of the given norm down to `largest`, in place, where it is longer. */
export function clip(gradient: Float32Array, length: number, largest: number): void {
  if (!(length > largest)) return;
  const scale = largest / length;
  for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
}

/** average ← decay · average + (1 − decay) · weights, in place. Early on the decay is smaller, so that the start is soon forgotten. */
export function updateAverage(average: Float32Array, weights: Float32Array, decay: number, steps: number): void {
  const share = 1 - Math.min(decay, (1 + steps) / (10 + steps));
  for (let i = 0; i < average.length; i++) average[i]! += share * (weights[i]! - average[i]!);
}
