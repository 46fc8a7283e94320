/** The way back as a whole: what it refuses, what it leaves alone, what goes in and comes out. */
import { afterAll, describe, expect, test } from "vitest";
import { Fault } from "../core/index.js";
import { type Attributes, Engine, float32, floats, GraphBuilder, makeModel, splitModel } from "../onnx/index.js";
import { foldBatchNorm, gradient, lossWeight } from "./index.js";

const engine = new Engine();
afterAll(() => engine.close());

/** x [n, 4] · w [4, 3] through one more operator, summed. */
function chain(opType: string, attributes: Attributes = {}, domain = ""): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 4] });
  const product = graph.node("MatMul", ["x", graph.floats(new Float32Array(12).fill(0.5), [4, 3], "w")]);
  const result = graph.node(opType, [product], attributes, "named", domain);
  const late = graph.node("Mul", [result, graph.floats([1, 2, 3], [3], "late")]);
  graph.node("ReduceSum", [late], { keepdims: 0n }, "loss");
  return graph;
}

const loss = { kind: "value", value: "loss" } as const;

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

describe("refusals", () => {
  test("an operator without a rule is named with its node and the way out", async () => {
    const fault = await faultOf(gradient(chain("Sin").model, { loss, trainable: () => true, engine }));
    expect(fault.code).toBe("gradient-unsupported");
    expect(fault.message).toMatch(/Sin \(node "named"\).*freeze the weights before that node/);
  });

  test("frozen before it, the operator does not matter", async () => {
    const result = await gradient(chain("Sin").model, { loss, trainable: (name) => name === "late", engine });
    expect([...result.gradients.keys()]).toEqual(["late"]);
  });

  test("an operator of another domain has no rule, whatever its name", async () => {
    const graph = chain("Gelu", {}, "com.microsoft");
    graph.importDomain("com.microsoft");
    const fault = await faultOf(gradient(graph.model, { loss, trainable: () => true, engine }));
    expect(fault.message).toMatch(/Gelu \(node "named"\).*cannot be differentiated/);
  });

  test("batch-norm in training mode", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", 2, 3, 3] });
    const [w, one] = [graph.floats([1, 2, 3, 4], [2, 2, 1, 1], "w"), graph.floats([1, 1])];
    const map = graph.node("Conv", ["x", w]);
    graph.operator("BatchNormalization", [map, one, one, one, one], ["y", "m", "v"], { training_mode: 1n });
    graph.node("ReduceSum", ["y"], { keepdims: 0n }, "loss");
    const fault = await faultOf(gradient(graph.model, { loss, trainable: (name) => name === "w", engine }));
    expect(fault.message).toMatch(/BatchNormalization \(node "y"\).*statistics of its batch/);
    expect(() => foldBatchNorm(graph.model)).toThrow(/statistics of its batch/);
  });

  test("a weight that is no number", async () => {
    const graph = chain("Relu");
    graph.model.graph!.initializer = [];
    graph.floats([1, Number.NaN, ...Array.from({ length: 10 }, () => 1)], [4, 3], "w");
    graph.floats([1, 2, 3], [3], "late");
    const fault = await faultOf(gradient(graph.model, { loss, trainable: () => true, engine }));
    expect(fault.message).toMatch(/"w" holds a value that is not finite, at 1/);
  });

  test("a loss that is not one number, and one that is not there", async () => {
    const of = (value: string) =>
      gradient(chain("Relu").model, { loss: { kind: "value", value }, trainable: () => true, engine });
    expect((await faultOf(of("named"))).message).toMatch(/expected one float32 element; got float32 \[1n, 3\]/);
    expect((await faultOf(of("nothing"))).message).toContain("no such value");
  });

  test("sizes of a picture that are not known", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", 1, "h", "w"] });
    graph.node("ReduceSum", [graph.node("Mul", ["x", graph.floats([2], [1], "a")])], { keepdims: 0n }, "loss");
    const fault = await faultOf(gradient(graph.model, { loss, trainable: () => true, engine }));
    expect(fault.message).toMatch(/dimension 2 \(h\) free.*sizes/);
    const known = await gradient(graph.model, { loss, trainable: () => true, sizes: { x: [1, 2, 2] }, engine });
    expect(known.gradients.get("a")).toBe("gradient/a");
  });

  test("label smoothing and weights that make no sense", async () => {
    const of = (settings: object) =>
      gradient(chain("Relu").model, {
        loss: { kind: "cross-entropy", logits: "named", classes: 3, targets: "labels", reduction: "sum", ...settings },
        trainable: () => true,
        engine,
      });
    expect((await faultOf(of({ labelSmoothing: 1 }))).code).toBe("usage");
    expect((await faultOf(of({ classWeights: [1, 2] }))).message).toContain("class weights; expected 3; got 2");
  });
});

test("the model given stays as it is", async () => {
  const graph = chain("Relu");
  const before = graph.serialize();
  await gradient(graph.model, { loss, trainable: () => true, engine });
  expect(graph.serialize()).toEqual(before);
});

test("gradients of inputs, further outputs, a weight used twice", async () => {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 2] });
  const w = graph.floats([2, 3], [2], "w");
  const twice = graph.node("Mul", [graph.node("Mul", ["x", w]), w], {}, "twice");
  graph.node("ReduceSum", [twice], { keepdims: 0n }, "loss");
  const result = await gradient(graph.model, {
    loss,
    trainable: () => true,
    inputs: ["x"],
    outputs: ["twice"],
    engine,
  });
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const out = await session.run({ x: float32([2, 2], Float32Array.of(1, 2, 3, 4)) });
  await session.release();
  expect([...floats(out.twice)]).toEqual([4, 18, 12, 36]);
  expect([...floats(out["gradient/w"])]).toEqual([2 * 2 * (1 + 3), 2 * 3 * (2 + 4)]);
  expect([...floats(out["gradient/x"])]).toEqual([4, 9, 4, 9]);
});

test.each([
  { axis: 0, dims: [2, 2] },
  { axis: 1, dims: [2, 2] },
  { axis: 2, dims: [] },
])("indices that only the run knows, along axis $axis", async ({ axis, dims }) => {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 3, 2] });
  graph.input({ name: "indices", type: "int64", dims });
  const scaled = graph.node("Mul", ["x", graph.floats([1], [1], "w")]);
  const taken = graph.node("Gather", [scaled, "indices"], { axis: BigInt(axis) });
  graph.node("ReduceSum", [graph.node("Mul", [taken, taken])], { keepdims: 0n }, "loss");
  const result = await gradient(graph.model, { loss, trainable: () => true, inputs: ["x"], engine });
  const indices = dims.length > 0 ? [1, 0, 1, -1] : [1];
  const x = float32(
    [2, 3, 2],
    Float32Array.from({ length: 12 }, (_, i) => i + 1),
  );
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const out = await session.run({ x, indices: { type: "int64", dims, data: BigInt64Array.from(indices, BigInt) } });
  await session.release();
  // L = Σ (times that x is taken) · x², so dL/dx = 2 · times · x.
  const [size, stride] = [x.dims[axis]!, x.dims.slice(axis + 1).reduce((total, one) => total * one, 1)];
  const times = (i: number): number =>
    indices.filter((index) => (index + size) % size === Math.floor(i / stride) % size).length;
  expect([...floats(out["gradient/x"])]).toEqual([...floats(x)].map((value, i) => 2 * times(i) * value));
});

test("a network of operator set 9 in its old forms", async () => {
  const graph = new GraphBuilder(makeModel(9));
  graph.input({ name: "x", type: "float32", dims: ["n", 3, 2] });
  const scaled = graph.node("Mul", ["x", graph.floats([1, -2], [2], "w")]);
  const clipped = graph.node("Clip", [scaled], { min: -1.5, max: 4 });
  const padded = graph.node("Pad", [clipped], { pads: [0n, 0n, 1n, 0n, 0n, 0n], value: 0.5 });
  const part = graph.node("Slice", [padded], { axes: [2n], starts: [0n], ends: [2n] });
  const soft = graph.node("Softmax", [
    graph.node("Squeeze", [graph.node("Unsqueeze", [part], { axes: [3n] })], { axes: [3n] }),
  ]);
  graph.node("ReduceSum", [graph.node("Mul", [soft, soft])], { keepdims: 0n }, "loss");
  const result = await gradient(graph.model, { loss, trainable: () => true, engine });
  const x = float32([1, 3, 2], Float32Array.of(0.5, 1, 1, 0.25, 2, -1));
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const out = await session.run({ x });
  await session.release();
  // By hand: over all six numbers p = softmax(z), L = Σ p², dL/dz = 2p(p − Σp²), z = clip(x·w) in the first column only.
  const z = [0.5, 0.5, 0.5, 1, 0.5, 2];
  const exps = z.map(Math.exp);
  const p = exps.map((value) => value / exps.reduce((a, b) => a + b));
  const square = p.reduce((total, value) => total + value * value, 0);
  const dz = p.map((value) => 2 * value * (value - square));
  expect(floats(out.loss)[0]).toBeCloseTo(square, 5);
  expect(floats(out["gradient/w"])[0]).toBeCloseTo(0.5 * dz[1]! + 1 * dz[3]! + 2 * dz[5]!, 5);
  expect(floats(out["gradient/w"])[1]).toBe(0);
});

test("what a mean is divided by", () => {
  const base = { kind: "cross-entropy", logits: "z", classes: 3, reduction: "mean" } as const;
  expect(lossWeight({ ...base, targets: "labels" }, [0, 1, 2, 2])).toBe(4);
  expect(lossWeight({ ...base, targets: "labels", classWeights: [1, 2, 0.5] }, [0n, 1n, 2n, 2n])).toBe(4);
  expect(lossWeight({ ...base, targets: "distributions", classWeights: [1, 2, 0.5] }, new Float32Array(6))).toBe(2);
});
