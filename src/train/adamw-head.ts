/**
 * Heads the usual way: AdamW on small batches, the learning rate along a cosine over ten epochs, and the epoch of least held-out
 * log loss kept. All folds stop after the same epoch, so that it is chosen as a strength is: by the predictions of all folds.
 */
import { checkInterrupted, silent } from "../core/index.js";
import type { Engine } from "../onnx/index.js";
import { cosineRate } from "./adamw.js";
import { constantBytes, widenedBytes } from "./blocks.js";
import type { Folds } from "./folds.js";
import type { FitRequest, Fitted, RefitRequest } from "./head.js";
import { Learner, openBatches } from "./learner.js";
import { foldBack, type Head } from "./linear-head.js";
import { fitBlock, openLogits } from "./loss.js";
import { type Candidate, outOfFoldLogits, rateCandidate } from "./rating.js";
import { poseProblems, type Problems } from "./task.js";

const epochs = 10;

const peakRate = 1e-3;

/** Decoupled weight decay: PyTorch's default. */
const defaultDecays: readonly number[] = [0.01];

/** Epochs without a lower log loss after which nothing more is expected. */
const patience = 3;

/** Chooses the epoch, and of several weight decays one, by cross-validation, then learns from all images. Throws as `fitHead`. */
export async function fitByAdamW(engine: Engine, folds: Folds, request: FitRequest): Promise<Fitted> {
  const problems = poseProblems(folds, request);
  const tried: Candidate[] = [];
  let best: Rated | null = null;
  const { strengths = defaultDecays, progress = silent } = request;
  if (strengths.length === 0) throw new RangeError("no strength to try");
  const total = strengths.length * epochs;
  for (const [i, strength] of strengths.toSorted((a, b) => b - a).entries()) {
    for await (const rated of rateEpochs(engine, problems, folds, { ...request, strength })) {
      tried.push(rated.candidate);
      progress({ stage: "head", done: i * epochs + rated.candidate.epochs, total, unit: "epochs" });
      if (best === null || rated.candidate.logLoss < best.candidate.logLoss) best = rated;
    }
  }
  progress({ stage: "head", done: total, total, unit: "epochs" });
  const { candidate, logits } = best!;
  const head = await train(engine, problems, { ...request, ...candidate });
  return { head, outOfFold: logits, candidates: tried };
}

/** Learns from all images for the epochs given, or for all ten. Throws as `refitHead`. */
export function refitByAdamW(engine: Engine, nowhere: Folds, request: RefitRequest): Promise<Head> {
  return train(engine, poseProblems(nowhere, request), request);
}

async function train(engine: Engine, problems: Problems, request: RefitRequest): Promise<Head> {
  const { strength, signal } = request;
  const wanted = request.epochs ?? epochs;
  const batches = await openBatches(engine, problems.scaling, request);
  const learner = new Learner(problems.whole, batches, everyImage(request.labels.length), "whole", request);
  for (let epoch = 0; epoch < wanted; epoch++) {
    checkInterrupted(signal);
    await learner.learnEpoch(cosineRate(peakRate, epoch, epochs), strength);
  }
  return foldBack({ solver: "adamw", strength, epochs: wanted }, learner.ending(), problems.scaling);
}

interface Rated {
  readonly candidate: Candidate & { readonly epochs: number };
  /** Out of fold, [images, classes]. */
  readonly logits: Float32Array;
}

/** Learns on all folds side by side and judges them after each epoch, until log loss no longer falls. */
async function* rateEpochs(
  engine: Engine,
  { scaling, perFold }: Problems,
  { assigned, count }: Folds,
  request: FitRequest & { readonly strength: number },
): AsyncGenerator<Rated> {
  const { judged, classes, threads, strength, exhaustive = false, signal } = request;
  const constant = widenedBytes([judged]) <= constantBytes;
  const blockRows = fitBlock(constant, judged.width, count * classes);
  const predict = await openLogits(engine, judged, classes, { scaling, threads, constant, blockRows });
  const batches = await openBatches(engine, scaling, request);
  const images = everyImage(assigned.length);
  const learners = perFold.map(
    (problem, fold) =>
      new Learner(
        problem,
        batches,
        images.filter((image) => assigned[image] !== fold),
        `fold ${fold}`,
        request,
      ),
  );
  let [lowest, idle] = [Number.POSITIVE_INFINITY, 0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    checkInterrupted(signal);
    await Promise.all(learners.map((learner) => learner.learnEpoch(cosineRate(peakRate, epoch, epochs), strength)));
    const all = await predict(learners.map((learner) => learner.ending().parameters));
    const logits = outOfFoldLogits(all, assigned, count, classes);
    const rating = rateCandidate({ strength, epochs: epoch + 1 }, logits, request);
    idle = rating.logLoss < lowest ? 0 : idle + 1;
    lowest = Math.min(lowest, rating.logLoss);
    yield { candidate: { ...rating, epochs: epoch + 1 }, logits };
    if (idle === patience && !exhaustive) return;
  }
}

function everyImage(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, image) => image);
}
