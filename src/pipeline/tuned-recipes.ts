/** Ways to use a tuned network, alone or beside the frozen ones: compared on `select` with the model in force, the best allowed one taken. */
import {
  type Branch,
  isSameBranch,
  type Recipe,
  recipeMultiplyAdds,
  recipeName,
  recipeTaps,
  whyImpossible,
  wholeLook,
} from "../backbone/index.js";
import { formatPercent } from "../core/index.js";
import { assembleFeatures, extractFeatures } from "../features/index.js";
import type { FineTuned, HeadWeights } from "../finetune/index.js";
import { accuracyOf, comparePaired, type PairedComparison } from "../metrics/index.js";
import { applyHead } from "../train/index.js";
import { blendedRecipe, blendHeads, chooseShare, cool } from "./blend.js";
import { limitsOf } from "./limits.js";
import type { OneDepth, Tunable } from "./tune.js";

/** A way to use a tuned network, and what it does on select. */
export interface Measured {
  readonly recipe: Recipe;
  /** Of one photograph; layers that the tuned network shares with the frozen one that it was made of run once. */
  readonly multiplyAdds: number;
  readonly head: HeadWeights;
  /** Of the tuned network in the mean of logits; 1: it answers alone. */
  readonly share: number;
  readonly logits: Float32Array;
  /** At the best temperature. */
  readonly loss: number;
  readonly accuracy: number;
  /** Against the state before. */
  readonly paired: PairedComparison;
  refusal: string | null;
}

/** The tuned network as it was trained, and mirrored too, and as the state looks: what helped a frozen one need not help it. */
function lookAgain({ backbone: { row }, size }: Branch, backbone: Branch["backbone"], state: Recipe): Recipe[] {
  const looks = [[wholeLook], [wholeLook, { crop: 1, flip: true }]];
  const own = looks.map((some) => ({ view: { ...row.view, size }, looks: some, branches: [{ backbone, size }] }));
  const sameView = { view: state.view, looks: state.looks, branches: [{ backbone, size: state.view.size }] };
  const fits = row.sizes === "free" && (state.view.size - size) % row.sizeStep === 0;
  const all = fits ? [...own, sameView] : own;
  return [...new Map(all.map((recipe) => [recipeName(recipe), recipe])).values()].filter(
    (recipe) => whyImpossible(recipe) === null,
  );
}

/** `prefixMultiplyAdds`: of the layers that were not trained. Throws what `extractFeatures` does. */
export async function tryRecipes(
  state: Tunable,
  tuned: FineTuned,
  prefixMultiplyAdds: number,
  options: OneDepth,
): Promise<Measured[]> {
  const { context, root, parts, classes, branch, workload } = options;
  const { pictures, labels, groups } = parts.select;
  const own = lookAgain(branch, tuned.backbone, state.recipe);
  const frozen = state.untuned ?? state;
  const beside = { backbone: tuned.backbone, size: branch.size };
  const blended = blendedRecipe(frozen.recipe, beside);
  const isPossible = whyImpossible(blended) === null;
  const taps = (isPossible ? [...own, blended] : own).map(recipeTaps);
  const { features } = await workload.record(extractFeatures(pictures, taps.flat(), { root, ...context.around }));
  const columns = taps.map((some, i) => {
    const from = taps.slice(0, i).reduce((sum, { length }) => sum + length, 0);
    return features.slice(from, from + some.length);
  });
  const before = cool(state.selectLogits, labels, classes);
  const measure = (recipe: Recipe, i: number, head: HeadWeights, share: number): Measured => {
    const logits = applyHead(head, assembleFeatures(recipe, columns[i]!));
    const cooled = cool(logits, labels, classes);
    const paired = comparePaired(before.logits, cooled.logits, labels, classes, groups);
    const accuracy = accuracyOf(logits, labels, classes);
    const isShared =
      recipe.branches.some((one) => isSameBranch(one, branch)) &&
      recipe.branches.some((one) => isSameBranch(one, beside));
    const shared = isShared ? recipe.looks.length * prefixMultiplyAdds : 0;
    const multiplyAdds = recipeMultiplyAdds(recipe) - shared;
    return { recipe, multiplyAdds, head, share, logits, loss: cooled.loss, accuracy, paired, refusal: null };
  };
  const alone = own.map((recipe, i) => measure(recipe, i, tuned.head, 1));
  if (!isPossible) return alone;
  const ofTuned = columns.at(-1)!.slice(-blended.looks.length);
  const cold = cool(frozen.selectLogits, labels, classes);
  const warm = cool(
    applyHead(tuned.head, assembleFeatures({ ...blended, branches: [beside] }, ofTuned)),
    labels,
    classes,
  );
  const share = chooseShare(cold, warm, labels, classes);
  const head = blendHeads({ ...frozen, ...cold }, { ...tuned, ...warm }, share);
  return [...alone, measure(blended, own.length, head, share)];
}

/** Log loss that the order of sums may change. */
const roundingOfLoss = 1e-6;

/** The best that gains on the state before and that the requirements allow; null where there is none. */
export async function chooseAllowed(
  measured: readonly Measured[],
  { context, classes }: OneDepth,
): Promise<Measured | null> {
  const refuse = limitsOf(context.spec, classes, context.around);
  const gaining = measured
    .filter(({ paired }) => paired.logLossGain > roundingOfLoss)
    .toSorted((a, b) => a.loss - b.loss);
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

export function describeMeasured(
  { recipe, multiplyAdds, share, loss, accuracy, paired, refusal }: Measured,
  verdict: string,
) {
  const { accuracyGain, accuracyStandardError, logLossGain, logLossStandardError } = paired;
  const signed = (value: number, digits: number): string =>
    `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
  const name = recipeName(recipe);
  const gains = `${signed(100 * accuracyGain, 1)} ± ${(100 * accuracyStandardError).toFixed(1)} points, log loss ${signed(-logLossGain, 3)} ± ${logLossStandardError.toFixed(3)}`;
  const mean = share === 1 ? "" : `, ${formatPercent(share, 0)} of the logits from the tuned network`;
  return {
    text: `${name}${mean}: accuracy ${formatPercent(accuracy)}, log loss ${loss.toFixed(3)} on select; ${gains}: ${verdict}`,
    data: { recipe: name, share, accuracy, logLoss: loss, multiplyAdds, ...paired, verdict, refusal, on: "select" },
  };
}
