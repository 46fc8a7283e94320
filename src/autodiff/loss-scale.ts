/** The scale of the loss in mixed precision: as large as gradients allow (Micikevicius 2018, 1710.03740; the constants are PyTorch's). */

export interface LossScale {
  readonly scale: number;
  /** Steps without an overflow since the scale changed. */
  readonly steps: number;
}

/** A power of two, as every scale that follows: it changes no digit. */
export const usualLossScale: LossScale = { scale: 65_536, steps: 0 };

/** Steps without an overflow after which the scale is tried twice as large. */
const patience = 2000;

const [least, most] = [1, 2 ** 24];

/**
 * The scale of the next step. Where a gradient overflowed it is half as large, and the step must be left out; where that happens at a scale of
 * 1, null: it is no matter of the scale.
 */
export function nextLossScale({ scale, steps }: LossScale, overflowed: boolean): LossScale | null {
  if (overflowed) return scale > least ? { scale: scale / 2, steps: 0 } : null;
  if (steps + 1 < patience) return { scale, steps: steps + 1 };
  return { scale: Math.min(most, scale * 2), steps: 0 };
}
