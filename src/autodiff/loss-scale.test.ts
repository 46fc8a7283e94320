import { expect, test } from "vitest";
import { type LossScale, nextLossScale, usualLossScale } from "./index.js";

function after(steps: number, from: LossScale): LossScale {
  let state = from;
  for (let i = 0; i < steps; i++) state = nextLossScale(state, false)!;
  return state;
}

test("an overflow halves the scale at once, and begins to count anew", () => {
  expect(nextLossScale(after(7, usualLossScale), true)).toEqual({ scale: 32_768, steps: 0 });
});

test("2,000 steps without one double it, up to 2²⁴", () => {
  expect(after(1999, usualLossScale)).toEqual({ scale: 65_536, steps: 1999 });
  expect(after(2000, usualLossScale)).toEqual({ scale: 131_072, steps: 0 });
  expect(after(2000 * 20, usualLossScale).scale).toBe(2 ** 24);
});

test("an overflow at a scale of 1 is no matter of the scale", () => {
  let state: LossScale | null = usualLossScale;
  for (let i = 0; i < 16; i++) state = nextLossScale(state!, true);
  expect(state).toEqual({ scale: 1, steps: 0 });
  expect(nextLossScale(state!, true)).toBeNull();
});
