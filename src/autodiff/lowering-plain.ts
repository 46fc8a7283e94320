/** Plain lowerings: standard operators that every device has. */
import type { Emitter } from "./emit.js";
import type { ConvolutionGradient } from "./lowering.js";
import { range } from "./rule.js";
import { fixed, type Extent, type Shape } from "./shape.js";
import { reachOf, unreached, type Window } from "./window.js";

export function plainMask(emit: Emitter, value: string, low: number, high: number): string {
  const above = low === -Infinity ? null : emit.indicator("Greater", value, emit.scalar(low));
  const below = high === Infinity ? null : emit.indicator("Less", value, emit.scalar(high));
  if (above && below) return emit.mul(above, below);
  return above ?? below ?? emit.op("ConstantOfShape", [emit.op("Shape", [value])], { value: one });
}

const one = { type: "float32", dims: [1], data: Float32Array.of(1) } as const;

/** dW = Σₙ g[n] · x[n]ᵀ over pixels: [m, pixels] · [pixels, c]. */
export function plainPointwiseWeight(emit: Emitter, { x, g, xShape, gShape, weight }: ConvolutionGradient): string {
  const pixels = emit.transpose(flattenPixels(emit, x, xShape), [0, 2, 1]);
  const each = emit.op("MatMul", [flattenPixels(emit, g, gShape), pixels]);
  return emit.reshape(emit.sum(each, [0], false), weight);
}

/** [n, c, …] → [n, c, pixels] */
export function flattenPixels(emit: Emitter, value: string, shape: Shape): string {
  const pixels = shape.slice(2).reduce((count, size) => count * size.fixed, 1);
  return emit.reshape(value, [shape[0]!, shape[1]!, fixed(pixels)]);
}

/**
 * dW[m, c, i, j] = Σₙ Σ_uv x[n, c, s·u + d·i − p, s·v + d·j − p] · g[n, m, u, v]: a convolution of the input by the gradient, in which
 * images are channels, the stride dilates and the dilation strides. Groups stay groups:
 * input [c/G, G·n, …], kernel [m, n, …], result [c/G, m, …].
 */
export function plainConvolutionWeight(emit: Emitter, convolution: ConvolutionGradient): string {
  const { x, g, xShape, gShape, weight, window, group } = convolution;
  const channels = xShape[1]!.fixed / group;
  const spatial = range(3, 3 + window.kernel.length);
  const split = emit.reshape(x, [xShape[0]!, fixed(group), fixed(channels), ...xShape.slice(2)]);
  const turned = emit.transpose(split, [2, 1, 0, ...spatial]);
  const images = emit.reshape(turned, [fixed(channels), times(xShape[0]!, group), ...xShape.slice(2)]);
  const kernel = emit.transpose(g, [1, 0, ...range(2, gShape.length)]);
  const result = emit.op("Conv", [images, kernel], weightAttributes(window, group));
  const trimmed = trimKernel(emit, result, window);
  return emit.transpose(trimmed, [1, 0, ...range(2, weight.length)]);
}

export function times({ fixed: size, perImage }: Extent, factor: number): Extent {
  return { fixed: size * factor, perImage: perImage * factor };
}

/** The padding at the end that no window reached stays out. */
function neededEnd(window: Window, axis: number): number {
  return Math.max(0, window.end[axis]! - unreached(window, axis));
}

/** The convolution that computes a weight gradient: its kernel has the size of the output. */
export function weightAttributes(window: Window, group: number): Readonly<Record<string, bigint | bigint[]>> {
  const ends = window.kernel.map((_, axis) => neededEnd(window, axis));
  return {
    group: BigInt(group),
    kernel_shape: window.output.map(BigInt),
    strides: window.dilations.map(BigInt),
    dilations: window.strides.map(BigInt),
    pads: [...window.begin, ...ends].map(BigInt),
  };
}

/** Rows of the input that no window reached would make the result larger than the kernel: they are cut off. */
export function trimKernel(emit: Emitter, result: string, window: Window): string {
  const axes = range(0, window.kernel.length).filter((axis) => {
    const { input, begin, strides, output, dilations, kernel } = window;
    const rest = input[axis]! + begin[axis]! + neededEnd(window, axis) - strides[axis]! * (output[axis]! - 1) - 1;
    return Math.floor(rest / dilations[axis]!) + 1 > kernel[axis]!;
  });
  const ends = axes.map((axis) => window.kernel[axis]!);
  return emit.slice(
    result,
    axes.map((axis) => axis + 2),
    axes.map(() => 0),
    ends,
  );
}

/** Sizes of the padded input that the windows cover. */
export function covered(window: Window): { readonly begin: readonly number[]; readonly end: readonly number[] } {
  const end = window.kernel.map((_, axis) => {
    const last = window.strides[axis]! * (window.output[axis]! - 1) + reachOf(window, axis);
    return last - window.begin[axis]! - window.input[axis]!;
  });
  return { begin: window.begin, end };
}
