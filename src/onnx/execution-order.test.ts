/** Orders below are those that ONNX Runtime's profile reports for the same graphs. */
import { expect, test } from "vitest";
import { executionOrder, GraphBuilder } from "./index.js";

/** Nodes [operands, result]; the names of results in their order. */
function orderOf(nodes: readonly (readonly [readonly string[], string])[]): string[] {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: [1] });
  for (const [operands, name] of nodes) graph.operator("Sum", operands, [name]);
  return executionOrder(graph.model.graph!).map(({ output }) => output[0]!);
}

test("of several ends the last is reached first", () => {
  const nodes = [
    [["x"], "a"],
    [["a"], "end1"],
    [["a"], "b"],
    [["b"], "end2"],
  ] as const;
  expect(orderOf(nodes)).toEqual(["a", "b", "end2", "end1"]);
});

test("of what a node needs, the node that stands last comes first", () => {
  const nodes = [
    [["x"], "a"],
    [["x"], "b"],
    [["b"], "c"],
    [["a", "c"], "end"],
  ] as const;
  expect(orderOf(nodes)).toEqual(["b", "c", "a", "end"]);
});
