/** Mixed precision against float32, one node at a time, so that every value is rounded as on a device: whole networks, and numbers at the ends of the range. */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  elementType,
  Engine,
  type Feeds,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  readModel,
  splitModel,
  type Tensor,
} from "../onnx/index.js";
import { caseValues } from "./cases.test-data.js";
import { runNodeByNode } from "./node-by-node.test-data.js";
import {
  type Gradient,
  gradient,
  type HalfGradient,
  planMemory,
  readWeights,
  refuseHalf,
  replaceWeights,
  toHalfPrecision,
  valueShapes,
} from "./index.js";

const engine = new Engine();
afterAll(() => engine.close());

const images = 3;
type Outputs = Readonly<Record<string, Tensor>>;

async function run(model: ModelProto, feeds: Feeds): Promise<Outputs> {
  const session = await engine.open(splitModel(model), { threads: 1 });
  const outputs = await session.run(feeds);
  await session.release();
  return outputs;
}

async function halve(full: Gradient): Promise<HalfGradient> {
  return toHalfPrecision(full, (await valueShapes(full.model, {}, engine))(images));
}

const scaled = ({ lossScale }: HalfGradient, scale: number): Feeds => ({
  [lossScale]: float32([], Float32Array.of(scale)),
});

/** loss = size · Σ y², y = x · w. */
function product(size: number): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: [1, 2] });
  graph.floats([0.5, -0.25, 0.75, 1], [2, 2], "w");
  const y = graph.node("MatMul", ["x", "w"]);
  const sum = graph.node("ReduceSum", [graph.node("Mul", [y, y])], { keepdims: 0n });
  graph.node("Mul", [sum, graph.floats([size], [])], {}, "loss");
  graph.result("loss");
  return graph;
}

const x = { x: float32([1, 2], Float32Array.of(1, 2)) };
/** dw = 2 · size · xᵀ · y with y = [2, 1.75]. */
const expectedOf = (size: number): number[] => [4, 3.5, 8, 7].map((value) => size * value);

async function differentiateProduct(size: number): Promise<HalfGradient> {
  const loss = { kind: "value", value: "loss" } as const;
  return halve(await gradient(product(size).model, { loss, trainable: (name) => name === "w", engine }));
}

describe.each(["mobilenetv2", "efficientnet", "resnet50", "convnext", "vit"])("%s", (name) => {
  async function differentiate(): Promise<{ full: Gradient; half: HalfGradient; feeds: Feeds }> {
    const model = await readModel(join(import.meta.dirname, "fixtures", `${name}.onnx`));
    const loss = { kind: "cross-entropy", logits: "logits", classes: 5, targets: "labels", reduction: "sum" } as const;
    const full = await gradient(model, {
      loss,
      trainable: (_name, dims) => dims.length > 0,
      outputs: ["logits"],
      engine,
    });
    const dims = [images, 3, 32, 32];
    const image = float32(dims, caseValues({ dims, seed: 7, low: -2, high: 2 }));
    const labels = { type: "int64", dims: [images], data: BigInt64Array.of(0n, 2n, 4n) } as const;
    return { full, half: await halve(full), feeds: { image, [full.lossInputs.targets!]: labels } };
  }

  test("loss and gradients are those of float32, up to rounding", async () => {
    const { full, half, feeds } = await differentiate();
    const [expected, actual] = [
      await run(full.model, feeds),
      await run(half.model, { ...feeds, ...scaled(half, 1024) }),
    ];
    expect(half.gradients).toEqual(full.gradients);
    expect(Math.abs(floats(actual[half.loss])[0]! / floats(expected[full.loss])[0]! - 1)).toBeLessThan(0.002);
    const [all, off] = [[0], [0]];
    for (const output of full.gradients.values()) {
      const [own, other] = [floats(expected[output]), floats(actual[output])];
      all[0]! += own.reduce((sum, value) => sum + value ** 2, 0);
      off[0]! += own.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0);
    }
    const distance = Math.sqrt(off[0]! / all[0]!);
    expect(distance).toBeLessThan(0.01);
    expect(distance).toBeGreaterThan(1e-5); // it was computed in another precision
  });

  test("products are computed in float16, sums and the loss in float32; activations take less memory", async () => {
    const { full, half } = await differentiate();
    const [before, after] = [await valueShapes(full.model, {}, engine), await valueShapes(half.model, {}, engine)];
    const types = after(images);
    for (const { opType, output } of half.model.graph!.node) {
      if (["Conv", "MatMul", "Gemm"].includes(opType)) expect(types.get(output[0]!)!.type, output[0]).toBe("float16");
      if (["LogSoftmax", "ReduceSum"].includes(opType)) expect(types.get(output[0]!)!.type, output[0]).toBe("float32");
    }
    const peak = (model: ModelProto, shapes: typeof before): number =>
      planMemory(model, shapes(32)).peakActivationBytes;
    expect(peak(half.model, after)).toBeLessThan(0.9 * peak(full.model, before));
  });

  test("weights stay float32 under their names", async () => {
    const { full, half } = await differentiate();
    const weights = readWeights(half.model, full.gradients.keys());
    expect(weights).toEqual(readWeights(full.model, full.gradients.keys()));
    expect(() => replaceWeights(half.model, weights)).not.toThrow();
    const codes = half.model.graph!.initializer.map(({ dataType }) => elementType(dataType));
    expect(codes).not.toContain("float16");
  });
});

describe("the loss scale", () => {
  test("keeps gradients that float16 would lose, and leaves no trace in them", async () => {
    const half = await differentiateProduct(1e-9);
    const gradientAt = async (scale: number): Promise<number[]> => [
      ...floats((await runNodeByNode(half.model, { ...x, ...scaled(half, scale) }, engine))[half.gradients.get("w")!]),
    ];
    expect(await gradientAt(1)).toEqual([0, 0, 0, 0]);
    const found = await gradientAt(2 ** 24);
    expectedOf(1e-9).forEach((value, i) => expect(found[i]! / value).toBeCloseTo(1, 2));
  });

  test("that is too large shows in gradients that are not finite, not in the loss", async () => {
    const half = await differentiateProduct(1);
    const outputs = await runNodeByNode(half.model, { ...x, ...scaled(half, 2 ** 24) }, engine);
    expect(floats(outputs[half.gradients.get("w")!]).some(Number.isFinite)).toBe(false);
    expect(floats(outputs[half.loss])[0]).toBeCloseTo(2 ** 2 + 1.75 ** 2, 2);
  });
});

test("the model given stays as it is", async () => {
  const loss = { kind: "value", value: "loss" } as const;
  const full = await gradient(product(1).model, { loss, trainable: (name) => name === "w", engine });
  const before = structuredClone(
    full.model.graph!.node.map(({ opType, input, output }) => ({ opType, input, output })),
  );
  await halve(full);
  expect(full.model.graph!.node.map(({ opType, input, output }) => ({ opType, input, output }))).toEqual(before);
  expect(floats((await run(full.model, x))[full.gradients.get("w")!])).toEqual(Float32Array.from(expectedOf(1)));
});

test("the check of a device finds mixed precision right on the CPU", async () => {
  expect(await refuseHalf("cpu", engine)).toBeNull();
});
