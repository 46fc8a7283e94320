/** The table of actions: each proposes recipes one step away from the current one. What they are worth is measured, never assumed. */
import { type Backbone, type Look, operatorSet, type Recipe } from "../backbone/index.js";
import type { View } from "../image/index.js";

/** What an action may use. */
export interface Means {
  /** Networks that may be used, the first ones first. */
  readonly backbones: readonly Backbone[];
}

export interface Action {
  /** What it hopes for, in the words of the trace. */
  readonly thought: string;
  readonly propose: (current: Recipe, means: Means) => readonly Recipe[];
}

/** Ways to make a square, each at its usual crop. */
const modes: readonly Pick<View, "mode" | "cropFraction">[] = [
  { mode: "crop", cropFraction: 1 },
  { mode: "crop", cropFraction: 0.875 },
  { mode: "squash" },
  { mode: "letterbox" },
];

export type ActionName = "resize mode" | "resolution" | "two backbones" | "mirror" | "larger backbone";

/** In the order in which they are tried: what usually helps most for its cost comes first. */
export const actions: Readonly<Record<ActionName, Action>> = {
  "resize mode": {
    thought: "how a picture becomes a square decides what the network sees of it",
    propose: (current) =>
      modes.map(({ mode, cropFraction }) => {
        const { size, kernel } = current.view;
        return { ...current, view: { mode, size, kernel, ...(cropFraction === undefined ? {} : { cropFraction }) } };
      }),
  },
  resolution: {
    thought: "more pixels may show more, at a cost that grows with their number",
    propose: (current) => [1, 2].flatMap((steps) => enlarge(current, steps)),
  },
  "two backbones": {
    thought: "two networks err differently, and a head can weigh their features side by side",
    propose: (current, { backbones }) =>
      current.branches.length > 1 ? [] : backbones.flatMap((backbone) => addBranch(current, backbone)),
  },
  mirror: {
    thought: "the mean over a picture and its mirror image is steadier than either",
    propose: (current) =>
      current.looks.some(({ flip }) => flip)
        ? []
        : [{ ...current, looks: [...current.looks, ...current.looks.map(({ crop }) => ({ crop, flip: true }))] }],
  },
  "larger backbone": {
    thought: "a larger network may know more",
    propose: ({ looks, view, branches }, { backbones }) =>
      branches.length > 1 ? [] : backbones.map((backbone) => alone(backbone, view, looks)),
  },
};

export const actionNames = Object.keys(actions) as ActionName[];

/** Networks whose sides are free, at so many steps more. */
function enlarge(current: Recipe, steps: number): Recipe[] {
  if (current.branches.every(({ backbone }) => backbone.row.sizes === "fixed")) return [];
  const branches = current.branches.map(({ backbone, size }) => ({
    backbone,
    size: backbone.row.sizes === "fixed" ? size : size + steps * backbone.row.sizeStep,
  }));
  return [{ ...current, view: { ...current.view, size: Math.max(...branches.map(({ size }) => size)) }, branches }];
}

function alone(backbone: Backbone, view: View, looks: readonly Look[]): Recipe {
  const { size } = backbone.row.view;
  return { view: { ...view, size }, looks, branches: [{ backbone, size }] };
}

function addBranch(current: Recipe, backbone: Backbone): Recipe[] {
  const others = current.branches.map((branch) => branch.backbone);
  if (others.some((other) => other.row.sha256 === backbone.row.sha256)) return [];
  if (others.some((other) => operatorSet(other) !== operatorSet(backbone))) return [];
  const { size } = backbone.row.view;
  const view = { ...current.view, size: Math.max(current.view.size, size) };
  return [{ ...current, view, branches: [...current.branches, { backbone, size }] }];
}
