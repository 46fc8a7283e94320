/** The gradient of a convolution's input: dx[m] = Σ w[i] · g[u] over all i, u with s·u + d·i − p = m. */
import type { Emitter } from "./emit.js";
import type { ConvolutionGradient } from "./lowering.js";
import { range } from "./rule.js";
import { fixed, type Shape } from "./shape.js";
import { transposedAttributes, unreached, type Window } from "./window.js";

export function transposedInput(emit: Emitter, { g, w, window, group }: ConvolutionGradient): string {
  return emit.op("ConvTranspose", [g, w], { ...transposedAttributes(window), group: BigInt(group) });
}

/**
 * Several filters a channel: WebGPU's transposed convolution (ONNX Runtime 1.30) takes only the first of each channel, so that each filter
 * gets a channel of its own here, and their results are added: dx[c] = Σⱼ w[c·q + j] ∗ᵀ g[c·q + j].
 */
export function multipliedInput(emit: Emitter, convolution: ConvolutionGradient): string {
  const { weight, group, xShape } = convolution;
  const [filters, inputs] = [weight[0]!.fixed, weight[1]!.fixed];
  if (inputs > 1 || filters === group) return transposedInput(emit, convolution);
  const each = transposedInput(emit, { ...convolution, group: filters });
  const byChannel = emit.reshape(each, [xShape[0]!, fixed(group), fixed(filters / group), ...xShape.slice(2)]);
  return emit.sum(byChannel, [2], false);
}

/** With stride 1, a convolution of g by the mirrored weight; null where that is not possible. */
export function mirroredInput(emit: Emitter, convolution: ConvolutionGradient): string | null {
  const { g, w, weight, window, group } = convolution;
  const pads = mirroredPads(window);
  if (!pads) return null;
  const axes = range(2, weight.length).filter((axis) => window.kernel[axis - 2]! > 1);
  const mirrored = axes.length === 0 ? w : emit.flip(w, axes);
  const kernel = swapChannels(emit, mirrored, weight, group);
  return emit.op("Conv", [g, kernel], {
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

/** w [m, c/G, …] → [c, m/G, …]. The runtime folds it into a constant. */
function swapChannels(emit: Emitter, w: string, shape: Shape, group: number): string {
  const [outputs, inputs] = [shape[0]!.fixed / group, shape[1]!.fixed];
  const kernel = shape.slice(2);
  if (group === 1) return emit.transpose(w, [1, 0, ...range(2, shape.length)]);
  if (outputs === 1 && inputs === 1) return w;
  const grouped = emit.reshape(w, [fixed(group), fixed(outputs), fixed(inputs), ...kernel]);
  const swapped = emit.transpose(grouped, [0, 2, 1, ...range(3, 3 + kernel.length)]);
  return emit.reshape(swapped, [fixed(group * inputs), fixed(outputs), ...kernel]);
}

/**
 * With stride s every s-th element of dx, from a on, is a convolution with stride 1 of g by every s-th weight: on runtimes that have no
 * fast transposed convolution, s² small convolutions and a pass that interleaves them are faster.
 */
export function phasedInput(emit: Emitter, convolution: ConvolutionGradient): string {
  const { window, xShape } = convolution;
  const phases = window.strides.map((stride, axis) => range(0, stride).map((a) => phaseOf(window, axis, a)));
  if (window.kernel.length !== 2 || phases.flat().includes(null)) return transposedInput(emit, convolution);
  const [down, across] = phases as Phase[][];
  const size = xShape.slice(0, 2);
  const [rows, columns] = window.input.map((length, axis) => fixed(length / window.strides[axis]!));
  const lines = down!.map((row) => {
    const parts = across!.map((column) => onePhase(emit, convolution, row, column));
    const split = parts.map((part) => emit.reshape(part, [...size, rows!, columns!, fixed(1)]));
    const joined = split.length === 1 ? split[0]! : emit.op("Concat", split, { axis: 4n });
    return emit.reshape(joined, [...size, rows!, fixed(1), fixed(window.input[1]!)]);
  });
  return emit.reshape(lines.length === 1 ? lines[0]! : emit.op("Concat", lines, { axis: 3n }), xShape);
}

/** One axis of one phase: weights first, first + stride, …, and the padding of their convolution. */
interface Phase {
  readonly stride: number;
  readonly first: number;
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/** dx[s·u + a] = Σ_t w[i₀ + s·t] · g[u + c − t], i₀ = (a + p) mod s, c = ⌊(a + p)/s⌋; null where this is no plain convolution. */
function phaseOf(window: Window, axis: number, a: number): Phase | null {
  const [stride, kernel, length] = [window.strides[axis]!, window.kernel[axis]!, window.input[axis]!];
  if (window.dilations[axis] !== 1 || length % stride !== 0) return null;
  const [first, shift] = [(a + window.begin[axis]!) % stride, Math.floor((a + window.begin[axis]!) / stride)];
  const count = Math.max(0, Math.ceil((kernel - first) / stride));
  const begin = count - 1 - shift;
  const end = length / stride - window.output[axis]! + shift;
  if (count > 0 && (begin < 0 || end < 0)) return null;
  return { stride, first, count, begin, end };
}

function onePhase(
  emit: Emitter,
  { g, w, weight, xShape, group, window }: ConvolutionGradient,
  ...axes: readonly Phase[]
): string {
  const outputs = axes.map((axis, i) => fixed(window.input[i]! / axis.stride));
  if (axes.some(({ count }) => count === 0)) return emit.zeros([...xShape.slice(0, 2), ...outputs], g);
  const last = axes.map(({ first, stride, count }) => first + stride * (count - 1));
  // From the last weight to the first.
  const taken = emit.slice(
    w,
    [2, 3],
    last,
    axes.map(({ first }) => first - 1 - (first === 0 ? farBack : 0)),
    axes.map(({ stride }) => -stride),
  );
  const shape = [...weight.slice(0, 2), ...axes.map(({ count }) => fixed(count))];
  return emit.op("Conv", [g, swapChannels(emit, taken, shape, group)], {
    group: BigInt(group),
    kernel_shape: axes.map(({ count }) => BigInt(count)),
    pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)].map(BigInt),
  });
}

/** An end before the first element, whatever the length. */
const farBack = 2 ** 30;
