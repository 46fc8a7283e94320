/** The gradient of MaxPool without its second output, which not every device has. */
import type { Emitter } from "./emit.js";
import type { MaximumGradient } from "./lowering.js";
import { covered } from "./lowering-plain.js";
import { fixed, product } from "./shape.js";
import { tapsOf, under } from "./taps.js";
import { transposedAttributes } from "./window.js";

/** What padding holds: below every maximum. */
const lowest = -3.4028234663852886e38;

/**
 * dx[s·u + d·i − p] = Σᵢ g[u] · [i is the first tap of window u at which x is y]: g by taps, put back in their places by a transposed
 * convolution with one filter a tap. Channels are images here: [n · c, taps, …output].
 */
export function tappedMaximum(emit: Emitter, { x, y, g, xShape, yShape, window: windowOf }: MaximumGradient): string {
  const window = windowOf();
  const { begin, end } = covered(window);
  const padded = emit.op("Pad", [x, emit.ints([0, 0, ...begin, 0, 0, ...end]), emit.scalar(lowest)]);
  const images = product(xShape.slice(0, 2))!;
  let open = emit.scalar(1);
  const parts = tapsOf(window.kernel).map((tap) => {
    const hit = emit.mul(open, emit.indicator("Equal", under(emit, padded, window, tap), y));
    open = emit.sub(open, hit);
    return emit.reshape(emit.mul(g, hit), [images, fixed(1), ...yShape.slice(2)]);
  });
  const spread = parts.length === 1 ? parts[0]! : emit.op("Concat", parts, { axis: 1n });
  const filters = emit.floats(identity(parts.length), [parts.length, 1, ...window.kernel]);
  return emit.reshape(emit.op("ConvTranspose", [spread, filters], transposedAttributes(window)), xShape);
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
