/** A recipe says how a prepared square becomes features: how often it is looked at, by which networks, at which size. */
import { countOf, sha256 } from "../core/index.js";
import { imageLibraryVersions, type RandomView, type View, viewName } from "../image/index.js";
import { runtimeVersion } from "../onnx/index.js";
import type { Backbone } from "./zoo.js";

/** One look at the prepared square, made inside the graph. */
export interface Look {
  /** Side of the middle square that is looked at over the side of the whole; 1: all of it. */
  readonly crop: number;
  /** Mirrored left to right. */
  readonly flip: boolean;
}

export const wholeLook: Look = { crop: 1, flip: false };

/** A network and the side of its input in pixels; where it differs from the prepared square's the graph resizes. */
export interface Branch {
  readonly backbone: Backbone;
  readonly size: number;
}

/** Whether both give the same features of a prepared square. */
export function isSameBranch(a: Branch, b: Branch): boolean {
  return a.backbone.row.sha256 === b.backbone.row.sha256 && a.size === b.size;
}

/** The features of each branch are averaged over the looks; those of several branches stand side by side. */
export interface Recipe {
  /** How a picture becomes the prepared square, outside of the graph. */
  readonly view: View;
  readonly looks: readonly Look[];
  readonly branches: readonly Branch[];
  /** Random views of each photograph that the head learns from as well; none unless given. The graph knows nothing of them. */
  readonly draws?: number | undefined;
}

/** One network as it was trained: its own view, looked at once. */
export function plainRecipe(backbone: Backbone): Recipe {
  const { view } = backbone.row;
  return { view, looks: [wholeLook], branches: [{ backbone, size: view.size }] };
}

/** Width of a recipe's features. */
export function recipeWidth({ branches }: Pick<Recipe, "branches">): number {
  return branches.reduce((sum, { backbone }) => sum + backbone.row.width, 0);
}

/** Multiply-adds of one picture, one look; a convolution's grow with the square of the side. */
export function tapMultiplyAdds({ backbone: { row }, size }: Branch): number {
  return row.multiplyAdds * (size / row.view.size) ** 2;
}

/** Multiply-adds of one picture. */
export function recipeMultiplyAdds({ looks, branches }: Recipe): number {
  return looks.length * branches.reduce((sum, branch) => sum + tapMultiplyAdds(branch), 0);
}

/** Multiply-adds of one picture that the head learns from: each random view is one look more. */
export function learningMultiplyAdds(recipe: Recipe): number {
  return recipeMultiplyAdds(recipe) * (1 + (recipe.draws ?? 0) / recipe.looks.length);
}

export function lookName({ crop, flip }: Look): string {
  return `${crop === 1 ? "whole" : `middle-${crop}`}${flip ? "-mirrored" : ""}`;
}

/** A name for people and traces: "efficientnet-lite0@224 + efficientnet-lite2@260, crop-0.875-260-cubic, whole, whole-mirrored". */
export function recipeName({ view, looks, branches, draws = 0 }: Recipe): string {
  const networks = branches.map(({ backbone, size }) => `${backbone.row.name}@${size}`).join(" + ");
  const drawn = draws === 0 ? [] : [`learned from ${countOf(draws, "random view")} too`];
  return [networks, viewName(view), ...looks.map(lookName), ...drawn].join(", ");
}

/** One column of features that can be computed and cached by itself. */
export interface Tap extends Branch {
  readonly view: View | RandomView;
  readonly look: Look;
}

/** Raised when `prepare` or the graph changes what it computes. */
const recipeSchema = 4;

/** What a tap's features depend on: equal keys give equal features for equal pictures. */
export function tapKey({ backbone: { row }, size, view, look }: Tap): string {
  return sha256(
    JSON.stringify([
      recipeSchema,
      row.sha256,
      row.input,
      row.features,
      row.mean,
      row.deviation,
      size,
      viewName(view),
      lookName(look),
      imageLibraryVersions(),
      runtimeVersion,
    ]),
  );
}

/** What a recipe's features depend on; two networks may share a name. */
export function recipeKey(recipe: Recipe): string {
  const { draws = 0 } = recipe;
  return sha256(JSON.stringify([...recipeTaps(recipe).map(tapKey), ...(draws === 0 ? [] : [draws])]));
}

/** The taps that a recipe's features are made of: for each branch every look. */
export function recipeTaps({ view, looks, branches }: Recipe): Tap[] {
  return branches.flatMap((branch) => looks.map((look) => ({ ...branch, view, look })));
}

/** Random crops keep at least this share of a picture's area: smaller ones often miss the subject. */
const leastArea = 0.35;

/** Each color factor of a random view lies this close to 1, as in the walkthrough. */
const jitter = 0.2;

/** The taps of what a head learns from: those of the recipe, then for each random view every branch. */
export function learningTaps(recipe: Recipe, seed: number): Tap[] {
  const { view, branches, draws = 0 } = recipe;
  const { size, kernel } = view;
  const drawn = Array.from({ length: draws }, (_, draw): RandomView => {
    return { mode: "random", size, kernel, area: [leastArea, 1], jitter, seed, draw };
  });
  const taps = drawn.flatMap((one) => branches.map((branch) => ({ ...branch, view: one, look: wholeLook })));
  return [...recipeTaps(recipe), ...taps];
}
