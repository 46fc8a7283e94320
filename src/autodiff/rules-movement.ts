/** Rules of what moves elements and computes nothing: the gradient moves back. */
import { attribute } from "../onnx/index.js";
import { type Emitter, replaceAxis } from "./emit.js";
import { unsupported } from "./refusal.js";
import { fixedSizes, intOf, intsOf, positiveAxis, range, type Rule, type Step, stringOf } from "./rule.js";
import { fixed, isFixed, type Shape } from "./shape.js";

const reshaping = {
  formula: "the same elements in another shape: dx = g in the shape of x",
  backward: ({ emit, g, x, shapeOf }: Step) => [() => emit.reshape(g, shapeOf(x[0]!), x[0]), null],
} satisfies Rule;

const passing = { formula: "y = x: dx = g", backward: ({ g }: Step) => [() => g, null, null] } satisfies Rule;

export const movement = {
  Identity: passing,
  Dropout: { ...passing, formula: "y = x (inference): dx = g" },
  Cast: { formula: "y = x in another float type: dx = g in that of x", backward: ({ g }) => [() => g] },
  Reshape: reshaping,
  Flatten: reshaping,
  Squeeze: reshaping,
  Unsqueeze: reshaping,
  Transpose: {
    formula: "axes permuted: dx = g with the inverse permutation",
    backward: (step) => [() => step.emit.transpose(step.g, inverse(permutation(step)))],
  },
  Concat: {
    formula: "parts side by side: each dx = its slice of g",
    except: "along the batch",
    backward: (step) => {
      const axis = positiveAxis(intOf(step, "axis", 0), step.shapeOf(step.y).length);
      const sizes = fixedSizes(
        step,
        step.x.map((name) => step.shapeOf(name)[axis]!),
      );
      const start = (i: number): number => sizes.slice(0, i).reduce((total, size) => total + size, 0);
      return sizes.map((size, i) => () => step.emit.slice(step.g, [axis], [start(i)], [start(i) + size]));
    },
  },
  Split: {
    formula: "slices of x: dx = their g side by side, zeros for what is not used",
    backward: (step) => {
      const axis = BigInt(intOf(step, "axis", 0));
      const parts = (): string[] => step.gradients.map((g, i) => g ?? step.emit.zerosLike(step.node.output[i]!));
      return [() => step.emit.op("Concat", parts(), { axis }), null];
    },
  },
  Slice: {
    formula: "y = x[start : end : step]: dx = g at those places, zeros elsewhere",
    except: "computed bounds, along the batch",
    backward: (step) => [() => unslice(step), null, null, null, null],
  },
  Pad: {
    formula: "zeros or another constant around x: dx = g without the padding",
    except: "modes other than constant",
    backward: (step) => [() => unpad(step), null, null, null],
  },
  Expand: {
    formula: "x repeated: dx = Σ g over what was repeated",
    backward: ({ emit, g, x, y, shapeOf }) => [() => emit.unbroadcast(g, shapeOf(y), shapeOf(x[0]!), x[0]), null],
  },
  Gather: {
    formula: "y = x[indices]: dx[d] = Σ g over the places whose index is d",
    backward: (step) => [() => ungather(step), null],
  },
} as const satisfies Readonly<Record<string, Rule>>;

function permutation({ node, x, shapeOf }: Step): readonly number[] {
  return attribute(node, "perm", "ints") ?? range(0, shapeOf(x[0]!).length).toReversed();
}

function inverse(perm: readonly number[]): number[] {
  return range(0, perm.length).map((axis) => perm.indexOf(axis));
}

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  /** Elements kept. */
  readonly count: number;
  /** Elements there were. */
  readonly size: number;
}

function unslice(step: Step): string {
  let [g, shape] = [step.g, step.shapeOf(step.y)];
  for (const cut of cutsOf(step)) {
    g = uncut(step.emit, g, shape, cut);
    shape = replaceAxis(shape, cut.axis, fixed(cut.size));
  }
  return g;
}

function cutsOf(step: Step): readonly Cut[] {
  const [xShape, yShape] = [step.shapeOf(step.x[0]!), step.shapeOf(step.y)];
  const starts = intsOf(step, "starts", 1) ?? [];
  const axes = (intsOf(step, "axes", 3) ?? range(0, starts.length)).map((axis) => positiveAxis(axis, xShape.length));
  const steps = intsOf(step, "steps", 4) ?? axes.map(() => 1);
  return axes.flatMap((axis, i) => {
    const from = { axis, start: starts[i]!, step: steps[i]! };
    // The whole batch is kept as it is.
    if (
      !isFixed(xShape[axis]!) &&
      from.start === 0 &&
      from.step === 1 &&
      xShape[axis]!.perImage === yShape[axis]!.perImage
    )
      return [];
    const [size, count] = fixedSizes(step, [xShape[axis]!, yShape[axis]!]);
    return [{ ...from, start: clampStart(from.start, from.step, size!), size: size!, count: count! }];
  });
}

function clampStart(start: number, step: number, size: number): number {
  const from = start < 0 ? start + size : start;
  return Math.min(Math.max(from, 0), step > 0 ? size : size - 1);
}

/** Puts a slice of one axis back in its place. */
function uncut(emit: Emitter, g: string, shape: Shape, { axis, start, step, count, size }: Cut): string {
  const distance = Math.abs(step);
  const ascending = step > 0 ? g : emit.flip(g, [axis]);
  const first = step > 0 ? start : start + (count - 1) * step;
  const span = (count - 1) * distance + 1;
  const spread = span === count ? ascending : spreadOut(emit, ascending, shape, axis, distance);
  const at = (value: number): number[] => shape.map((_, one) => (one === axis ? value : 0));
  return emit.pad(spread, at(first), at(size - first - span));
}

/** Zeros between the elements of an axis: [.., l, ..] → [.., l, 1, ..] → [.., l, d, ..] → [.., l·d, ..] */
function spreadOut(emit: Emitter, value: string, shape: Shape, axis: number, distance: number): string {
  const count = shape[axis]!.fixed;
  const wide = emit.op("Unsqueeze", [value, emit.ints([axis + 1])]);
  const none = range(0, shape.length + 1).map(() => 0);
  const padded = emit.pad(
    wide,
    none,
    none.map((_, one) => (one === axis + 1 ? distance - 1 : 0)),
  );
  const merged = emit.reshape(padded, replaceAxis(shape, axis, fixed(count * distance)));
  return emit.slice(merged, [axis], [0], [(count - 1) * distance + 1]);
}

function unpad(step: Step): string {
  const mode = stringOf(step, "mode", "constant");
  if (mode !== "constant") throw unsupported(step.node, `pads in the mode ${mode}`, { expected: "constant" });
  const rank = step.shapeOf(step.x[0]!).length;
  const pads = intsOf(step, "pads", 1) ?? [];
  const axes = (intsOf(step, "axes", 3) ?? range(0, rank)).map((axis) => positiveAxis(axis, rank));
  const back = (counts: readonly number[]): number[] =>
    range(0, rank).map((axis) => -(counts[axes.indexOf(axis)] ?? 0) || 0);
  return step.emit.pad(step.g, back(pads.slice(0, axes.length)), back(pads.slice(axes.length)));
}

/** Neighbors are a slice; other constants are multiplied by the matrix that selects, transposed: [d, index] = 1 where index = d. */
function ungather(step: Step): string {
  const { emit, g, x } = step;
  const shape = step.shapeOf(x[0]!);
  const axis = positiveAxis(intOf(step, "axis", 0), shape.length);
  const size = shape[axis]!;
  if (!step.constant(x[1]!) || !isFixed(size)) return scatter(step, axis);
  const indices = (intsOf(step, "indices", 1) ?? []).map((index) => positiveAxis(index, size.fixed));
  const gathered = replaceAxis(shape, axis, fixed(indices.length));
  const flat = emit.reshape(g, gathered, step.y);
  if (indices.every((index, i) => index === indices[0]! + i)) {
    const at = (value: number): number[] => range(0, shape.length).map((one) => (one === axis ? value : 0));
    return emit.pad(flat, at(indices[0]!), at(size.fixed - indices[0]! - indices.length));
  }
  const matrix = emit.floats(selection(indices, size.fixed), [size.fixed, indices.length]);
  return emit.mapAxis(flat, gathered, axis, matrix, size.fixed) ?? scatter(step, axis);
}

/** Indices that only a run knows: g is added into zeros, with the gathered axis first in both. */
function scatter({ emit, g, x, shapeOf }: Step, axis: number): string {
  const [rank, depth] = [shapeOf(x[0]!).length, shapeOf(x[1]!).length];
  const others = [...range(0, axis), ...range(axis + 1, rank)];
  const front = [axis, ...others];
  const places = [...range(axis, axis + depth), ...others.map((one) => (one < axis ? one : one + depth - 1))];
  const indices = emit.op("Unsqueeze", [emit.op("Cast", [x[1]!], { to: 7n }), emit.ints([-1])]);
  const zeros = emit.transpose(emit.zerosLike(x[0]!), front);
  const added = emit.op("ScatterND", [zeros, indices, emit.transpose(g, places)], { reduction: "add" });
  return emit.transpose(added, inverse(front));
}

function selection(indices: readonly number[], size: number): Float32Array {
  const matrix = new Float32Array(size * indices.length);
  indices.forEach((index, i) => {
    matrix[index * indices.length + i] = 1;
  });
  return matrix;
}
