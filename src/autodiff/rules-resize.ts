/** The rule of Resize: along each axis it is a matrix, so its gradient is the transposed one (onnx.ai, Resize). */
import type { Tensor } from "../onnx/index.js";
import { replaceAxis } from "./emit.js";
import { unsupported } from "./refusal.js";
import { fixedSizes, floatOf, intOf, intsOf, positiveAxis, range, type Rule, type Step, stringOf } from "./rule.js";
import { fixed, sameExtent } from "./shape.js";

export const resizing = {
  Resize: {
    formula: "along each axis y = R · x: dx = Rᵀ · g",
    except: "the batch, antialiasing, exclude_outside, crops",
    backward: (step) => [() => unresize(step), null, null, null],
  },
} as const satisfies Readonly<Record<string, Rule>>;

interface Axis {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

function unresize(step: Step): string {
  const { emit, node } = step;
  for (const name of ["antialias", "exclude_outside"])
    if (intOf(step, name, 0) !== 0) throw unsupported(node, `resizes with ${name}`);
  let [g, shape] = [step.g, step.shapeOf(step.y)];
  for (const axis of changedAxes(step)) {
    const matrix = emit.floats(transposedMatrix(step, axis), [axis.from, axis.to]);
    const mapped = emit.mapAxis(g, shape, axis.axis, matrix, axis.from);
    if (mapped === null) throw unsupported(node, "resizes between two free dimensions");
    [g, shape] = [mapped, replaceAxis(shape, axis.axis, fixed(axis.from))];
  }
  return g;
}

function changedAxes(step: Step): readonly Axis[] {
  const [xShape, yShape] = [step.shapeOf(step.x[0]!), step.shapeOf(step.y)];
  const axes = (intsOf(step, "axes", Infinity) ?? range(0, xShape.length)).map((axis) =>
    positiveAxis(axis, xShape.length),
  );
  const scales: Tensor | undefined = step.x[2] ? step.constant(step.x[2]) : undefined;
  return range(0, xShape.length)
    .filter((axis) => !sameExtent(xShape[axis]!, yShape[axis]!))
    .map((axis) => {
      const [from, to] = fixedSizes(step, [xShape[axis]!, yShape[axis]!]);
      // Where scales are given, rounding makes the size differ from their product, and coordinates go by the scale.
      const given = scales && scales.data.length > 0 ? Number(scales.data[axes.indexOf(axis)]) : to! / from!;
      return { axis, from: from!, to: to!, scale: given };
    });
}

/** Rᵀ [from, to] of one axis. */
function transposedMatrix(step: Step, { from, to, scale }: Axis): Float32Array {
  const matrix = new Float32Array(from * to);
  const locate = coordinate(step);
  const weigh = weights(step);
  for (let out = 0; out < to; out++)
    for (const [at, weight] of weigh(locate(out, from, to, scale))) {
      const clamped = Math.min(Math.max(at, 0), from - 1);
      matrix[clamped * to + out]! += weight;
    }
  return matrix;
}

type Coordinate = (out: number, from: number, to: number, scale: number) => number;

const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: (out, _from, _to, scale) => (out + 0.5) / scale - 0.5,
  pytorch_half_pixel: (out, _from, to, scale) => (to > 1 ? (out + 0.5) / scale - 0.5 : 0),
  asymmetric: (out, _from, _to, scale) => out / scale,
  align_corners: (out, from, to) => (to > 1 ? (out * (from - 1)) / (to - 1) : 0),
};

function coordinate(step: Step): Coordinate {
  const mode = stringOf(step, "coordinate_transformation_mode", "half_pixel");
  const found = coordinates[mode];
  if (!found) throw unsupported(step.node, `resizes with the coordinates ${mode}`);
  return found;
}

/** Elements of x that an element of y is made of, with their weights. */
type Weights = (at: number) => readonly (readonly [number, number])[];

const roundings: Readonly<Record<string, (at: number) => number>> = {
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function weights(step: Step): Weights {
  const mode = stringOf(step, "mode", "nearest");
  if (mode === "nearest") {
    const round = roundings[stringOf(step, "nearest_mode", "round_prefer_floor")]!;
    return (at) => [[round(at), 1]];
  }
  if (mode === "linear") return linearWeights;
  if (mode === "cubic") return cubicWeights(floatOf(step, "cubic_coeff_a", -0.75));
  throw unsupported(step.node, `resizes in the mode ${mode}`);
}

const linearWeights: Weights = (at) => {
  const low = Math.floor(at);
  return [
    [low, 1 - (at - low)],
    [low + 1, at - low],
  ];
};

/** Keys 1981: pieces of a cubic with the slope a. */
function cubicWeights(a: number): Weights {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return (at) => {
    const low = Math.floor(at);
    const t = at - low;
    return [
      [low - 1, far(t + 1)],
      [low, near(t)],
      [low + 1, near(1 - t)],
      [low + 2, far(2 - t)],
    ];
  };
}
