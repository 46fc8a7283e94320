/** Solves several penalized logistic problems on the same features in lockstep: one wide matrix product serves them all. */
import { checkInterrupted } from "../core/index.js";
import { type Minimizer, minimize, type Preconditioner } from "./lbfgs.js";
import type { HeadParameters, LossFunction, LossValue } from "./loss.js";
import { type Scaling, scaleGradient, unscale } from "./standardize.js";

export interface Problem {
  /** Which column of the loss function's row weights it has. */
  readonly index: number;
  /** The problem's own standardization of the shared features. */
  readonly scaling: Scaling;
  /** By class: true leaves the bias as it starts. Without an example of the class it would fall for ever. */
  readonly frozen: readonly boolean[];
  readonly start: HeadParameters;
}

export interface SolveOptions {
  readonly loss: LossFunction;
  readonly problems: readonly Problem[];
  /** λ of (λ/2)·‖W‖²; the bias is free. */
  readonly strength: number;
  readonly preconditioner: Preconditioner;
  /** Stops a problem when its next step promises less than this share of the objective. */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Solution {
  /** On the problem's own scaling. */
  readonly parameters: HeadParameters;
  /** The same on the shared features. */
  readonly shared: HeadParameters;
  /** Weighted mean cross-entropy plus penalty. */
  readonly value: number;
  readonly iterations: number;
}

/** All histories together at most; with very many classes they become shorter. */
const historyBytes = 1e9;

/** Minimizes Σ_r w_r·CE_r + (λ/2)·‖W‖² for every problem. Throws `interrupted`, `engine-failed`. */
export async function solve(options: SolveOptions): Promise<Solution[]> {
  const { loss, problems, tolerance, maxIterations, preconditioner, signal } = options;
  const pairBytes = problems.reduce((sum, { start }) => sum + 2 * start.byteLength, 1);
  const history = Math.max(3, Math.min(8, Math.floor(historyBytes / pairBytes)));
  const runs = problems.map((problem) => ({
    problem,
    minimizer: minimize(problem.start, { history, maxIterations, tolerance, preconditioner }),
  }));
  for (;;) {
    checkInterrupted(signal);
    const active = runs.filter(({ minimizer }) => !minimizer.done);
    if (active.length === 0) break;
    const points = active.map(({ problem, minimizer }) => share(minimizer.proposal, problem));
    const values = await loss.evaluate(
      active.map(({ problem }) => problem.index),
      points,
    );
    for (const [i, { problem, minimizer }] of active.entries()) tellPenalized(minimizer, values[i]!, problem, options);
  }
  return runs.map(({ problem, minimizer: { proposal, value, iterations } }) => ({
    parameters: proposal,
    shared: share(proposal, problem),
    value,
    iterations,
  }));
}

function share(parameters: HeadParameters, { scaling, frozen }: Problem): HeadParameters {
  return unscale(parameters, scaling, frozen.length);
}

/** Carries the gradient over to the problem's own scaling and adds the penalty. */
function tellPenalized(
  minimizer: Minimizer,
  { loss, gradient }: LossValue,
  { scaling, frozen }: Problem,
  { strength }: SolveOptions,
): void {
  const { proposal } = minimizer;
  const weights = scaling.shift.length * frozen.length;
  scaleGradient(gradient, scaling, frozen.length);
  let squares = 0;
  for (let i = 0; i < weights; i++) {
    const weight = proposal[i]!;
    squares += weight * weight;
    gradient[i]! += strength * weight;
  }
  for (const [k, stays] of frozen.entries()) if (stays) gradient[weights + k] = 0;
  minimizer.tell(loss + (strength / 2) * squares, gradient);
}
