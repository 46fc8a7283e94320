/** What a device would need: more photographs take more, half precision less, and a limit is kept. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Branch, loadBackbone } from "../backbone/index.js";
import { planDevice, planWithin } from "./index.js";

let branch: Branch;
beforeAll(async () => {
  branch = { backbone: await loadBackbone("efficientnet-lite0"), size: 64 };
});

test("training takes more than judging, and mixed precision less than float32", async () => {
  const [full, mixed] = [await planDevice(branch, 5, "float32"), await planDevice(branch, 5, "mixed")];
  expect(mixed.judging(1)).toBe(full.judging(1));
  expect(full.training(8)).toBeGreaterThan(2 * full.judging(8));
  expect(mixed.training(8)).toBeLessThan(0.75 * full.training(8));
  // Weights: at least those of the network in float32, 3.4 million (Liu 2020, TensorFlow's EfficientNet-Lite).
  expect(full.training(1)).toBeGreaterThan(4 * 3.3e6);
});

describe("within a limit", () => {
  test.each([100e6, 300e6])("of %d bytes one photograph more would not fit", async (limit) => {
    const plan = await planWithin(branch, 5, limit);
    const { training } = await planDevice(branch, 5, "mixed");
    expect(plan.microBatch).toBeGreaterThan(0);
    expect(plan.trainingBytes).toBeLessThanOrEqual(limit);
    if (plan.microBatch < 64) expect(1.8 * training(plan.microBatch + 1)).toBeGreaterThan(limit);
  });

  test("that not even one photograph keeps, what one would take is told", async () => {
    const plan = await planWithin(branch, 5, 1e6);
    expect(plan.microBatch).toBe(0);
    expect(plan.trainingBytes).toBeGreaterThan(1e6);
  });
});
