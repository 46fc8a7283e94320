/**
 * The linear head: multinomial logistic regression on standardized features with an L2 penalty, its strength chosen by
 * cross-validated log loss (Kornblith 2019, 1805.08974: the penalty matters more than the solver).
 *
 * Objective: (1/n)·Σ cross-entropy + (λ/2)·‖W‖², the bias free. scikit-learn minimizes C·Σ cross-entropy + ½·‖W‖², so its C is
 * 1/(λ·n), and 2/(λ·n) for two classes, where it has one row of weights in place of two opposite ones.
 */
import type { Progress } from "../core/index.js";
import { Engine } from "../onnx/index.js";
import { crossValidate } from "./cross-validate.js";
import { dealFolds } from "./folds.js";
import type { HeadParameters } from "./loss-graph.js";
import { makePreconditioner } from "./preconditioner.js";
import type { Candidate } from "./rating.js";
import { type Solution, solve } from "./solve.js";
import { type Features, type Scaling, unscale } from "./standardize.js";
import { prepareTask } from "./task.js";

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

/** Share of the objective that a next step must promise: it then ends within 1e-4 of scikit-learn's. */
const tolerance = 1e-6;

/** Trains the head. Throws `interrupted`, `engine-failed`, `images-insufficient`, `model-invalid`. */
export async function fitHead(options: HeadOptions): Promise<HeadFit> {
  const start = performance.now();
  checkShapes(options);
  const folds = dealFolds({ ...options, folds: options.folds ?? 5 });
  const engine = new Engine();
  try {
    const task = await prepareTask(engine, folds, options);
    const chosen = await crossValidate(task, folds, options);
    const [final] = await solve({
      loss: task.loss,
      problems: [{ ...task.whole, start: average(chosen.solutions.map(({ shared }) => shared)) }],
      strength: chosen.candidate.strength,
      preconditioner: makePreconditioner(task.directions, options.classes, chosen.candidate.strength),
      tolerance,
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
