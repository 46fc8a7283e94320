/** The table of changes of a recipe: each proposes recipes one step away. What they are worth is measured, never assumed. */
import type { Backbone, Recipe } from "../backbone/index.js";
import type { View } from "../image/index.js";

/** What an action may use. */
export interface Means {
  /** Networks that may be used, the first ones first. */
  readonly backbones: readonly Backbone[];
  /** Random views that heads learn from as well; null: as the search finds them to help. */
  readonly draws: number | null;
}

/** A change of the recipe. */
export interface Change {
  /** Why it may help, in the words of the trace. */
  readonly thought: string;
  /** Decrease of the log loss that it usually brings: the order of trials alone rests on it. From `bench/accuracy.mjs` on clothing. */
  readonly usualGain: number;
  readonly propose: (current: Recipe, means: Means) => readonly Recipe[];
}

/** Ways to make a square, each at its usual crop. */
const modes: readonly Pick<View, "mode" | "cropFraction">[] = [
  { mode: "crop", cropFraction: 1 },
  { mode: "crop", cropFraction: 0.875 },
  { mode: "squash" },
  { mode: "letterbox" },
];

export type ChangeName = "resize mode" | "resolution" | "two backbones" | "mirror" | "larger backbone" | "random views";

export const changes: Readonly<Record<ChangeName, Change>> = {
  "resize mode": {
    thought: "how a picture becomes a square decides what the network sees of it",
    usualGain: 0.02,
    propose: (current) =>
      modes.map(({ mode, cropFraction }) => {
        const { size, kernel } = current.view;
        return { ...current, view: { mode, size, kernel, ...(cropFraction === undefined ? {} : { cropFraction }) } };
      }),
  },
  resolution: {
    thought: "more pixels may show more, at a cost that grows with their number",
    usualGain: 0.02,
    propose: (current) => enlarge(current, 2),
  },
  "two backbones": {
    thought: "two networks err differently, and a head can weigh their features side by side",
    usualGain: 0.08,
    propose: (current, { backbones }) =>
      current.branches.length > 1 ? [] : backbones.flatMap((backbone) => addBranch(current, backbone)),
  },
  mirror: {
    thought: "the mean over a picture and its mirror image is steadier than either",
    usualGain: 0.008,
    propose: (current) =>
      current.looks.some(({ flip }) => flip)
        ? []
        : [{ ...current, looks: [...current.looks, ...current.looks.map(({ crop }) => ({ crop, flip: true }))] }],
  },
  "larger backbone": {
    thought: "a larger network may know more",
    usualGain: 0.04,
    propose: (current, { backbones }) =>
      current.branches.length > 1 ? [] : backbones.map((backbone) => alone(backbone, current)),
  },
  "random views": {
    thought: "a head that has seen each photograph cropped, mirrored and in other colors may mind them less",
    usualGain: 0.007,
    propose: (current, { draws }) => (draws === null && !current.draws ? [{ ...current, draws: 1 }] : []),
  },
};

export const changeNames = Object.keys(changes) as ChangeName[];

/** Networks whose sides are free, at so many steps more. */
function enlarge(current: Recipe, steps: number): Recipe[] {
  if (current.branches.every(({ backbone }) => backbone.row.sizes === "fixed")) return [];
  const branches = current.branches.map(({ backbone, size }) => ({
    backbone,
    size: backbone.row.sizes === "fixed" ? size : size + steps * backbone.row.sizeStep,
  }));
  return [{ ...current, view: { ...current.view, size: Math.max(...branches.map(({ size }) => size)) }, branches }];
}

function alone(backbone: Backbone, current: Recipe): Recipe {
  const { size } = backbone.row.view;
  return { ...current, view: { ...current.view, size }, branches: [{ backbone, size }] };
}

function addBranch(current: Recipe, backbone: Backbone): Recipe[] {
  const others = current.branches.map((branch) => branch.backbone);
  if (others.some((other) => other.row.sha256 === backbone.row.sha256)) return [];
  const { size } = backbone.row.view;
  const view = { ...current.view, size: Math.max(current.view.size, size) };
  return [{ ...current, view, branches: [...current.branches, { backbone, size }] }];
}
