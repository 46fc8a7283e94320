/** A window taken apart: each position in the kernel with the inputs that it meets. */
import { type Emitter, farEnd } from "./emit.js";
import type { Window } from "./window.js";

/** Every position in the kernel, last axis fastest. */
export function tapsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<number[][]>(
    (taps, size) => taps.flatMap((tap) => Array.from({ length: size }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** The inputs that one tap of the kernel meets, [n, c, …output]; `padded` covers what the windows do. */
export function under(
  emit: Emitter,
  padded: string,
  { strides, dilations, output }: Window,
  tap: readonly number[],
): string {
  const starts = tap.map((position, axis) => position * dilations[axis]!);
  const ends = starts.map((start, axis) => start + strides[axis]! * (output[axis]! - 1) + 1);
  const steps = strides.every((stride) => stride === 1) ? undefined : strides;
  return emit.slice(
    padded,
    tap.map((_, axis) => axis + 2),
    starts,
    ends.map((end) => Math.min(end, farEnd)),
    steps,
  );
}
