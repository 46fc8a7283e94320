/** Heads at the minimum of the penalized loss, by L-BFGS. */
import type { Engine } from "../onnx/index.js";
import { crossValidate } from "./cross-validate.js";
import type { Folds } from "./folds.js";
import type { FitRequest, Fitted, RefitRequest } from "./head.js";
import { foldBack, type Head } from "./linear-head.js";
import type { HeadParameters } from "./loss.js";
import { makePreconditioner } from "./preconditioner.js";
import { type Problem, solve } from "./solve.js";
import { prepareTask, type Task } from "./task.js";

/** Share of the objective that a next step must promise: it then ends within 1e-4 of scikit-learn's. */
const tolerance = 1e-6;

/** Chooses the strength by cross-validation, then learns from all images. Throws as `fitHead`. */
export async function fitByLbfgs(engine: Engine, folds: Folds, request: FitRequest): Promise<Fitted> {
  const task = await prepareTask(engine, folds, request);
  const { candidate, logits, candidates, solutions } = await crossValidate(task, folds, request);
  const start = average(solutions.map(({ shared }) => shared));
  const head = await solveWhole(task, { ...task.whole, start }, { ...request, strength: candidate.strength });
  return { head, outOfFold: logits, candidates };
}

/** Learns from all images at the strength given. Throws as `refitHead`. */
export async function refitByLbfgs(engine: Engine, nowhere: Folds, request: RefitRequest): Promise<Head> {
  const task = await prepareTask(engine, nowhere, { ...request, judged: request.views[0]! });
  return solveWhole(task, task.whole, request);
}

async function solveWhole(task: Task, problem: Problem, request: Omit<RefitRequest, "epochs">): Promise<Head> {
  const { strength, classes, signal } = request;
  const preconditioner = makePreconditioner(task.directions, classes, strength);
  const { loss, scaling } = task;
  const [end] = await solve({
    loss,
    problems: [problem],
    strength,
    preconditioner,
    tolerance,
    maxIterations: 500,
    signal,
  });
  const { shared, value, iterations } = end!;
  return foldBack(
    { solver: "lbfgs", strength, epochs: null },
    { parameters: shared, loss: value, iterations },
    scaling,
  );
}

function average(all: readonly HeadParameters[]): HeadParameters {
  return all[0]!.map((_, i) => all.reduce((sum, one) => sum + one[i]!, 0) / all.length);
}
