/** Ways to look at photographs with a tuned network: compared on `select` with the model in force, the best allowed one taken. */
import {
  type Branch,
  type Recipe,
  recipeMultiplyAdds,
  recipeName,
  recipeTaps,
  whyImpossible,
  wholeLook,
} from "../backbone/index.js";
import { fitTemperature } from "../calibrate/index.js";
import { formatPercent } from "../core/index.js";
import { assembleFeatures, extractFeatures } from "../features/index.js";
import type { FineTuned } from "../finetune/index.js";
import { accuracyOf, comparePaired, type PairedComparison } from "../metrics/index.js";
import { applyHead } from "../train/index.js";
import { limitsOf } from "./limits.js";
import type { OneDepth, Tunable } from "./tune.js";

/** A way to look at photographs with a tuned network, and what it does on select. */
export interface Measured {
  readonly recipe: Recipe;
  readonly logits: Float32Array;
  /** At the best temperature. */
  readonly loss: number;
  readonly accuracy: number;
  /** Against the state before. */
  readonly paired: PairedComparison;
  refusal: string | null;
}

/** The tuned network as it was trained, mirrored too, and a size larger where it takes one: what helped a frozen one need not help it. */
function lookAgain({ backbone: { row }, size }: Branch, backbone: Branch["backbone"], state: Recipe): Recipe[] {
  const larger = size + 2 * row.sizeStep;
  const sizes = row.sizes === "free" ? [size, larger] : [size];
  const looks = [[wholeLook], [wholeLook, { crop: 1, flip: true }]];
  const own = sizes.flatMap((side) =>
    looks.map((some) => ({ view: { ...row.view, size: side }, looks: some, branches: [{ backbone, size: side }] })),
  );
  const sameView = { view: state.view, looks: state.looks, branches: [{ backbone, size: state.view.size }] };
  const fits = row.sizes === "free" && (state.view.size - size) % row.sizeStep === 0;
  const all = fits ? [...own, sameView] : own;
  return [...new Map(all.map((recipe) => [recipeName(recipe), recipe])).values()].filter(
    (recipe) => whyImpossible(recipe) === null,
  );
}

export async function tryRecipes(state: Tunable, tuned: FineTuned, options: OneDepth): Promise<Measured[]> {
  const { context, root, parts, classes, branch, workload } = options;
  const { pictures, labels, groups } = parts.select;
  const recipes = lookAgain(branch, tuned.backbone, state.recipe);
  const taps = recipes.map(recipeTaps);
  const { features } = await workload.record(extractFeatures(pictures, taps.flat(), { root, ...context.around }));
  const before = cool(state.selectLogits, labels, classes);
  let from = 0;
  return recipes.map((recipe, i) => {
    const own = features.slice(from, from + taps[i]!.length);
    from += own.length;
    const logits = applyHead(tuned.head, assembleFeatures(recipe, own));
    const cooled = cool(logits, labels, classes);
    const paired = comparePaired(before.logits, cooled.logits, labels, classes, groups);
    const accuracy = accuracyOf(logits, labels, classes);
    return { recipe, logits, loss: cooled.loss, accuracy, paired, refusal: null };
  });
}

/** Logits at their best temperature: candidates differ in how sure they are, and calibration takes that away. */
function cool(logits: Float32Array, labels: Int32Array, classes: number) {
  const { temperature, nllAfter } = fitTemperature(logits, labels, classes, 1 / (labels.length + 2));
  return { logits: logits.map((logit) => logit / temperature), loss: nllAfter };
}

/** The best that gains on the state before and that the requirements allow; null where there is none. */
export async function chooseAllowed(
  measured: readonly Measured[],
  { context, classes }: OneDepth,
): Promise<Measured | null> {
  const refuse = limitsOf(context.spec, classes, context.around);
  const gaining = measured.filter(({ paired }) => paired.logLossGain > 0).toSorted((a, b) => a.loss - b.loss);
  for (const one of gaining) {
    one.refusal = await refuse(one.recipe);
    if (one.refusal === null) return one;
    one.refusal = `refused, ${one.refusal}`;
  }
  return null;
}

/** The one of a recorded run; null where that kept none. */
export function recallChoice(measured: readonly Measured[], name: string | null): Measured | null {
  return measured.find(({ recipe }) => recipeName(recipe) === name) ?? null;
}

export function describeMeasured({ recipe, loss, accuracy, paired, refusal }: Measured, verdict: string) {
  const { accuracyGain, accuracyStandardError, logLossGain, logLossStandardError } = paired;
  const signed = (value: number, digits: number): string =>
    `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
  const name = recipeName(recipe);
  const gains = `${signed(100 * accuracyGain, 1)} ± ${(100 * accuracyStandardError).toFixed(1)} points, log loss ${signed(-logLossGain, 3)} ± ${logLossStandardError.toFixed(3)}`;
  const multiplyAdds = recipeMultiplyAdds(recipe);
  return {
    text: `${name}: accuracy ${formatPercent(accuracy)}, log loss ${loss.toFixed(3)} on select; ${gains}: ${verdict}`,
    data: { recipe: name, accuracy, logLoss: loss, multiplyAdds, ...paired, verdict, refusal, on: "select" },
  };
}
