/** The gradient of a layer is finished before the way back goes on: what is alive at once does not grow with the number of layers. */
import { expect, test } from "vitest";
import { executionOrder, GraphBuilder } from "../onnx/index.js";
import { gradient, planMemory, valueShapes } from "./index.js";

const width = 100;
const images = 50;

/** x [50, 100] through layers x · wᵢ [100, 100], then Σ. */
function layers(count: number): GraphBuilder {
  const graph = new GraphBuilder();
  let value = graph.input({ name: "x", type: "float32", dims: [images, width] });
  for (let i = 0; i < count; i++)
    value = graph.node("MatMul", [value, graph.floats(new Float32Array(width * width), [width, width], `w${i}`)]);
  graph.node("ReduceSum", [value], { keepdims: 0n }, "loss");
  graph.result("loss");
  return graph;
}

const options = { loss: { kind: "value", value: "loss" }, trainable: () => true } as const;

test("gradients come out from the last layer to the first", async () => {
  const result = await gradient(layers(4).model, options);
  const names = new Set(result.gradients.values());
  const order = executionOrder(result.model.graph!).flatMap(({ output }) => output.filter((name) => names.has(name)));
  expect(order).toEqual(["w3", "w2", "w1", "w0"].map((name) => `gradient/${name}`));
});

test("gradients of activations are not kept until the end", async () => {
  const peak = async (count: number): Promise<number> => {
    const { model } = await gradient(layers(count).model, options);
    return planMemory(model, (await valueShapes(model))(images)).peakActivationBytes;
  };
  // Each layer more: its activation, which its weight's gradient needs, and that gradient, which is given out; nothing else.
  expect((await peak(9)) - (await peak(5))).toBeLessThanOrEqual(4 * 4 * (images * width + width * width));
});

test("a gradient that two weights share, or that others need, is given out under both names", async () => {
  const graph = new GraphBuilder();
  for (const name of ["a", "b"]) graph.floats([1, 2, 3], [3], name);
  graph.input({ name: "x", type: "float32", dims: [3] });
  const sum = graph.node("Add", [graph.node("Add", ["a", "b"]), "x"]);
  graph.node("ReduceSum", [graph.node("Mul", [sum, sum])], { keepdims: 0n }, "loss");
  graph.result("loss");
  const result = await gradient(graph.model, { ...options, inputs: ["x"] });
  expect(result.gradients).toEqual(new Map(["a", "b", "x"].map((name) => [name, `gradient/${name}`])));
  expect(result.model.graph!.output.map(({ name }) => name)).toEqual(["loss", ...result.gradients.values()]);
});
