/**
 * The linear head: multinomial logistic regression on standardized features with an L2 penalty, its strength chosen by
 * cross-validated log loss (Kornblith 2019, 1805.08974: the penalty matters more than the solver).
 *
 * Objective: (1/n)·Σ cross-entropy + (λ/2)·‖W‖², the bias free. scikit-learn's C is 1/(λ·n).
 */
import { type Progress, silent } from "../core/index.js";
import { Engine } from "../onnx/index.js";
import { dealFolds, type Folds } from "./folds.js";
import { type HeadParameters, type LossFunction, openLoss } from "./loss-graph.js";
import { type Directions, findDirections, makePreconditioner } from "./preconditioner.js";
import { type Candidate, outOfFoldLogits, rateCandidate } from "./rating.js";
import { type Problem, type Solution, solve } from "./solve.js";
import {
  type Features,
  measureFoldScalings,
  measureScaling,
  type Scaling,
  standardize,
  unscale,
} from "./standardize.js";

export interface Head {
  /** [classes, width], acting on raw features. */
  readonly weight: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
  /** λ of the penalty. */
  readonly strength: number;
  readonly iterations: number;
  /** The objective at the solution. */
  readonly loss: number;
}

export interface HeadOptions {
  readonly features: Features;
  /** Class index of each row. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Rows of one group stay in one fold. */
  readonly groups: readonly string[];
  /** Tried from strong to weak, whatever their order here. */
  readonly strengths?: readonly number[];
  /** Measures every strength, also after log loss has clearly risen. */
  readonly exhaustive?: boolean;
  readonly folds?: number;
  readonly seed: number;
  readonly threads: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface HeadFit {
  readonly head: Head;
  /** Logits [rows, classes] of the chosen strength, each row by a fold that did not see its group. */
  readonly outOfFold: Float32Array;
  /** What was measured, in the order tried; weaker strengths than the last were not, as log loss had clearly risen. */
  readonly candidates: readonly Candidate[];
  /** The fold of each row. */
  readonly folds: Int32Array;
  readonly seconds: number;
}

export const defaultStrengths: readonly number[] = [3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

/** Share of the objective that a next step must promise: while comparing, and for the head that is delivered. */
const tolerance = { compare: 3e-5, deliver: 1e-6 } as const;

/** Trains the head. Throws `interrupted`, `engine-failed`, `images-insufficient`, `model-invalid`. */
export async function fitHead(options: HeadOptions): Promise<HeadFit> {
  const start = performance.now();
  checkShapes(options);
  const folds = dealFolds({ ...options, folds: options.folds ?? 5 });
  const engine = new Engine();
  try {
    const task = await prepare(engine, folds, options);
    const chosen = await crossValidate(task, folds, options);
    const [final] = await solve({
      loss: task.loss,
      problems: [{ ...task.whole, start: average(chosen.solutions.map(({ shared }) => shared)) }],
      strength: chosen.candidate.strength,
      preconditioner: makePreconditioner(task.directions, options.classes, chosen.candidate.strength),
      tolerance: tolerance.deliver,
      maxIterations: 500,
      signal: options.signal,
    });
    return {
      head: foldBack(final!, task.scaling, chosen.candidate.strength, options.classes),
      outOfFold: chosen.logits,
      candidates: chosen.candidates,
      folds: folds.assigned,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await engine.close();
  }
}

/** What all fits share: the loss on standardized features, with a problem for each fold and one, the last, for all rows. */
interface Task {
  readonly loss: LossFunction;
  readonly scaling: Scaling;
  readonly directions: Directions;
  readonly perFold: readonly Problem[];
  readonly whole: Problem;
}

async function prepare(engine: Engine, { assigned, count }: Folds, options: HeadOptions): Promise<Task> {
  const { features, labels, classes, threads, seed } = options;
  const { width } = features;
  const scaling = measureScaling(features);
  const standardized = standardize(features, scaling);
  const unchanged = { shift: new Float64Array(width), scale: new Float64Array(width).fill(1) };
  const problems = [...measureFoldScalings(standardized, assigned, count), unchanged].map((own, fold) => ({
    index: fold,
    scaling: own,
    ...startFromPriors(
      labels.filter((_, row) => assigned[row] !== fold),
      classes,
      width,
    ),
  }));
  const weights = rowWeights(assigned, count);
  const shape = { features: standardized, width, labels, classes, weights, problems: count + 1 };
  const loss = await openLoss(engine, shape, threads);
  const directions = await findDirections(engine, standardized, width, seed, threads);
  return { loss, scaling, directions, perFold: problems.slice(0, count), whole: problems[count]! };
}

interface Chosen {
  readonly candidate: Candidate;
  readonly logits: Float32Array;
  readonly solutions: readonly Solution[];
  readonly candidates: readonly Candidate[];
}

/** Tries the strengths from strong to weak, each started from those before, until log loss has clearly risen. */
async function crossValidate(task: Task, { assigned, count }: Folds, options: HeadOptions): Promise<Chosen> {
  const { labels, classes, progress = silent, signal, exhaustive = false } = options;
  const strengths = (options.strengths ?? defaultStrengths).toSorted((a, b) => b - a);
  const candidates: Candidate[] = [];
  const path: { readonly strength: number; readonly solutions: readonly Solution[] }[] = [];
  let best: Chosen | null = null;
  for (const strength of strengths) {
    const solutions = await solve({
      loss: task.loss,
      problems: task.perFold.map((problem, fold) => ({ ...problem, start: foresee(problem, path, strength, fold) })),
      strength,
      preconditioner: makePreconditioner(task.directions, classes, strength),
      tolerance: tolerance.compare,
      maxIterations: 300,
      signal,
    });
    path.push({ strength, solutions });
    const all = await task.loss.logits(solutions.map(({ shared }) => shared));
    const logits = outOfFoldLogits(all, assigned, count, classes);
    const candidate = rateCandidate(strength, logits, labels, classes);
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

/** Where the solution should lie: on the line through the last two, as they are nearly linear in log λ. It halves the work. */
function foresee(
  { start }: Problem,
  path: readonly { readonly strength: number; readonly solutions: readonly Solution[] }[],
  strength: number,
  fold: number,
): HeadParameters {
  const last = path.at(-1);
  const before = path.at(-2);
  const near = last?.solutions[fold]?.parameters;
  const far = before?.solutions[fold]?.parameters;
  if (!last || !before || !near || !far) return near ?? start;
  const ahead = Math.log(strength / last.strength) / Math.log(last.strength / before.strength);
  return near.map((value, i) => value + ahead * (value - far[i]!));
}

/** No weights, and as bias the log of each class's frequency; half a row is added to each, and a class without rows keeps that. */
function startFromPriors(labels: Int32Array, classes: number, width: number): Pick<Problem, "start" | "frozen"> {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const start = new Float64Array(classes * (width + 1));
  start.set(
    counts.map((rows) => Math.log((rows + 0.5) / (labels.length + 0.5 * classes))),
    classes * width,
  );
  return { start, frozen: Array.from(counts, (rows) => rows === 0) };
}

/** Row weights [rows, folds + 1]: each fold's problem has the rows of the other folds, the last has all; equal, summing to 1. */
function rowWeights(assigned: Int32Array, folds: number): Float32Array {
  const sizes = new Float64Array(folds + 1);
  for (const fold of assigned) sizes[fold]!++;
  const out = new Float32Array(assigned.length * (folds + 1));
  for (const [row, own] of assigned.entries())
    for (let fold = 0; fold <= folds; fold++)
      if (fold !== own) out[row * (folds + 1) + fold] = 1 / (assigned.length - sizes[fold]!);
  return out;
}

function average(all: readonly HeadParameters[]): HeadParameters {
  return all[0]!.map((_, i) => all.reduce((sum, one) => sum + one[i]!, 0) / all.length);
}

function foldBack({ shared, value, iterations }: Solution, scaling: Scaling, strength: number, classes: number): Head {
  const raw = unscale(shared, scaling, classes);
  const weights = raw.length - classes;
  return {
    weight: Float32Array.from(raw.subarray(0, weights)),
    bias: Float32Array.from(raw.subarray(weights)),
    strength,
    iterations,
    loss: value,
  };
}

function checkShapes({ features: { rows, width, data }, labels, classes, groups }: HeadOptions): void {
  if (data.length !== rows * width) throw new RangeError(`${data.length} numbers are not ${rows} × ${width} features`);
  if (labels.length !== rows || groups.length !== rows)
    throw new RangeError(`${labels.length} labels and ${groups.length} groups for ${rows} rows`);
  if (!(classes >= 2)) throw new RangeError(`${classes} classes; a head needs two`);
  if (!labels.every((label) => label >= 0 && label < classes)) throw new RangeError("a label is no class");
}

/** Logits [rows, classes] of raw features. */
export function applyHead(
  { weight, bias }: Pick<Head, "weight" | "bias">,
  { rows, width, data }: Features,
): Float32Array {
  const classes = bias.length;
  const logits = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < classes; k++) {
      let sum = bias[k]!;
      for (let i = 0; i < width; i++) sum += weight[k * width + i]! * data[row * width + i]!;
      logits[row * classes + k] = sum;
    }
  return logits;
}
