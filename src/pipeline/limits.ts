/** What the spec's lines allow and ask of a recipe, before anything is proven. */
import { totalmem } from "node:os";
import type { Recipe } from "../backbone/index.js";
import { recipeWidth } from "../backbone/index.js";
import { measureLatency } from "../bench/index.js";
import { buildModel } from "../bundle/index.js";
import { formatBytes, formatPercent, formatSeconds } from "../core/index.js";
import type { Trial } from "../loop/index.js";
import { type Requirement, type RequirementKind, type Spec } from "../spec/index.js";
import type { Surroundings } from "./context.js";
import { clopperPearsonLower, openingAlpha, provable, quantile } from "../statistics/index.js";

/** Seconds for learning where neither the user nor the spec says how many. */
const defaultBudget = 13 * 60;

/** Seconds that a run may learn: what the user gave, else the default, but no more than the spec's training time with its margin. */
export function budgetOf(spec: Spec, given: number | null): number {
  return Math.min(given ?? defaultBudget, ...upperLimits(spec, "training-time").map((limit) => limit * timeMargin));
}

/** Share of the training time that the budget may be: the last head and its calibration end a little after it. */
const timeMargin = 0.9;

function upperLimits({ requirements }: Spec, kind: RequirementKind): number[] {
  return requirements.flatMap((line) =>
    line.kind === kind && line.role === "hard" && line.target?.comparison.startsWith("<") ? [line.target.value] : [],
  );
}

/** Bytes that learning may take: what the spec's lines allow, and no more than most of this machine has. */
export function memoryLimit(spec: Spec): number {
  return Math.min(0.7 * totalmem(), ...upperLimits(spec, "peak-memory").map((limit) => 0.9 * limit));
}

/** Bytes of a device's memory that the spec's lines allow; null where none says. */
export function deviceMemoryLimit({ requirements }: Spec): number | null {
  const limits = requirements.flatMap(({ kind, target }) =>
    kind === "device-memory" && target?.comparison.startsWith("<") ? [target.value] : [],
  );
  return limits.length === 0 ? null : Math.min(...limits);
}

/** Share of a limit that a recipe may use: it is measured again, and proven, in the end. */
const margin = 0.8;

/** Why the spec's limits of latency and size forbid a recipe, by measuring the graph that a bundle would have; or null. */
export function limitsOf(
  spec: Spec,
  classes: number,
  { threads, device }: Pick<Surroundings, "threads" | "device">,
): (recipe: Recipe) => Promise<string | null> {
  const latency = Math.min(...upperLimits(spec, "latency"));
  const size = Math.min(...upperLimits(spec, "model-size"));
  return async (recipe) => {
    if (!Number.isFinite(latency) && !Number.isFinite(size)) return null;
    const model = emptyModel(recipe, classes);
    if (model.length > size * margin) return `the model would have ${formatBytes(model.length)}`;
    if (!Number.isFinite(latency)) return null;
    const times = await measureLatency(model, { size: recipe.view.size, threads, device, runs: 30 });
    const slow = quantile(times.toSorted(), 0.95) / 1000;
    return slow > latency * margin ? `it takes ${formatSeconds(slow)} for one image` : null;
  };
}

/** The bundle's model with a head that has learned nothing: of the same size and speed. */
export function emptyModel(recipe: Recipe, classes: number): Uint8Array {
  const head = { weight: new Float32Array(classes * recipeWidth(recipe)), bias: new Float32Array(classes) };
  const labels = Array.from({ length: classes }, (_, i) => String(i));
  return buildModel({ recipe, head, temperature: 1, labels });
}

const qualityKinds: ReadonlySet<RequirementKind> = new Set([
  "accuracy",
  "balanced-accuracy",
  "macro-f1",
  "worst-class-recall",
  "rare-class-recall",
  "class-recall",
  "calibration-error",
]);

/**
 * Why the accuracy of a trial is enough, so that nothing more need be tried: every line about quality is a hard one about
 * accuracy, and the trial's lower bound clears what the test split would have to show. Null where more is better.
 */
export function sufficiency(
  spec: Spec,
  judged: JudgedImages,
): (measured: Pick<Trial, "accuracy" | "images">) => string | null {
  const lines = spec.requirements.filter(({ kind }) => qualityKinds.has(kind));
  const needed = neededAccuracy(spec, judged);
  if (needed === null || !lines.every(isHardAccuracy)) return () => null;
  return ({ accuracy, images }) => {
    const lower = clopperPearsonLower(Math.round(accuracy * images), images, spec.alpha);
    return lower >= needed
      ? `${formatPercent(lower)} or more clears the ${formatPercent(needed)} that prove every line`
      : null;
  };
}

/** Photographs that lines are judged on. */
export interface JudgedImages {
  readonly test: number;
  readonly calibrate: number;
  /** Of the test photographs, from 1: each proves less than the one before. */
  readonly opening: number;
}

/**
 * The accuracy that every hard line about it would see proven, each on its own split: 1 where a split is too small to prove it.
 * Null without such a line.
 */
export function neededAccuracy({ requirements, alpha }: Spec, images: JudgedImages): number | null {
  const needed = requirements.filter(isHardAccuracy).map(({ judgedOn, target }) => {
    const isTest = judgedOn !== "calibrate";
    const [count, level] = isTest ? [images.test, openingAlpha(alpha, images.opening)] : [images.calibrate, alpha];
    return (provable(count, target!.value, level) ?? count) / Math.max(1, count);
  });
  return needed.length === 0 ? null : Math.max(...needed);
}

/** As `neededAccuracy`, and by a standard error more: what a choice that costs accuracy must leave. Null without such a line. */
export function accuracyFloor(spec: Spec, images: JudgedImages): number | null {
  const needed = neededAccuracy(spec, images);
  if (needed === null) return null;
  return Math.min(
    1,
    needed + Math.sqrt((needed * (1 - needed)) / Math.max(1, Math.min(images.test, images.calibrate))),
  );
}

function isHardAccuracy({ kind, role, target }: Requirement): boolean {
  return kind === "accuracy" && role === "hard" && target !== null;
}

const balancedKinds: ReadonlySet<RequirementKind> = new Set([
  "balanced-accuracy",
  "macro-f1",
  "worst-class-recall",
  "rare-class-recall",
]);

/** Whether some line asks for more than accuracy: for the classes alike. */
export function asksForBalance({ requirements }: Spec): boolean {
  return requirements.some(({ kind }) => balancedKinds.has(kind));
}
