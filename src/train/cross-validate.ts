/** The strength of the penalty by cross-validated log loss. */
import { type Progress, silent } from "../core/index.js";
import type { Folds } from "./folds.js";
import type { HeadParameters } from "./loss.js";
import { makePreconditioner } from "./preconditioner.js";
import { type Candidate, outOfFoldLogits, rateCandidate } from "./rating.js";
import { type Problem, type Solution, solve } from "./solve.js";
import type { Task } from "./task.js";
import type { TrainingSet } from "./training-set.js";

/** λ of (1/n)·Σ cross-entropy + (λ/2)·‖W‖². The best was 0.03 on 5,000 photographs of clothing in 20 classes. */
export const defaultStrengths: readonly number[] = [3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

/** Share of the objective that a next step must promise. Objectives end within 1e-3 of their minimum: less than log loss varies. */
const tolerance = 3e-5;

export interface CrossValidationOptions extends Omit<TrainingSet, "views"> {
  readonly strengths?: readonly number[] | undefined;
  readonly exhaustive?: boolean | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The best strength and what was found with it. */
export interface Chosen {
  readonly candidate: Candidate;
  /** Out of fold, [images, classes]. */
  readonly logits: Float32Array;
  /** By fold. */
  readonly solutions: readonly Solution[];
  /** All that were tried. */
  readonly candidates: readonly Candidate[];
}

/** Solutions of one strength, by fold. */
interface Waypoint {
  readonly strength: number;
  readonly solutions: readonly Solution[];
}

/** Tries the strengths from strong to weak, each started from those before, until log loss has clearly risen. */
export async function crossValidate(
  task: Task,
  { assigned, count }: Folds,
  options: CrossValidationOptions,
): Promise<Chosen> {
  const { classes, progress = silent, exhaustive = false } = options;
  const strengths = (options.strengths ?? defaultStrengths).toSorted((a, b) => b - a);
  const candidates: Candidate[] = [];
  let path: readonly Waypoint[] = []; // the last two
  let best: Chosen | null = null;
  for (const strength of strengths) {
    const solutions = await solveFolds(task, path, strength, options);
    path = [...path.slice(-1), { strength, solutions }];
    const all = await task.loss.logits(solutions.map(({ shared }) => shared));
    const logits = outOfFoldLogits(all, assigned, count, classes);
    const candidate = rateCandidate({ strength, epochs: null }, logits, options);
    candidates.push(candidate);
    progress({ stage: "head", done: candidates.length, total: strengths.length, unit: "strengths" });
    if (best === null || candidate.logLoss < best.candidate.logLoss)
      best = { candidate, logits, solutions, candidates };
    else if (!exhaustive && candidate.logLoss > best.candidate.logLoss + best.candidate.logLossStandardError) break;
  }
  progress({ stage: "head", done: strengths.length, total: strengths.length, unit: "strengths" });
  if (best === null) throw new RangeError("no strength to try");
  return best;
}

function solveFolds(
  { loss, directions, perFold }: Task,
  path: readonly Waypoint[],
  strength: number,
  { classes, signal }: CrossValidationOptions,
): Promise<Solution[]> {
  return solve({
    loss,
    problems: perFold.map((problem, fold) => ({ ...problem, start: foresee(problem, path, strength, fold) })),
    strength,
    preconditioner: makePreconditioner(directions, classes, strength),
    tolerance,
    maxIterations: 300,
    signal,
  });
}

/** Where the solution should lie: on the line through the last two, as they are nearly linear in log λ. It halves the work. */
function foresee({ start }: Problem, path: readonly Waypoint[], strength: number, fold: number): HeadParameters {
  const [far, near] = path.length === 2 ? path : [undefined, path[0]];
  if (!near) return start;
  const { parameters } = near.solutions[fold]!;
  if (!far) return parameters;
  const ahead = Math.log(strength / near.strength) / Math.log(near.strength / far.strength);
  const before = far.solutions[fold]!.parameters;
  return parameters.map((value, i) => value + ahead * (value - before[i]!));
}
