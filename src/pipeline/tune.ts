/** Fine-tuning as actions of the loop: how deep, how long, on what; judged on `select` and taken back where it does not help. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Branch, isSameBranch, type Recipe, recipeName, recipeTaps, wholeLook } from "../backbone/index.js";
import { Fault, type FaultCode, type HalfMatrix } from "../core/index.js";
import { assembleFeatures, extractFeatures, takeBranch } from "../features/index.js";
import {
  type Cut,
  type Depth,
  depths,
  epochSeconds,
  fewestEpochs,
  fewestSelect,
  findNetworkCuts,
  fineTune,
  type FineTuned,
  gainOf,
  scaleOf,
  timeShare,
  trainingFits,
  usualSettings,
} from "../finetune/index.js";
import type { Action, Observed } from "../loop/index.js";
import { accuracyOf } from "../metrics/index.js";
import type { NetworkFacts } from "../plan/index.js";
import { writeJson } from "../store/index.js";
import { fitHead, type Head, refitHead } from "../train/index.js";
import type { RunContext } from "./context.js";
import type { FineTuning } from "../report/index.js";
import type { Learnable, Part } from "./parts.js";
import { recordedChoice, recordedTuning } from "./replay.js";
import { folderOf, makePlan, planFile, recallPlan, trainingOf, type TuningPlan } from "./tuning-plan.js";
import { describePlan, describeTraining } from "./tuning-words.js";
import { chooseAllowed, describeMeasured, recallChoice, tryRecipes } from "./tuned-recipes.js";
import type { Workload } from "./workload.js";

export interface Model {
  readonly recipe: Recipe;
  readonly head: Head;
  /** Of a model that has not learned from them, on the photographs of `select`, [images, classes]. */
  readonly selectLogits: Float32Array;
}

/** What fine-tuning changes of a model. */
export interface Tunable extends Model {
  /** The model of frozen networks that it was before; null while it is that. */
  readonly untuned: Model | null;
  /** What was done to the network; null while it is as it was given. */
  readonly tuning: FineTuning | null;
}

export interface TuneOptions {
  readonly context: RunContext;
  /** Folder of the photographs. */
  readonly root: string;
  readonly parts: Readonly<Record<Learnable, Part>>;
  readonly classes: number;
  /** The recipe of frozen networks, its head, and what that was learned from. */
  readonly frozen: { readonly recipe: Recipe; readonly head: Head; readonly features: HalfMatrix };
  readonly networks: readonly NetworkFacts[];
  readonly workload: Workload;
  /** Of the budget. */
  readonly secondsLeft: () => number;
  /** Why nothing more is needed at such an accuracy on so many photographs; null where something is. */
  readonly suffices: (measured: { readonly accuracy: number; readonly images: number }) => string | null;
}

/** Whether so many seconds are enough for the cheapest training. */
export function tuningFits(
  { request, backbones }: RunContext,
  parts: TuneOptions["parts"],
  networks: readonly NetworkFacts[],
  seconds: number,
) {
  const { train, select } = parts;
  const images = { train: train.pictures.length, select: select.pictures.length };
  if (!request.fineTuning || backbones.length === 0) return false;
  const imagesPerSecond = Math.max(...networks.map((network) => network.imagesPerSecond));
  return trainingFits(seconds, { imagesPerSecond, ...images });
}

/** An action for each depth. Each begins with the network as it was given; none where nothing could be judged. */
export async function tuneActions<State extends Tunable>(options: TuneOptions): Promise<readonly Action<State>[]> {
  const { context, parts } = options;
  const { request, replay } = context;
  if (!request.fineTuning || (request.budgetSeconds === 0 && replay === null)) return [];
  const images = parts.select.pictures.length;
  if (images < fewestSelect) {
    const text = `fine-tuning: left out; ${images} photographs of select tell too little of what helps, ${fewestSelect} would do`;
    context.trace.add("decision", "loop", text, { images, needed: fewestSelect });
    return [];
  }
  const recorded = replay === null ? null : recordedTuning(replay);
  const branch = smallest(context.backbones);
  const course = { speedFactor: 1, trainings: 0 };
  const actions = depths.map(async (depth) => {
    const earlier = await recallPlan(planFile(context, depth));
    const plan = earlier ?? recorded?.find((one) => one.depth === depth.name) ?? null;
    const choice = (await recallChosen(choiceFile(context, depth))) ?? (replay && recordedChoice(replay, depth.name));
    const own = { ...options, branch, plan, course, choice: choice === null ? undefined : choice.recipe };
    return recorded !== null && plan === null ? [] : [tuneAction<State>(depth, own)];
  });
  return (await Promise.all(actions)).flat();
}

/** The network of the fewest multiply-adds, at the size that it was trained for: fine-tuning it brings more than a larger frozen one. */
export function smallest(backbones: RunContext["backbones"]): Branch {
  const backbone = backbones.reduce((a, b) => (b.row.multiplyAdds < a.row.multiplyAdds ? b : a));
  return { backbone, size: backbone.row.view.size };
}

/**
 * A head on the branch's features alone: what fine-tuning starts from. Where the recipe uses the branch they are those of the recipe, as it
 * looks at photographs, since these are there.
 */
async function startingHead(options: TuneOptions, branch: Branch): Promise<Head> {
  const { context, root, parts, classes, workload, frozen } = options;
  const { around, request } = context;
  const { train } = parts;
  const { solver, strength, epochs } = frozen.head;
  const manner = { classes, seed: request.seed, threads: around.threads, signal: around.signal };
  const place = frozen.recipe.branches.findIndex((one) => isSameBranch(one, branch));
  if (place >= 0 && frozen.recipe.branches.length === 1) return frozen.head;
  if (place >= 0) {
    const views = [takeBranch(frozen.recipe, place, frozen.features)];
    return refitHead({ ...train, views, solver, strength, epochs, ...manner });
  }
  const recipe = plainOf(branch);
  const extraction = extractFeatures(train.pictures, recipeTaps(recipe), { root, ...around });
  const { features } = await workload.record(extraction);
  const { head } = await fitHead({ ...train, views: [assembleFeatures(recipe, features)], ...manner });
  return head;
}

function plainOf(branch: Branch): Recipe {
  return { view: { ...branch.backbone.row.view, size: branch.size }, looks: [wholeLook], branches: [branch] };
}

export interface DepthOptions extends TuneOptions {
  readonly branch: Branch;
  /** Shared by all depths: seconds that real steps took over those predicted, once some did; trainings so far. */
  readonly course: { speedFactor: number; trainings: number };
  /** Of an earlier run of this folder, or of a replayed trace. */
  readonly plan: TuningPlan | null;
  /** How that run looked at photographs with the tuned network: the recipe's name, null where none was kept; undefined: to be decided. */
  readonly choice: string | null | undefined;
}

/** What the training of a depth begins with. */
export interface OneDepth extends DepthOptions {
  readonly head: Head;
  readonly cuts: readonly Cut[];
}

async function begin(options: DepthOptions): Promise<OneDepth> {
  const head = await startingHead(options, options.branch);
  return { ...options, head, cuts: await findNetworkCuts(options.branch, head) };
}

function tuneAction<State extends Tunable>(depth: Depth, given: DepthOptions): Action<State> {
  const { context, parts, branch, networks, plan, choice, suffices, classes, course } = given;
  const { train, select } = parts;
  const images = { train: train.pictures.length, select: select.pictures.length };
  const { imagesPerSecond } = networks.find(({ name }) => name === branch.backbone.row.name) ?? networks[0]!;
  const scale = scaleOf(images.train, usualSettings);
  let isTried = false;
  return {
    name: depth.name,
    thought: depth.thought,
    predict: (state, left) => {
      if (isTried) return null;
      if (plan !== null) return { seconds: 0, gain: 1 / (1 + plan.order), decided: true }; // in the order of then
      const accuracy = accuracyOf(state.selectLogits, select.labels, classes);
      if (isDeeper(state.tuning, depth) || suffices({ accuracy, images: images.select }) !== null) return null;
      const perEpoch = course.speedFactor * epochSeconds(depth.share, { imagesPerSecond, ...images });
      // Not in whole epochs, so that depths are compared in the same time: what is left over helps neither. All but a little of it,
      // since the clock runs on.
      const epochs = Math.max(fewestEpochs, Math.min(scale.epochs, (0.98 * left * timeShare) / perEpoch));
      const steps = (epochs * images.train) / scale.batch;
      return { seconds: (epochs * perEpoch) / timeShare, gain: gainOf(depth, steps) };
    },
    run: async (state) => {
      isTried = true;
      return tune(state).catch((error: unknown) => {
        if (!(error instanceof Fault) || !survivable.has(error.code)) throw error;
        return { state: null, observations: [{ text: `left out: ${error.message}`, data: { fault: error.code } }] };
      });
    },
  };

  async function tune(state: State): Promise<Observed<State>> {
    const options = await begin(given);
    const own = plan ?? (await makePlan(depth, options, imagesPerSecond));
    if ("why" in own) {
      isTried = false; // fewer epochs, or those of another depth, may fit later
      const { why, ...numbers } = own;
      const data = { name: depth.name, unmeasured: true, why, ...numbers };
      context.trace.add("decision", "loop", `${depth.name}: not measured; ${why}`, data);
      return { state: null, observations: [] };
    }
    course.trainings++;
    const planned = describePlan(own, options.cuts);
    context.trace.add("decision", "loop", `${depth.name}: ${planned}`, { tuning: own });
    const tuned = await fineTune(trainingOf(own, options));
    if (tuned.best.epoch === 0) {
      await writeJson(choiceFile(context, depth), { recipe: null });
      const text = `${describeTraining(tuned)}; no epoch did better on select than the head that it began with: rolled back`;
      return {
        state: null,
        observations: [{ text, data: { tuning: depth.name, verdict: "rolled back", on: "select" } }],
      };
    }
    const frozen = options.cuts.find(({ value }) => value === own.cut)?.prefixMultiplyAdds ?? 0;
    const measured = await tryRecipes(state, tuned, frozen, options);
    const best = choice === undefined ? await chooseAllowed(measured, options) : recallChoice(measured, choice);
    await writeJson(choiceFile(context, depth), { recipe: best && recipeName(best.recipe) });
    const observations = measured.map((one) =>
      describeMeasured(one, one === best ? "kept" : (one.refusal ?? "rolled back")),
    );
    const tuning = summarize(depth, own, tuned, branch);
    const changed = best && {
      recipe: best.recipe,
      head: { ...state.head, ...best.head },
      selectLogits: best.logits,
      untuned: state.untuned ?? state,
    };
    return {
      state: changed && { ...state, ...changed, tuning },
      observations: [{ text: describeTraining(tuned), data: { tuning: depth.name } }, ...observations],
    };
  }
}

/** Faults of a network that cannot be trained so deep: the model before is there all the same. */
const survivable: ReadonlySet<FaultCode> = new Set(["gradient-unsupported", "model-invalid", "training-diverged"]);

function isDeeper(tuning: FineTuning | null, { share }: Depth): boolean {
  const done = depths.find(({ name }) => name === tuning?.depth);
  return done !== undefined && done.share >= share;
}

/** Checkpoints are of use until the bundle is written. */
export async function forgetTraining({ folder }: RunContext): Promise<void> {
  await rm(folder.file("fine-tuning"), { recursive: true, force: true });
}

function choiceFile(context: RunContext, depth: Depth): string {
  return join(folderOf(context, depth), "choice.json");
}

async function recallChosen(path: string): Promise<{ readonly recipe: string | null } | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as { recipe: string | null });
}

function summarize(
  { name }: Depth,
  { cut, settings }: TuningPlan,
  tuned: FineTuned,
  { backbone: { row } }: Branch,
): FineTuning {
  const { best, history, parameters } = tuned;
  const { epochs, batch, rates } = settings;
  return { depth: name, network: row.name, sha256: row.sha256, cut, epochs, batch, rates, parameters, best, history };
}
