/**
 * L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) turned inside out: it proposes a point, is told value and gradient
 * there, and proposes the next. So several problems can share one evaluation.
 */

export interface LbfgsOptions {
  /** Pairs remembered. */
  readonly history: number;
  readonly maxIterations: number;
  /** Stops when the next step promises to lower the value by less than this share of it. */
  readonly tolerance: number;
  readonly preconditioner: Preconditioner;
}

/** A first guess P of the inverse Hessian, right up to a factor: symmetric and positive definite. */
export interface Preconditioner {
  /** vector ← P·vector */
  apply(vector: Float64Array): void;
  /** vectorᵀ·P·vector */
  norm(vector: Float64Array): number;
}

/** P = 1, where nothing better is known. */
export const identity: Preconditioner = { apply: () => {}, norm: (vector) => dot(vector, vector) };

export interface Minimizer {
  /** The point to evaluate next, or where it ended; the minimizer's own memory, not to be changed. */
  readonly proposal: Float64Array;
  readonly done: boolean;
  readonly iterations: number;
  /** The lowest value so far. */
  readonly value: number;
  /** Takes value and gradient at the proposal; the gradient is kept, not copied. */
  tell(value: number, gradient: Float64Array): void;
}

/** A step and what it changed in the gradient. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / stepᵀchange */
  readonly rho: number;
}

/** What float32 losses can tell apart, relative. */
const resolution = 1e-7;

/** Sufficient decrease of Armijo's rule. */
const decrease = 1e-4;

/** Starts minimizing from a point, which is copied. */
export function minimize(start: Float64Array, options: LbfgsOptions): Minimizer {
  return new Lbfgs(Float64Array.from(start), options);
}

class Lbfgs implements Minimizer {
  readonly #options: LbfgsOptions;
  readonly #pairs: Pair[] = [];
  #point: Float64Array;
  #gradient: Float64Array | null = null;
  #direction = new Float64Array(0);
  #slope = 0;
  #stride = 1;
  proposal: Float64Array;
  done = false;
  iterations = 0;
  value = Number.POSITIVE_INFINITY;

  constructor(start: Float64Array, options: LbfgsOptions) {
    this.#options = options;
    this.#point = start;
    this.proposal = start;
  }

  tell(value: number, gradient: Float64Array): void {
    if (this.done) return;
    if (this.#gradient !== null) {
      const promised = this.#stride * this.#slope;
      if (!(value <= this.value + decrease * promised + resolution * Math.abs(this.value))) {
        this.#shorten(value);
        return;
      }
      this.#remember(this.#gradient, gradient);
    }
    this.#point = this.proposal;
    this.#gradient = gradient;
    this.value = value;
    this.#advance(gradient);
  }

  #advance(gradient: Float64Array): void {
    const { tolerance, maxIterations, preconditioner } = this.#options;
    this.#direction = descend(gradient, this.#pairs, preconditioner);
    this.#slope = dot(this.#direction, gradient);
    // −slope/2 is what the quadratic model expects to gain. Without a pair its scale is a guess, so one step is always made.
    const negligible = this.#pairs.length > 0 && -this.#slope / 2 <= tolerance * Math.abs(this.value);
    if (negligible || !(this.#slope < 0) || this.iterations >= maxIterations) {
      this.done = true;
      return;
    }
    this.iterations++;
    this.#stride = 1;
    this.#propose();
  }

  /** Goes back to the minimum of the parabola through what is known, within reason. */
  #shorten(value: number): void {
    const promised = this.#stride * this.#slope;
    const parabola = (0.5 * promised) / (this.value + promised - value);
    this.#stride *= parabola > 0.1 && parabola < 0.5 ? parabola : parabola >= 0.5 ? 0.5 : 0.1;
    if (this.#stride > 1e-8) this.#propose();
    else {
      // Float32 cannot resolve a further descent: this is the minimum as far as it tells.
      this.done = true;
      this.proposal = this.#point;
    }
  }

  #propose(): void {
    const next = Float64Array.from(this.#point);
    addTo(next, this.#direction, this.#stride);
    this.proposal = next;
  }

  #remember(before: Float64Array, after: Float64Array): void {
    const step = difference(this.proposal, this.#point);
    const change = difference(after, before);
    const curvature = dot(step, change);
    if (!(curvature > 1e-12 * dot(step, step))) return;
    this.#pairs.push({ step, change, rho: 1 / curvature });
    if (this.#pairs.length > this.#options.history) this.#pairs.shift();
  }
}

/** The two-loop recursion: −H·gradient. */
function descend(
  gradient: Float64Array,
  pairs: readonly Pair[],
  preconditioner: Preconditioner,
): Float64Array<ArrayBuffer> {
  const direction = gradient.map((value) => -value);
  const weights: number[] = [];
  for (const { step, change, rho } of pairs.toReversed()) {
    const weight = rho * dot(direction, step);
    weights.push(weight);
    addTo(direction, change, -weight);
  }
  preconditioner.apply(direction);
  const last = pairs.at(-1);
  // The factor that makes P fit the latest curvature seen.
  if (last) scaleTo(direction, 1 / (last.rho * preconditioner.norm(last.change)));
  for (const { step, change, rho } of pairs) addTo(direction, step, weights.pop()! - rho * dot(direction, change));
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addTo(target: Float64Array, direction: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * direction[i]!;
}

function scaleTo(target: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! *= factor;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}
