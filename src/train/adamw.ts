/** AdamW (Loshchilov and Hutter 2019, 1711.05101) as PyTorch has it, and its learning rate along a cosine (1608.03983). */

/** PyTorch's defaults. */
const [firstDecay, secondDecay, epsilon] = [0.9, 0.999, 1e-8];

export class AdamW {
  /** Changed in place by every step. */
  readonly parameters: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  steps = 0;

  /** Starts from a copy. */
  constructor(start: Float64Array) {
    this.parameters = Float64Array.from(start);
    this.#first = new Float64Array(start.length);
    this.#second = new Float64Array(start.length);
  }

  /** One step against the gradient; the weights decay by themselves, not through the gradient. */
  step(gradient: Float64Array, learningRate: number, weightDecay: number): void {
    this.steps++;
    const [parameters, first, second] = [this.parameters, this.#first, this.#second];
    const stride = learningRate / (1 - firstDecay ** this.steps);
    const correction = 1 / Math.sqrt(1 - secondDecay ** this.steps);
    for (let i = 0; i < parameters.length; i++) {
      const slope = gradient[i]!;
      first[i]! += (1 - firstDecay) * (slope - first[i]!);
      second[i]! += (1 - secondDecay) * (slope * slope - second[i]!);
      const move = (stride * first[i]!) / (Math.sqrt(second[i]!) * correction + epsilon);
      parameters[i] = parameters[i]! * (1 - learningRate * weightDecay) - move;
    }
  }
}

/** The learning rate of an epoch, counted from 0: from the peak along half a cosine to 0 after the last. */
export function cosineRate(peak: number, epoch: number, epochs: number): number {
  return (peak / 2) * (1 + Math.cos((Math.PI * epoch) / epochs));
}
