/** From pixels to features in one graph: looks and normalization in front of backbones that are cut at their pooled features. */
import {
  copyModel,
  type Dimension,
  float32,
  graft,
  GraphBuilder,
  keepOutputs,
  makeModel,
  shareConstants,
  type Tensor,
} from "../onnx/index.js";
import type { Branch, Look, Recipe } from "./recipe.js";
import { resamplingMatrix } from "./resampling.js";
import type { Backbone, BackboneRow } from "./zoo.js";

/** Names of the inputs and outputs of every graph that assay makes. */
export const names = {
  image: "image",
  features: "features",
  activations: "activations",
  logits: "logits",
  probabilities: "probabilities",
} as const;

/** Name of the feature map of the given branch: "activations", "activations_1" … */
export function activationsName(branch: number): string {
  return branch === 0 ? names.activations : `${names.activations}_${branch}`;
}

/**
 * The graph `image` uint8 [n, size, size, 3] (RGB) → `features` [n, width], and for each branch whose pooling is a global average
 * `activations` [n, c, h', w'], the mean over the looks. Throws `model-invalid` for networks of different operator sets.
 */
export function recipeGraph({ view, looks, branches }: Recipe): GraphBuilder {
  const { builder, planes } = openGraph(branches, view.size);
  const pooled = branches.map((branch, i) => {
    const outputs = addBranch(builder, branch, i, lookAt(builder, planes, looks, view.size, branch.size));
    if (outputs.activations !== null) addActivations(builder, outputs.activations, branch, i, looks);
    return averageLooks(builder, outputs.features, looks.length, branch.backbone.row.width);
  });
  if (branches.length > 1) shareConstants(builder.model.graph!);
  const width = branches.reduce((sum, { backbone }) => sum + backbone.row.width, 0);
  builder.node(
    pooled.length === 1 ? "Identity" : "Concat",
    pooled,
    pooled.length === 1 ? {} : { axis: 1n },
    names.features,
  );
  builder.output({ name: names.features, type: "float32", dims: ["n", width] });
  return builder;
}

/** The graph `image` uint8 [n, size, size, 3] → `features` [looks × n, width], one look after the other, of one network. */
export function looksGraph(branch: Branch, looks: readonly Look[], side: number): GraphBuilder {
  const { builder, planes } = openGraph([branch], side);
  const { features } = addBranch(builder, branch, 0, lookAt(builder, planes, looks, side, branch.size));
  builder.node("Identity", [features], {}, names.features);
  builder.output({ name: names.features, type: "float32", dims: ["rows", branch.backbone.row.width] });
  return builder;
}

/** The pixels as float planes [n, 3, side, side]. */
function openGraph(branches: readonly Branch[], side: number): { builder: GraphBuilder; planes: string } {
  const builder = new GraphBuilder(makeModel(operatorSet(branches[0]!.backbone)));
  builder.input({ name: names.image, type: "uint8", dims: ["n", side, side, 3] });
  // Transposed while the pixels are still bytes: a quarter of the memory traffic.
  const planar = builder.node("Transpose", [names.image], { perm: [0n, 3n, 1n, 2n] });
  return { builder, planes: builder.node("Cast", [planar], { to: 1n }) };
}

/** Since when Slice goes by inputs. */
const looksSince = 10;

/** Why no graph can express a recipe; null where one can. */
export function whyImpossible({ looks, branches }: Recipe): string | null {
  const sets = [...new Set(branches.map(({ backbone }) => operatorSet(backbone)))];
  if (sets.length > 1) return `networks of operator sets ${sets.join(" and ")} cannot share a graph`;
  const plain = looks.every(({ crop, flip }) => crop === 1 && !flip);
  return plain || sets[0]! >= looksSince ? null : `its operator set ${sets[0]!} is older than ${looksSince}`;
}

/** Version of the standard operators that a network uses. */
function operatorSet({ model }: Backbone): number {
  return Number(model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 0);
}

/** All looks below each other, [looks × n, 3, size, size]: the network then runs once. */
function lookAt(builder: GraphBuilder, planes: string, looks: readonly Look[], side: number, size: number): string {
  const seen = looks.map(({ crop, flip }) => {
    const region = middle(builder, planes, side, Math.round(crop * side));
    const sized = resize(builder, region, Math.round(crop * side), size);
    return flip ? mirror(builder, sized) : sized;
  });
  return seen.length === 1 ? seen[0]! : builder.node("Concat", seen, { axis: 0n });
}

function middle(builder: GraphBuilder, planes: string, side: number, wanted: number): string {
  if (wanted === side) return planes;
  const from = Math.floor((side - wanted) / 2);
  const bounds = [
    [from, from],
    [from + wanted, from + wanted],
    [2, 3],
  ] as const;
  return builder.node("Slice", [planes, ...bounds.map((values) => builder.constant(int64(values)))]);
}

/** Cubic with Catmull and Rom's coefficient, as libvips resizes: R · x · Rᵀ of each plane. */
function resize(builder: GraphBuilder, planes: string, side: number, size: number): string {
  if (side === size) return planes;
  const name = `resampling/${side}-${size}`;
  const isThere = builder.model.graph!.initializer.some((tensor) => tensor.name === name);
  const rows = isThere ? name : builder.floats(resamplingMatrix(side, size, -0.5), [size, side], name);
  const columns = builder.node("Transpose", [rows], { perm: [1n, 0n] });
  return builder.node("MatMul", [rows, builder.node("MatMul", [planes, columns])]);
}

/** Columns from last to first; the end lies before the first, which only a very small number can say. */
function mirror(builder: GraphBuilder, planes: string): string {
  const bounds = [[-1], [-(2 ** 31)], [3], [-1]].map((values) => builder.constant(int64(values)));
  return builder.node("Slice", [planes, ...bounds]);
}

interface BranchOutputs {
  readonly features: string;
  readonly activations: string | null;
}

function addBranch(builder: GraphBuilder, { backbone }: Branch, index: number, pixels: string): BranchOutputs {
  const { row, model } = backbone;
  const prefix = `branch${index}/`;
  const cut = copyModel(model);
  keepOutputs(cut, row.activations === null ? [row.features] : [row.features, row.activations]);
  const outputs = graft(builder.model, cut, {
    prefix,
    bindings: { [row.input]: normalize(builder, pixels, row) },
    // The same network twice shares its weights; two of one name do not.
    constantPrefix: `${row.name}-${row.sha256.slice(0, 8)}/`,
  });
  return {
    features: outputs[row.features]!,
    activations: row.activations === null ? null : outputs[row.activations]!,
  };
}

function normalize(builder: GraphBuilder, pixels: string, { mean, deviation }: BackboneRow): string {
  const centered = builder.node("Sub", [pixels, builder.floats(mean, [1, 3, 1, 1])]);
  return builder.node("Div", [centered, builder.floats(deviation, [1, 3, 1, 1])]);
}

/** [looks × n, width] → [n, width]. As a product, since ReduceMean is written differently from operator set 18 on. */
function averageLooks(builder: GraphBuilder, features: string, looks: number, width: number): string {
  if (looks === 1) return features;
  const stacked = builder.node("Reshape", [features, builder.constant(int64([looks, -1]))]);
  const shares = builder.constant(float32([1, looks], new Float32Array(looks).fill(1 / looks)));
  return builder.node("Reshape", [builder.node("MatMul", [shares, stacked]), builder.constant(int64([-1, width]))]);
}

/**
 * The mean over the looks, mirrored ones turned back, so that its mean over space is the branch's share of `features`. Looks at
 * regions of different sizes have no common frame: such a recipe gives no activations.
 */
function addActivations(
  builder: GraphBuilder,
  activations: string,
  { backbone }: Branch,
  index: number,
  looks: readonly Look[],
): void {
  if (looks.some(({ crop }) => crop !== looks[0]!.crop)) return;
  const sides = [false, true]
    .filter((flip) => looks.some((look) => look.flip === flip))
    .map((flip) => {
      const summed = sumMaps(
        builder,
        activations,
        looks.map((look) => (look.flip === flip ? 1 / looks.length : 0)),
      );
      return flip ? mirror(builder, summed) : summed;
    });
  const name = activationsName(index);
  builder.node(sides.length === 1 ? "Identity" : "Add", sides, {}, name);
  const dims: Dimension[] = ["n", backbone.row.width, `height_${index}`, `width_${index}`];
  builder.output({ name, type: "float32", dims });
}

/** [looks × n, c, h', w'] → [n, c, h', w'], each look with its share. */
function sumMaps(builder: GraphBuilder, activations: string, shares: readonly number[]): string {
  if (shares.length === 1) return activations;
  const [from, to] = [builder.constant(int64([1])), builder.constant(int64([4]))];
  const sizes = builder.node("Slice", [builder.node("Shape", [activations]), from, to]);
  const stacked = builder.node("Reshape", [activations, builder.constant(int64([shares.length, -1]))]);
  const summed = builder.node("MatMul", [builder.floats(shares, [1, shares.length]), stacked]);
  const dims = builder.node("Concat", [builder.constant(int64([-1])), sizes], { axis: 0n });
  return builder.node("Reshape", [summed, dims]);
}

function int64(values: readonly number[]): Tensor {
  return { type: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}
