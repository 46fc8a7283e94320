/** Rules of products: convolutions and matrices. */
import type { Emitter } from "./emit.js";
import type { ConvolutionGradient } from "./lowering.js";
import { mirroredInput } from "./lowering-input.js";
import { floatOf, intOf, range, type Rule, type Step } from "./rule.js";
import { unsupported } from "./refusal.js";
import type { Extent, Shape } from "./shape.js";
import { groupOf, windowOf } from "./window.js";

export const linear = {
  Conv: {
    formula:
      "y = w ∗ x + b: dx = the transposed convolution of g by w, dw[m,c,i] = Σₙ Σᵤ x[n,c,s·u + d·i − p] · g[n,m,u], db = Σ g over n and pixels",
    except: "sizes of the picture that are not fixed",
    backward: (step) => {
      const { emit, g, x, y, shapeOf } = step;
      return [() => inputGradient(step), () => weightGradient(step), () => emit.sumPixels(g, shapeOf(y))].slice(
        0,
        x.length,
      );
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
  return { x, g: step.g, w, ...shapes, window, group: groupOf(step) };
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

/** With stride 1 a convolution by the mirrored weight, which runtimes do fastest. */
function inputGradient(step: Step): string {
  const convolution = convolutionOf(step);
  return mirroredInput(step.emit, convolution) ?? step.lowering.strided(step.emit, convolution);
}
