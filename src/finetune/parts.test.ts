import { describe, expect, test } from "vitest";
import { encodeFloat16Array, decodeFloat16Array } from "../core/index.js";
import { GraphBuilder, type ModelProto } from "../onnx/index.js";
import { mixInput, mixTargets } from "./mixup.js";
import { adamW, clip, norm, sgd, updateAverage } from "./optimizer.js";
import { ParameterMap } from "./parameters.js";
import { describeRates, ratesFor } from "./rates.js";
import { groupsOf, lowestTrained, rateFactor } from "./schedule.js";
import { usualSettings } from "./settings.js";

const group = { start: 0, end: 1, rate: 0.1, weightDecay: 0.5 };

describe("optimizers", () => {
  test("AdamW takes PyTorch's steps", () => {
    // torch.optim.AdamW([1.0], lr=0.1, weight_decay=0.5), gradients 0.5, −1, 2
    const [weights, optimizer] = [Float32Array.of(1), adamW(1)];
    const seen = [0.5, -1, 2].map((gradient) => {
      optimizer.step(weights, Float32Array.of(gradient), [group]);
      return weights[0]!;
    });
    expect(seen).toEqual(expectedAdamW.map((value) => expect.closeTo(value, 5)));
  });

  test("SGD with momentum, its decay decoupled", () => {
    const [weights, optimizer] = [Float32Array.of(1), sgd(1, 0.9)];
    optimizer.step(weights, Float32Array.of(0.5), [group]);
    expect(weights[0]).toBeCloseTo(1 * 0.95 - 0.1 * 0.5, 6);
    optimizer.step(weights, Float32Array.of(-1), [group]);
    expect(weights[0]).toBeCloseTo(0.9 * 0.95 - 0.1 * (0.9 * 0.5 - 1), 6);
  });

  test("what no group names is left alone", () => {
    const [weights, optimizer] = [Float32Array.of(1, 1), adamW(2)];
    optimizer.step(weights, Float32Array.of(1, 1), [group]);
    expect(weights[1]).toBe(1);
    expect(optimizer.moments.first![1]).toBe(0);
  });

  test("a gradient is shortened to the norm, never made longer", () => {
    const gradient = Float32Array.of(3, 4);
    clip(gradient, norm(gradient), 10);
    expect([...gradient]).toEqual([3, 4]);
    clip(gradient, norm(gradient), 1);
    expect([...gradient]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
    expect(norm(Float32Array.of(1, Number.NaN))).toBeNaN();
  });

  test("the average forgets the start early on and is slow later", () => {
    const average = Float32Array.of(0);
    updateAverage(average, Float32Array.of(1), 0.99, 1);
    expect(average[0]).toBeCloseTo(1 - 2 / 11);
    updateAverage(average, Float32Array.of(2), 0.99, 10_000);
    expect(average[0]).toBeCloseTo((1 - 2 / 11) * 0.99 + 2 * 0.01);
  });
});

/** Checked with PyTorch 2.13. */
const expectedAdamW = [0.85, 0.84411, 0.759939];

describe("learning rates", () => {
  test("rise to their peak and fall along half a cosine, or by thirds", () => {
    const factors = [0, 1, 2, 6, 9].map((step) => rateFactor({ schedule: "cosine", warmUp: 0.2 }, step, 10));
    expect(factors).toEqual(
      [1 / 3, 2 / 3, 1, 0.5, (1 + Math.cos((Math.PI * 7) / 8)) / 2].map((x) => expect.closeTo(x)),
    );
    const thirds = [0, 2, 3, 5, 6, 8].map((step) => rateFactor({ schedule: "step", warmUp: 0 }, step, 9));
    expect(thirds).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01].map((x) => expect.closeTo(x)));
  });

  const map = new ParameterMap([
    ["a", [2, 2]],
    ["a/bias", [2]],
    ["b", [2, 2]],
    ["head", [3, 2]],
  ]);
  const rates = { bottom: 1e-5, top: 1e-3, head: 1e-2 };

  test("grow geometrically with depth; biases do not decay", () => {
    const groups = groupsOf(map, new Set(["head"]), { rates, weightDecay: 0.1 }, 0.5);
    expect(groups.map(({ rate }) => rate)).toEqual([5e-6, 5e-5, 5e-4, 5e-3].map((x) => expect.closeTo(x, 10)));
    expect(groups.map(({ weightDecay }) => weightDecay)).toEqual([0.1, 0, 0.1, 0.1]);
    expect(groups.map(({ start, end }) => [start, end])).toEqual([
      [0, 4],
      [4, 6],
      [6, 10],
      [10, 16],
    ]);
  });

  test("of what is not yet trained there is none", () => {
    const lowest = [0, 1, 2, 3, 7].map((epoch) => lowestTrained({ unfreezeEvery: 1, epochs: 8 }, epoch));
    expect(lowest).toEqual([0.75, 0.5, 0.25, 0, 0]);
    expect(lowestTrained({ unfreezeEvery: 0, epochs: 8 }, 0)).toBe(0);
    expect(groupsOf(map, new Set(["head"]), { rates, weightDecay: 0 }, 1, 0.75).map(({ start }) => start)).toEqual([
      6, 10,
    ]);
  });
});

describe("learning rates", () => {
  const model = (...operators: string[]): ModelProto => {
    const builder = new GraphBuilder();
    let value = "x";
    for (const operator of operators) value = builder.node(operator, [value]);
    return builder.model;
  };

  test("are smaller for small batches, as the square root, and a tenth where layers are normalized one by one", () => {
    const usual = ratesFor(model("Conv", "Relu"), usualSettings.batch);
    expect(usual).toEqual(usualSettings.rates);
    expect(ratesFor(model("Conv"), usualSettings.batch / 4).top).toBeCloseTo(usual.top / 2);
    for (const operator of ["LayerNormalization", "Softmax"])
      expect(ratesFor(model("MatMul", operator), usualSettings.batch).top).toBeCloseTo(usual.top / 10);
  });

  test("are said in a few words", () => {
    expect(describeRates({ bottom: 1e-3, top: 1e-3, head: 1e-3 })).toBe("learning rate 0.001");
    expect(describeRates({ bottom: 1e-3, top: 1e-3, head: 0.01 })).toBe("learning rate 0.001, head 0.01");
    expect(describeRates({ bottom: 1e-3, top: 2e-3, head: 0.01 })).toBe("learning rates 0.001 to 0.002, head 0.01");
  });
});

describe("mixup", () => {
  const mixture = { partners: [1, 0], share: 0.75 };

  test("mixes pixels, activations and labels by the same share", () => {
    const pixels = { type: "uint8", dims: [2, 1], data: Uint8Array.of(0, 100) } as const;
    expect(mixInput(pixels, mixture).data).toEqual(Uint8Array.of(25, 75));
    const half = { type: "float16", dims: [2, 1], data: encodeFloat16Array([-1, 1]) } as const;
    expect([...decodeFloat16Array(mixInput(half, mixture).data as Uint16Array)]).toEqual([-0.5, 0.5]);
    expect([...mixTargets([2, 0], 3, mixture)]).toEqual([0.25, 0, 0.75, 0.75, 0, 0.25]);
    expect([...mixTargets([1, 1], 3, mixture)]).toEqual([0, 1, 0, 0, 1, 0]);
  });

  test("without one nothing changes", () => {
    const pixels = { type: "uint8", dims: [2, 1], data: Uint8Array.of(0, 100) } as const;
    expect(mixInput(pixels, null)).toBe(pixels);
    expect([...mixTargets([2, 0], 3, null)]).toEqual([0, 0, 1, 1, 0, 0]);
  });
});
