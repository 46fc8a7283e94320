/** Rules of pooling. */
import { unsupported } from "./refusal.js";
import { intOf, range, type Rule, type Step } from "./rule.js";
import { fixed, product } from "./shape.js";
import { kernelAttribute, transposedAttributes, type Window, windowOf } from "./window.js";

export const pooling = {
  GlobalAveragePool: {
    formula: "y = mean of x over pixels: dx = g / pixels, at every pixel",
    backward: ({ emit, g, x, y, shapeOf }) => [
      () => emit.expand(emit.div(g, emit.count(shapeOf(x[0]!), shapeOf(y), [x[0]!, y]).value), x[0]!),
    ],
  },
  AveragePool: {
    formula: "y = mean of x in each window: dx = the transposed convolution of g / count by ones",
    except: "sizes of the picture that are not fixed",
    backward: (step) => [() => spreadMean(step)],
  },
  MaxPool: {
    formula:
      "y = max of x in each window: dx = Σ g over the windows whose maximum it is (the first one, where several are equal)",
    except: "storage_order = 1; in standard operators, sizes of the picture that are not fixed",
    backward: (step) => [() => spreadMaximum(step)],
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Channels are images of one channel here: [n · c, 1, …]. */
function spreadMean(step: Step): string {
  const { emit, g, x, y, shapeOf } = step;
  const window = windowOf(step, kernelAttribute(step));
  const [shape, xShape] = [shapeOf(y), shapeOf(x[0]!)];
  const images = product(shape.slice(0, 2))!;
  const shared = emit.reshape(emit.mul(g, inverseCounts(step, window)), [images, fixed(1), ...shape.slice(2)]);
  const size = window.kernel.reduce((total, length) => total * length, 1);
  const kernel = emit.floats(new Float32Array(size).fill(1), [1, 1, ...window.kernel]);
  return emit.reshape(emit.op("ConvTranspose", [shared, kernel], transposedAttributes(window)), xShape);
}

/** 1 / elements of each window, [1, 1, …output]. */
function inverseCounts(step: Step, window: Window): string {
  const withPadding = intOf(step, "count_include_pad", 0) === 1;
  const counts = range(0, window.kernel.length).map((axis) =>
    range(0, window.output[axis]!).map((position) => countTaps(window, axis, position, withPadding)),
  );
  const all = counts.reduce<number[]>((grid, line) => grid.flatMap((a) => line.map((b) => a * b)), [1]);
  return step.emit.floats(
    all.map((count) => 1 / count),
    [1, 1, ...window.output],
  );
}

function countTaps(window: Window, axis: number, position: number, withPadding: boolean): number {
  const { strides, dilations, begin, end, input, kernel } = window;
  const start = position * strides[axis]! - begin[axis]!;
  const [low, high] = withPadding ? [-begin[axis]!, input[axis]! + end[axis]!] : [0, input[axis]!];
  const taps = range(0, kernel[axis]!).map((tap) => start + tap * dilations[axis]!);
  return taps.filter((at) => at >= low && at < high).length;
}

function spreadMaximum(step: Step): string {
  const { emit, node, g, x, y, shapeOf, lowering } = step;
  if (intOf(step, "storage_order", 0) !== 0)
    throw unsupported(node, "counts columns first", { expected: "storage_order 0" });
  const [xShape, yShape] = [shapeOf(x[0]!), shapeOf(y)];
  const window = (): Window => windowOf(step, kernelAttribute(step));
  return lowering.maximum(emit, { node, x: x[0]!, y, g, xShape, yShape, window });
}
