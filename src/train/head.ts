/**
 * The linear head: multinomial logistic regression on standardized features with an L2 penalty, its strength chosen by
 * cross-validated log loss (Kornblith 2019, 1805.08974: the penalty matters more than the solver).
 *
 * Objective: (1/n)·Σ cross-entropy + (λ/2)·‖W‖², the bias free, n rows: every view of every image. scikit-learn minimizes
 * C·Σ cross-entropy + ½·‖W‖², so its C is 1/(λ·n), and 2/(λ·n) for two classes, where it has one row of weights in place of two
 * opposite ones.
 */
import type { HalfMatrix, Progress } from "../core/index.js";
import { Engine } from "../onnx/index.js";
import { fitByAdamW, refitByAdamW } from "./adamw-head.js";
import { dealFolds, type Folds } from "./folds.js";
import { fitByLbfgs, refitByLbfgs } from "./lbfgs-head.js";
import type { Head, Solver } from "./linear-head.js";
import type { Candidate } from "./rating.js";
import { checkFinite } from "./standardize.js";
import { checkMatrix, checkTrainingSet, type TrainingSet } from "./training-set.js";

/** How to work, whatever the task. */
interface Manner {
  readonly seed: number;
  readonly threads: number;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HeadOptions extends TrainingSet, Manner {
  /** What out-of-fold predictions are made on, [images, width], such as the mean of several views; needed with several views. */
  readonly judged?: HalfMatrix | undefined;
  /** Images of one group stay in one fold, with all of their views. */
  readonly groups: readonly string[];
  /** "lbfgs" unless given. */
  readonly solver?: Solver | undefined;
  /** Tried from strong to weak, whatever their order here. */
  readonly strengths?: readonly number[] | undefined;
  /** Measures every strength or epoch, also after log loss has clearly risen. */
  readonly exhaustive?: boolean | undefined;
  /** Five unless given. */
  readonly folds?: number | undefined;
}

export interface HeadFit extends Fitted {
  /** The fold of each image. */
  readonly folds: Int32Array;
  readonly seconds: number;
}

export interface Fitted {
  readonly head: Head;
  /** Logits [images, classes] of `judged` by the chosen recipe, each image by a fold that did not see its group. */
  readonly outOfFold: Float32Array;
  /** What was measured, in the order tried; where log loss had clearly risen the rest was not. */
  readonly candidates: readonly Candidate[];
}

/** `HeadOptions` with what is judged settled. */
export type FitRequest = HeadOptions & { readonly judged: HalfMatrix };

export interface RefitOptions extends TrainingSet, Manner {
  /** "lbfgs" unless given. */
  readonly solver?: Solver | undefined;
  /** Of the head that cross-validation chose, as are the epochs of AdamW. */
  readonly strength: number;
  readonly epochs?: number | null | undefined;
}

export type RefitRequest = Omit<RefitOptions, "solver">;

interface Training {
  readonly fit: (engine: Engine, folds: Folds, request: FitRequest) => Promise<Fitted>;
  readonly refit: (engine: Engine, nowhere: Folds, request: RefitRequest) => Promise<Head>;
}

const trainings: Readonly<Record<Solver, Training>> = {
  lbfgs: { fit: fitByLbfgs, refit: refitByLbfgs },
  adamw: { fit: fitByAdamW, refit: refitByAdamW },
};

/** Trains the head, its recipe chosen by cross-validation. Throws `interrupted`, `engine-failed`, `images-insufficient`, `model-invalid`. */
export async function fitHead(options: HeadOptions): Promise<HeadFit> {
  const start = performance.now();
  const request = { ...options, judged: settleJudged(options) };
  const folds = dealFolds({ ...options, folds: options.folds ?? 5 });
  const fitted = await withEngine((engine) => trainings[options.solver ?? "lbfgs"].fit(engine, folds, request));
  return { ...fitted, folds: folds.assigned, seconds: (performance.now() - start) / 1000 };
}

/** Trains one head of a known recipe, without cross-validation. Throws `interrupted`, `engine-failed`, `model-invalid`. */
export async function refitHead({ solver = "lbfgs", ...request }: RefitOptions): Promise<Head> {
  checkTrainingSet(request);
  const nowhere = { assigned: new Int32Array(request.labels.length).fill(-1), count: 0 };
  return withEngine((engine) => trainings[solver].refit(engine, nowhere, request));
}

async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = new Engine();
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

function settleJudged(options: HeadOptions): HalfMatrix {
  checkTrainingSet(options);
  const { views, labels, groups, judged = views.length === 1 ? views[0] : undefined } = options;
  if (groups.length !== labels.length) throw new RangeError(`${groups.length} groups for ${labels.length} images`);
  if (!judged) throw new RangeError("with several views it must be said which features are judged");
  checkMatrix(judged, labels.length, views[0]!.width);
  checkFinite(judged);
  return judged;
}
