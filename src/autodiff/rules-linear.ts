/** Rules of products: convolutions and matrices. */
import type { Emitter } from "./emit.js";
import type { ConvolutionGradient } from "./lowering.js";
import { floatOf, intOf, range, type Rule, type Step } from "./rule.js";
import { unsupported } from "./refusal.js";
import { type Extent, fixed, type Shape } from "./shape.js";
import { groupOf, transposedAttributes, unreached, type Window, windowOf } from "./window.js";

export const linear = {
  Conv: {
    formula:
      "y = w ∗ x + b: dx = the transposed convolution of g by w, dw[m,c,i] = Σₙ Σᵤ x[n,c,s·u + d·i − p] · g[n,m,u], db = Σ g over n and pixels",
    except: "sizes of the picture that are not fixed",
    backward: (step) => {
      const { emit, g, x, y, shapeOf } = step;
      return [
        () => inputGradient(step),
        () => weightGradient(step),
        () => emit.sum(g, [0, ...range(2, shapeOf(y).length)], false),
      ].slice(0, x.length);
    },
  },
  MatMul: {
    formula: "y = a · b: da = g · bᵀ, db = aᵀ · g",
    except: "vectors",
    backward: (step) => {
      const { emit, g, x, y, shapeOf } = step;
      const [a, b] = [x[0]!, x[1]!];
      const [aShape, bShape, shape] = [shapeOf(a), shapeOf(b), shapeOf(y)];
      if (aShape.length < 2 || bShape.length < 2)
        throw unsupported(step.node, "multiplies a vector", { expected: "matrices" });
      const left = (): string => emit.op("MatMul", [g, emit.transposeMatrix(b, bShape.length)]);
      return [
        () => emit.unbroadcast(left(), [...shape.slice(0, -1), aShape.at(-1)!], aShape, a),
        () => rightFactor(step, aShape, bShape, shape),
      ];
    },
  },
  Gemm: {
    formula: "y = α · a · b + β · c: da = α · g · bᵀ, db = α · aᵀ · g, dc = β · g; with transA, transB transposed",
    backward: (step) => {
      const { emit, g, x, y, shapeOf } = step;
      const alpha = floatOf(step, "alpha", 1);
      return [
        () => emit.scale(leftOfGemm(step), alpha),
        () => emit.scale(rightOfGemm(step), alpha),
        () => emit.scale(emit.unbroadcast(g, shapeOf(y), shapeOf(x[2]!), x[2]), floatOf(step, "beta", 1)),
      ].slice(0, x.length);
    },
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** aᵀ · g; where b is one matrix for all, as one product over all rows. */
function rightFactor({ emit, g, x }: Step, aShape: Shape, bShape: Shape, shape: Shape): string {
  const [a, b] = [x[0]!, x[1]!];
  const own = [...shape.slice(0, -2), aShape.at(-1)!, shape.at(-1)!];
  if (bShape.length > 2 || aShape.length === 2)
    return emit.unbroadcast(emit.op("MatMul", [emit.transposeMatrix(a, aShape.length), g]), own, bShape, b);
  const rows = (value: string, { fixed: width }: Extent): string => emit.op("Reshape", [value, emit.ints([-1, width])]);
  return emit.op("MatMul", [emit.transpose(rows(a, aShape.at(-1)!), [1, 0]), rows(g, shape.at(-1)!)]);
}

function leftOfGemm(step: Step): string {
  const { emit, g, x } = step;
  const turned = (value: string, when: boolean): string => (when ? emit.transpose(value, [1, 0]) : value);
  const transB = intOf(step, "transB", 0) === 1;
  return intOf(step, "transA", 0) === 1
    ? emit.op("MatMul", [turned(x[1]!, transB), emit.transpose(g, [1, 0])])
    : emit.op("MatMul", [g, turned(x[1]!, !transB)]);
}

function rightOfGemm(step: Step): string {
  const { emit, g, x } = step;
  const turned = (value: string, when: boolean): string => (when ? emit.transpose(value, [1, 0]) : value);
  const transA = intOf(step, "transA", 0) === 1;
  return intOf(step, "transB", 0) === 1
    ? emit.op("MatMul", [emit.transpose(g, [1, 0]), turned(x[0]!, transA)])
    : emit.op("MatMul", [turned(x[0]!, !transA), g]);
}

function convolutionOf(step: Step): ConvolutionGradient {
  const [x, w] = [step.x[0]!, step.x[1]!];
  const weight = step.shapeOf(w);
  const window = windowOf(
    step,
    weight.slice(2).map(({ fixed: size }) => size),
  );
  const shapes = { xShape: step.shapeOf(x), gShape: step.shapeOf(step.y), weight };
  return { x, g: step.g, ...shapes, window, group: groupOf(step) };
}

/** Which lowering a convolution takes. */
function weightGradient(step: Step): string {
  const { emit, lowering } = step;
  const convolution = convolutionOf(step);
  const { group, window, weight, xShape } = convolution;
  const isPoint =
    [...window.kernel].every((size) => size === 1) && [...window.begin, ...window.end].every((pad) => pad === 0);
  if (group === 1 && isPoint) return lowering.pointwise(emit, sampled(emit, convolution));
  if (group === 1) return lowering.dense(emit, convolution);
  const isDepthwise = group === xShape[1]!.fixed && group === weight[0]!.fixed;
  return isDepthwise ? lowering.depthwise(emit, convolution) : lowering.grouped(emit, convolution);
}

/** A stride on single points leaves pixels out. */
function sampled(emit: Emitter, convolution: ConvolutionGradient): ConvolutionGradient {
  const { x, xShape, gShape, window } = convolution;
  if (window.strides.every((stride) => stride === 1)) return convolution;
  const axes = range(2, xShape.length);
  const all = (size: number): number[] => axes.map(() => size);
  const kept = emit.slice(x, axes, all(0), window.input, window.strides);
  return { ...convolution, x: kept, xShape: [...xShape.slice(0, 2), ...gShape.slice(2)] };
}

/** With stride 1 a convolution by the mirrored weight, which runtimes do fastest; else the transposed one. */
function inputGradient(step: Step): string {
  const { emit, g } = step;
  const convolution = convolutionOf(step);
  const { window, group } = convolution;
  const pads = mirroredPads(window);
  if (!pads) {
    const attributes = { ...transposedAttributes(window), group: BigInt(group) };
    return emit.op("ConvTranspose", [g, step.x[1]!], attributes);
  }
  const weight = mirroredWeight(emit, step.x[1]!, convolution);
  return emit.op("Conv", [g, weight], {
    group: BigInt(group),
    kernel_shape: window.kernel.map(BigInt),
    dilations: window.dilations.map(BigInt),
    pads: pads.map(BigInt),
  });
}

/** Padding of the mirrored convolution; null where it would be negative or the stride is not 1. */
function mirroredPads(window: Window): number[] | null {
  const { strides, kernel, dilations, begin, end } = window;
  if (strides.some((stride) => stride !== 1)) return null;
  const full = kernel.map((size, axis) => dilations[axis]! * (size - 1));
  const before = full.map((count, axis) => count - begin[axis]!);
  const after = full.map((count, axis) => count - end[axis]! + unreached(window, axis));
  return [...before, ...after].some((count) => count < 0) ? null : [...before, ...after];
}

/** w [m, c/G, …] → [c, m/G, …] with each kernel from last to first. The runtime folds it into a constant. */
function mirroredWeight(
  emit: Emitter,
  weight: string,
  { weight: shape, xShape, window, group }: ConvolutionGradient,
): string {
  const [outputs, inputs] = [shape[0]!.fixed / group, xShape[1]!.fixed / group];
  const kernel = shape.slice(2);
  const spatial = range(3, 3 + kernel.length);
  const axes = range(2, shape.length).filter((axis) => window.kernel[axis - 2]! > 1);
  const mirrored = axes.length === 0 ? weight : emit.flip(weight, axes);
  if (group === 1) return emit.transpose(mirrored, [1, 0, ...range(2, shape.length)]);
  if (outputs === 1 && inputs === 1) return mirrored;
  const grouped = emit.reshape(mirrored, [fixed(group), fixed(outputs), fixed(inputs), ...kernel]);
  return emit.reshape(emit.transpose(grouped, [0, 2, 1, ...spatial]), [
    fixed(group * inputs),
    fixed(outputs),
    ...kernel,
  ]);
}
