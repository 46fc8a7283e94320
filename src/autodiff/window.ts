/** Windows that slide over the spatial axes of [n, c, …]: convolution and pooling share their geometry (onnx.ai, Conv). */
import { unsupported } from "./refusal.js";
import { fixedSizes, intOf, intsOf, range, type Step, stringOf } from "./rule.js";

/** Per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after, worked out from the sizes where `auto_pad` asks for it. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The window of a Conv or a pool; the sizes of the picture must be fixed. */
export function windowOf(step: Step, kernel: readonly number[]): Window {
  const input = fixedSizes(step, step.shapeOf(step.x[0]!).slice(2));
  const output = fixedSizes(step, step.shapeOf(step.y).slice(2));
  const ones = input.map(() => 1);
  const strides = intsOf(step, "strides", Infinity) ?? ones;
  const dilations = intsOf(step, "dilations", Infinity) ?? ones;
  const reach = kernel.map((size, i) => dilations[i]! * (size - 1) + 1);
  const [begin, end] = padding(step, input, strides, reach);
  return { kernel, strides, dilations, begin, end, input, output };
}

type Pads = readonly [readonly number[], readonly number[]];

function padding(step: Step, input: readonly number[], strides: readonly number[], reach: readonly number[]): Pads {
  const none = input.map(() => 0);
  const auto = stringOf(step, "auto_pad", "NOTSET");
  if (auto === "VALID") return [none, none];
  if (auto === "NOTSET") {
    const pads = intsOf(step, "pads", Infinity) ?? [...none, ...none];
    return [pads.slice(0, input.length), pads.slice(input.length)];
  }
  if (auto !== "SAME_UPPER" && auto !== "SAME_LOWER") throw unsupported(step.node, `has the padding ${auto}`);
  const total = input.map((size, i) =>
    Math.max(0, (Math.ceil(size / strides[i]!) - 1) * strides[i]! + reach[i]! - size),
  );
  const less = total.map((count) => Math.floor(count / 2));
  const more = total.map((count, i) => count - less[i]!);
  return auto === "SAME_UPPER" ? [less, more] : [more, less];
}

export function kernelAttribute(step: Step): readonly number[] {
  return intsOf(step, "kernel_shape", Infinity) ?? [];
}

export function reachOf({ kernel, dilations }: Window, axis: number): number {
  return dilations[axis]! * (kernel[axis]! - 1) + 1;
}

/** Rows at the end of the padded input that no window reaches; below 0 where the last window ends beyond it (ceil_mode). */
export function unreached(window: Window, axis: number): number {
  const { strides, begin, end, input, output } = window;
  return input[axis]! + begin[axis]! + end[axis]! - strides[axis]! * (output[axis]! - 1) - reachOf(window, axis);
}

/**
 * Attributes of the ConvTranspose that spreads a gradient back over the input: padding at the end that no window reaches is no part
 * of it, and rows of the input that none reaches get zeros.
 */
export function transposedAttributes(window: Window): Readonly<Record<string, bigint[]>> {
  const axes = range(0, window.kernel.length);
  const excess = axes.map((axis) => window.end[axis]! - unreached(window, axis));
  return {
    kernel_shape: window.kernel.map(BigInt),
    strides: window.strides.map(BigInt),
    dilations: window.dilations.map(BigInt),
    pads: [...window.begin, ...excess.map((count) => Math.max(0, count))].map(BigInt),
    output_padding: excess.map((count) => BigInt(Math.max(0, -count))),
  };
}

export function groupOf(step: Step): number {
  return intOf(step, "group", 1);
}
