/** A recipe says how a prepared square becomes features: how often it is looked at, by which networks, at which size. */
import { sha256 } from "../core/index.js";
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

/** The features of each branch are averaged over the looks; those of several branches stand side by side. */
export interface Recipe {
  /** How a picture becomes the prepared square, outside of the graph. */
  readonly view: View;
  readonly looks: readonly Look[];
  readonly branches: readonly Branch[];
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

export function lookName({ crop, flip }: Look): string {
  return `${crop === 1 ? "whole" : `middle-${crop}`}${flip ? "-mirrored" : ""}`;
}

/** A name for people and traces: "efficientnet-lite0@224 + efficientnet-lite2@260, crop-0.875-260-cubic, whole, whole-mirrored". */
export function recipeName({ view, looks, branches }: Recipe): string {
  const networks = branches.map(({ backbone, size }) => `${backbone.row.name}@${size}`).join(" + ");
  return [networks, viewName(view), ...looks.map(lookName)].join(", ");
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
  return sha256(JSON.stringify(recipeTaps(recipe).map(tapKey)));
}

/** The taps that a recipe's features are made of: for each branch every look. */
export function recipeTaps({ view, looks, branches }: Recipe): Tap[] {
  return branches.flatMap((branch) => looks.map((look) => ({ ...branch, view, look })));
}
