/**
 * Lowerings for the CPU provider: its blocked operators (domain com.microsoft.nchwc, no public contract: checked at start-up) and its
 * matrix product with a transposed operand.
 */
import type { Emitter } from "./emit.js";
import type { ConvolutionGradient, MaximumGradient } from "./lowering.js";
import {
  covered,
  flattenPixels,
  plainConvolutionWeight,
  plainMask,
  times,
  trimKernel,
  weightAttributes,
} from "./lowering-plain.js";
import { range } from "./rule.js";
import { fixed, isFixed, type Shape } from "./shape.js";
import { tapsOf, under } from "./taps.js";

/** A power of two, so that nothing is rounded; steep enough that what is not 0 becomes 1. What is nearer to a kink than 1e-30 counts as one. */
const steep = 2 ** 100;

/** Bounds from here on would overflow. */
const largestBound = 2 ** 27;

/**
 * Comparisons are slow on the CPU: min(max(2¹⁰⁰ · (value − low), 0), 1) instead, and the same of high − value. HardSigmoid and Mul alone,
 * so that pictures stay in blocks from one convolution to the next.
 */
export function hardSigmoidMask(emit: Emitter, value: string, low: number, high: number): string {
  const bounds = [low, high].filter((bound) => Number.isFinite(bound));
  if (bounds.length === 0 || bounds.some((bound) => Math.abs(bound) >= largestBound))
    return plainMask(emit, value, low, high);
  const side = (slope: number, bound: number): string =>
    emit.op("HardSigmoid", [value], { alpha: slope * steep, beta: -slope * steep * bound });
  if (high === Infinity) return side(1, low);
  if (low === -Infinity) return side(-1, high);
  return emit.mul(side(1, low), side(-1, high));
}

/**
 * dW = Σₙ g[n] · x[n]ᵀ. Where weights outnumber pixels, one product over the pixels of all images, [m, n · pixels] · [n · pixels, c]:
 * moving the pixels costs less than adding up a matrix for each image.
 */
export function fusedPointwiseWeight(
  emit: Emitter,
  { x, g, xShape, gShape, weight, window }: ConvolutionGradient,
): string {
  const [m, c] = [weight[0]!.fixed, weight[1]!.fixed];
  const pixels = window.output.reduce((count, size) => count * size, 1);
  if ((m * c) / (m + c) <= pixels) {
    const each = sumOfProducts(emit, flattenPixels(emit, g, gShape), flattenPixels(emit, x, xShape), m, c);
    return emit.reshape(each, weight);
  }
  const rows = (value: string, shape: Shape): string =>
    emit.reshape(emit.transpose(flattenPixels(emit, value, shape), [1, 0, 2]), [shape[1]!, times(shape[0]!, pixels)]);
  return emit.reshape(timesTransposed(emit, rows(g, gShape), rows(x, xShape)), weight);
}

/** a · bᵀ; the transposed operand is read in place. */
function timesTransposed(emit: Emitter, a: string, b: string): string {
  return emit.op("FusedMatMul", [a, b], { transA: 0n, transB: 1n, alpha: 1 }, "com.microsoft");
}

/** Σₙ a[n] · b[n]ᵀ, [rows, columns], of a [n, rows, …] and b [n, columns, …]: the factor with fewer rows is the one that is packed. */
function sumOfProducts(emit: Emitter, a: string, b: string, rows: number, columns: number): string {
  if (rows >= columns) return emit.sum(timesTransposed(emit, a, b), [0], false);
  return emit.transpose(emit.sum(timesTransposed(emit, b, a), [0], false), [1, 0]);
}

/** dW of all taps as one product: the inputs under each tap of the kernel side by side, [n, taps · c, pixels]. */
export function unfoldedWeight(emit: Emitter, convolution: ConvolutionGradient): string {
  const { x, g, xShape, gShape, weight, window } = convolution;
  const { begin, end } = covered(window);
  const padded = emit.pad(x, [0, 0, ...begin], [0, 0, ...end]);
  const taps = tapsOf(window.kernel);
  const shape = [xShape[0]!, xShape[1]!, ...gShape.slice(2)];
  const columns = taps.map((tap) => flattenPixels(emit, under(emit, padded, window, tap), shape));
  const all = columns.length === 1 ? columns[0]! : emit.op("Concat", columns, { axis: 1n });
  const product = sumOfProducts(
    emit,
    flattenPixels(emit, g, gShape),
    all,
    weight[0]!.fixed,
    taps.length * weight[1]!.fixed,
  );
  const byTap = emit.reshape(product, [weight[0]!, ...weight.slice(2), weight[1]!]);
  return emit.transpose(byTap, [0, weight.length - 1, ...range(1, weight.length - 1)]);
}

/** Channels in one block are 8 or 16, by processor. */
const largestBlock = 16;

/**
 * Images are channels: input [1, n·c, …], kernel [n·c, 1, …output], both in blocks, in which a kernel of one filter a channel has
 * the very layout of a picture. Channels that do not fill blocks are left to the plain form.
 */
export function blockedDepthwiseWeight(emit: Emitter, convolution: ConvolutionGradient): string {
  const { x, g, xShape, gShape, weight, window } = convolution;
  const channels = xShape[1]!.fixed;
  // The number of groups is an attribute: it cannot follow a free batch.
  if (channels % largestBlock !== 0 || window.kernel.length !== 2 || !isFixed(xShape[0]!))
    return plainConvolutionWeight(emit, convolution);
  const all = times(xShape[0]!, channels);
  const blocked = (value: string, sizes: typeof xShape): string =>
    emit.op("ReorderInput", [emit.reshape(value, [fixed(1), all, ...sizes.slice(2)])], {}, "com.microsoft.nchwc");
  const kernel = emit.reshape(blocked(g, gShape), [all, fixed(1), ...gShape.slice(2)]);
  const attributes = weightAttributes(window, all.fixed);
  const result = emit.op("Conv", [blocked(x, xShape), kernel], attributes, "com.microsoft.nchwc");
  const plain = emit.op(
    "ReorderOutput",
    [result],
    { channels: BigInt(all.fixed), channels_last: 0n },
    "com.microsoft.nchwc",
  );
  const each = emit.reshape(trimKernel(emit, plain, window), [xShape[0]!, ...weight]);
  return emit.sum(each, [0], false);
}

/** MaxPool can say where in the whole tensor each maximum was. */
export function indexedMaximum(emit: Emitter, { node, x, g, xShape }: MaximumGradient): string {
  if (!node.output[1]) node.output = [node.output[0]!, emit.fresh("indices")];
  const line = emit.ints([-1]);
  const [indices, gradients] = [node.output[1]!, g].map((value) => emit.op("Reshape", [value, line]));
  const zeros = emit.op("Reshape", [emit.zerosLike(x), line]);
  const scattered = emit.op("ScatterElements", [zeros, indices!, gradients!], { axis: 0n, reduction: "add" });
  return emit.reshape(scattered, xShape, x);
}
