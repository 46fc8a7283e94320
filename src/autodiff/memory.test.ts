/** Planned memory against small graphs counted by hand. Sizes below are in numbers; float32 has 4 bytes each. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GraphBuilder, readModel } from "../onnx/index.js";
import { gradient, largestBatch, planMemory, planTraining, valueShapes, type ValueShapes } from "./index.js";

/** x [n, 10] → a chain that ends in an output; every value has 10 numbers an image unless said. */
function chain(build: (graph: GraphBuilder) => string): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 10] });
  graph.result(build(graph));
  return graph;
}

async function plan({ model }: GraphBuilder, batch = 1) {
  return planMemory(model, (await valueShapes(model))(batch));
}

const transpose = (graph: GraphBuilder, value: string): string => graph.node("Transpose", [value], { perm: [0n, 1n] });

describe("planMemory", () => {
  test("a value takes room until its last use: at most two of a chain and the input at once", async () => {
    const graph = chain((g) => transpose(g, transpose(g, transpose(g, "x"))));
    // x 10 is held; a 10; then b beside a; then c beside b.
    expect(await plan(graph)).toEqual({ weightsBytes: 0, peakActivationBytes: 4 * 30, peakNode: expect.any(String) });
    expect((await plan(graph, 7)).peakActivationBytes).toBe(7 * 4 * 30);
  });

  test("a value that is used late is kept: the node at which most is alive is named", async () => {
    const graph = chain((g) => {
      const a = transpose(g, "x");
      const wide = g.node("Concat", [a, a, a], { axis: 1n }, "wide");
      const sum = g.node("ReduceSum", [wide, g.constant({ type: "int64", dims: [1], data: BigInt64Array.of(1n) })]);
      return g.node("Mul", [a, sum]);
    });
    // x 10, a 10, wide 30, then the sum [n, 1] beside them: 51.
    expect(await plan(graph)).toMatchObject({
      peakActivationBytes: 4 * 51,
      peakNode: expect.stringContaining("reducesum"),
    });
  });

  test("element by element works in place on what nothing needs any more, and not on inputs", async () => {
    const single = chain((g) => g.node("Relu", ["x"]));
    expect((await plan(single)).peakActivationBytes).toBe(4 * 20);
    const double = chain((g) => g.node("Sigmoid", [g.node("Relu", ["x"])]));
    expect((await plan(double)).peakActivationBytes).toBe(4 * 20);
    const used = chain((g) => {
      const a = g.node("Relu", ["x"]);
      return g.node("Mul", [g.node("Sigmoid", [a]), a]);
    });
    expect((await plan(used)).peakActivationBytes).toBe(4 * 30);
  });

  test("another shape of the same memory costs nothing, and keeps it", async () => {
    const graph = chain((g) => {
      const a = transpose(g, "x");
      const view = g.node("Reshape", [a, g.constant({ type: "int64", dims: [1], data: BigInt64Array.of(-1n) })]);
      const b = g.node("Reshape", [view, g.constant({ type: "int64", dims: [2], data: BigInt64Array.of(-1n, 10n) })]);
      return transpose(g, b);
    });
    expect((await plan(graph)).peakActivationBytes).toBe(4 * 30);
  });

  test("weights are counted once, with what is made of them alone instead of them", async () => {
    const graph = chain((g) => {
      const stored = g.constant({ type: "float16", dims: [10, 20], data: new Uint16Array(200) });
      const w = g.node("Cast", [stored], { to: 1n });
      const unused = g.floats(new Float32Array(1000));
      expect(unused).toBeTruthy();
      return g.node("MatMul", [g.node("MatMul", ["x", w]), g.node("Transpose", [w], { perm: [1n, 0n] })]);
    });
    // w and its transpose, 200 float32 each; the 20 numbers between x and the output.
    expect(await plan(graph)).toMatchObject({ weightsBytes: 4 * 400, peakActivationBytes: 4 * 40 });
  });

  test("a value whose size is not known is a fault that names it", () => {
    const { model } = chain((g) => g.node("Relu", ["x"], {}, "y"));
    const shapes: ValueShapes = new Map([["x", { type: "float32", dims: [1, 10] }]]);
    expect(() => planMemory(model, shapes)).toThrow(/"y"/);
  });
});

describe("planTraining", () => {
  /** loss = Σ relu(x · w): w [10, 5]. */
  const network = (): GraphBuilder => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", 10] });
    graph.floats(new Float32Array(50), [10, 5], "w");
    const y = graph.node("Relu", [graph.node("MatMul", ["x", "w"])]);
    graph.node("ReduceSum", [y], { keepdims: 0n }, "loss");
    graph.result("loss");
    return graph;
  };

  test("the optimizer keeps weights, gradients and its averages", async () => {
    const result = await gradient(network().model, {
      loss: { kind: "value", value: "loss" },
      trainable: () => true,
    });
    const shapes = (await valueShapes(result.model))(3);
    const { optimizerBytes, weightsBytes, peakActivationBytes } = planTraining(result, shapes);
    expect(optimizerBytes).toBe(4 * 50 * 4);
    expect(planTraining(result, shapes, 1).optimizerBytes).toBe(4 * 50 * 3);
    // w, the 1 that the way back begins with, and the 0 that relu's mask compares with.
    expect(weightsBytes).toBe(4 * 52);
    // At dw = xᵀ · dy: x 30 is held, xᵀ 30, dy 15, dw 50, and relu 15 for the loss, which comes last.
    expect(peakActivationBytes).toBe(4 * (30 + 30 + 15 + 50 + 15));
  });

  test("grows linearly with the batch once activations outweigh the gradients", async () => {
    const path = join(import.meta.dirname, "fixtures", "mobilenetv2.onnx");
    const result = await gradient(await readModel(path), {
      loss: { kind: "cross-entropy", logits: "logits", classes: 5, targets: "labels", reduction: "sum" },
      trainable: () => true,
    });
    const shapes = await valueShapes(result.model);
    const peak = (batch: number): number => planTraining(result, shapes(batch)).peakActivationBytes;
    expect(peak(64) - peak(32)).toBe(2 * (peak(32) - peak(16)));
    expect(peak(2)).toBeGreaterThan(peak(1));
  });
});

describe("largestBatch", () => {
  const bytes = (batch: number): number => 100 + 30 * batch;

  test.each([
    [129, 0],
    [130, 1],
    [159, 1],
    [160, 2],
    [1_000_000, 64],
  ])("within %i bytes", (limit, expected) => {
    expect(largestBatch(bytes, limit, 64)).toBe(expected);
  });
});
