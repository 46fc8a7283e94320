import { describe, expect, test } from "vitest";
import {
  attribute,
  checkOrder,
  consumers,
  copyModel,
  float32,
  floats,
  foldConstants,
  freshNames,
  graft,
  type GraphProto,
  GraphBuilder,
  keepOutputs,
  makeModel,
  type ModelProto,
  openSession,
  parseModel,
  probeShapes,
  producers,
  renameValues,
  serializeModel,
  shareConstants,
  tensorData,
} from "./index.js";
import { makeNode, makeValue } from "./proto.js";

/** x [n, 3] → s = x + shift → y = s · w [n, 2]. */
function network(shift = 1): ModelProto {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 3] });
  graph.node("Add", ["x", graph.floats([shift], [1], "shift")], {}, "s");
  graph.node("MatMul", ["s", graph.floats([1, 0, 0, 1, 1, 1], [3, 2], "w")], {}, "y");
  graph.output({ name: "y", type: "float32", dims: ["n", 2] });
  return graph.model;
}

/** y = x where flag, else x + captured, with `captured` = 2·x from the graph around the branches. */
function branching(): ModelProto {
  const inner = (name: string, build: (graph: GraphBuilder) => void): GraphProto => {
    const graph = new GraphBuilder();
    build(graph);
    graph.output({ name, type: "float32", dims: [1] });
    return graph.model.graph!;
  };
  const graph = new GraphBuilder();
  graph.input({ name: "flag", type: "bool", dims: [] });
  graph.input({ name: "x", type: "float32", dims: [1] });
  graph.node("Mul", ["x", graph.floats([2], [1], "two")], {}, "captured");
  graph.node("Neg", ["x"], {}, "unused");
  const branches = {
    then_branch: inner("same", (part) => part.node("Identity", ["x"], {}, "same")),
    else_branch: inner("sum", (part) => part.node("Add", ["x", "captured"], {}, "sum")),
  };
  graph.node("If", ["flag"], branches, "y");
  graph.output({ name: "y", type: "float32", dims: [1] });
  return graph.model;
}

async function run(model: ModelProto, feeds: Parameters<typeof probeShapes>[1]): Promise<Record<string, number[]>> {
  const session = await openSession(serializeModel(model), { threads: 1 });
  try {
    const results = await session.run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, [...floats(tensor)]]));
  } finally {
    await session.close();
  }
}

const x = float32([1, 3], Float32Array.of(1, 2, 3));

describe("attributes", () => {
  const node = makeNode("Any", [], ["out"], {
    group: 2n,
    alpha: 0.5,
    mode: "linear",
    pads: [0n, 1n],
    scales: [1.5, 2],
    value: float32([1], Float32Array.of(7)),
  });

  test("are read by kind", () => {
    expect(attribute(node, "group", "int")).toBe(2);
    expect(attribute(node, "alpha", "float")).toBe(0.5);
    expect(attribute(node, "mode", "string")).toBe("linear");
    expect(attribute(node, "pads", "ints")).toEqual([0, 1]);
    expect(attribute(node, "scales", "floats")).toEqual([1.5, 2]);
    expect(attribute(node, "value", "tensor")).toEqual(float32([1], Float32Array.of(7)));
    expect(attribute(node, "absent", "int")).toBeUndefined();
  });

  test("of another kind are a fault that names node and attribute", () => {
    expect(() => attribute(node, "pads", "int")).toThrowError(/pads.*"out".*expected INT; got INTS/);
  });
});

describe("topology", () => {
  test("says who makes and who uses a value, branches included", () => {
    const graph = branching().graph!;
    expect(producers(graph).get("captured")!.opType).toBe("Mul");
    const users = consumers(graph);
    expect(users.get("captured")!.map(({ opType }) => opType)).toEqual(["If"]);
    expect(users.get("x")!.map(({ opType }) => opType)).toEqual(["Mul", "Neg", "If"]);
    expect(users.has("unused")).toBe(false);
  });

  test("what a branch takes from outside is kept, the rest is cut", async () => {
    const model = branching();
    keepOutputs(model, ["y"]);
    expect(model.graph!.node.map(({ opType }) => opType)).toEqual(["Mul", "If"]);
    const flag = { type: "bool", dims: [], data: Uint8Array.of(0) } as const;
    expect(await run(model, { flag, x: float32([1], Float32Array.of(3)) })).toEqual({ y: [9] });
  });

  test("the order of nodes is checked", () => {
    const { graph } = network();
    expect(() => checkOrder(graph!)).not.toThrow();
    graph!.node.reverse();
    expect(() => checkOrder(graph!)).toThrowError(/"y" \(MatMul\): the value "s" is not there before it/);
    const twice = network().graph!;
    twice.node.push(makeNode("Neg", ["x"], ["s"]));
    expect(() => checkOrder(twice)).toThrowError(/"s" is made twice/);
    const lacking = network().graph!;
    lacking.node.pop();
    expect(() => checkOrder(lacking)).toThrowError(/output "y"/);
  });

  test("new names are free, those of a second builder on the same model too", () => {
    const fresh = freshNames(network().graph!);
    expect([fresh("s"), fresh("s"), fresh("new")]).toEqual(["s_1", "s_2", "new"]);
    const model = network();
    const first = new GraphBuilder(model).node("Neg", ["x"]);
    expect(new GraphBuilder(model).node("Neg", ["x"])).not.toBe(first);
  });
});

describe("constants", () => {
  test("Constant nodes become initializers of the same numbers; outputs of the graph stay", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: [2] });
    graph.node("Constant", [], { value: float32([2], Float32Array.of(1, 2)) }, "a");
    graph.node("Constant", [], { value_float: 3 }, "b");
    graph.node("Constant", [], { value_floats: [4, 5] }, "c");
    graph.node("Constant", [], { value_ints: [2n] }, "shape");
    graph.node("Constant", [], { value_float: 9 }, "kept");
    graph.node("Sum", ["x", "a", "b", "c"], {}, "sum");
    graph.node("Reshape", ["sum", "shape"], {}, "y");
    graph.output({ name: "y", type: "float32", dims: [2] });
    graph.output({ name: "kept", type: "float32", dims: [] });
    const feeds = { x: float32([2], Float32Array.of(10, 20)) };
    const before = await run(graph.model, feeds);
    foldConstants(graph.model.graph!);
    expect(graph.model.graph!.node.map(({ opType }) => opType)).toEqual(["Constant", "Sum", "Reshape"]);
    expect(tensorData(graph.model.graph!.initializer.find(({ name }) => name === "shape")!)).toEqual({
      type: "int64",
      dims: [1],
      data: BigInt64Array.of(2n),
    });
    expect(before).toEqual({ y: [18, 30], kept: [9] });
    expect(await run(graph.model, feeds)).toEqual(before);
  });
});

describe("copies and grafts", () => {
  test("a copy is edited without the original; its tensors are not copied", () => {
    const model = parseModel(serializeModel(network()), "network");
    const before = serializeModel(model);
    const copy = copyModel(model);
    expect(Buffer.compare(serializeModel(copy), before)).toBe(0);
    renameValues(copy.graph!, (name) => `new_${name}`);
    expect(Buffer.compare(serializeModel(model), before)).toBe(0);
    expect(copy.graph!.initializer.map(({ name }) => name)).toEqual(["new_shift", "new_w"]);
    expect(copy.graph!.initializer[1]!.rawData).toBe(model.graph!.initializer[1]!.rawData);
  });

  test("one network stands twice in a graph, its constants once", async () => {
    const target = makeModel(17);
    const graph = new GraphBuilder(target);
    graph.input({ name: "x", type: "float32", dims: ["n", 3] });
    const mirrored = graph.node("Neg", ["x"]);
    const share = { constantPrefix: "net/" };
    const first = graft(target, network(), { prefix: "a/", bindings: { x: "x" }, ...share });
    const second = graft(target, network(), { prefix: "b/", bindings: { x: mirrored }, ...share });
    graph.node("Add", [first.y!, second.y!], {}, "sum");
    graph.output({ name: "sum", type: "float32", dims: ["n", 2] });
    checkOrder(target.graph!);
    expect(target.graph!.initializer.map(({ name }) => name)).toEqual(["net/shift", "net/w"]);
    // (x + 1)·w + (−x + 1)·w = 2·w summed over its rows, for every x.
    expect(await run(target, { x })).toEqual({ sum: [4, 4] });
  });

  test("two networks stand side by side, each with its own constants", async () => {
    const target = makeModel(17);
    const names = [1, 10].map(
      (shift, i) => graft(target, network(shift), { prefix: `${i}/`, bindings: { x: "x" } }).y!,
    );
    const graph = new GraphBuilder(target);
    graph.input({ name: "x", type: "float32", dims: ["n", 3] });
    for (const name of names) graph.output({ name, type: "float32", dims: ["n", 2] });
    expect(await run(target, { x })).toEqual({ "0/y": [6, 7], "1/y": [24, 25] });
  });

  test("branches are renamed inside, too", async () => {
    const target = makeModel(17);
    const { y } = graft(target, branching(), { prefix: "p/", bindings: { x: "x" } });
    const graph = new GraphBuilder(target);
    graph.input({ name: "x", type: "float32", dims: [1] });
    graph.output({ name: y!, type: "float32", dims: [1] });
    const flag = { type: "bool", dims: [], data: Uint8Array.of(0) } as const;
    expect(await run(target, { "p/flag": flag, x: float32([1], Float32Array.of(3)) })).toEqual({ "p/y": [9] });
  });

  test("another operator set is a fault", () => {
    expect(() => graft(makeModel(13), network(), { prefix: "", bindings: {} })).toThrowError(/expected 13; got 17/);
  });
});

describe("probing", () => {
  test("tells type and size of every value", async () => {
    const probes = await probeShapes(network(), { x: float32([5, 3], new Float32Array(15)) });
    expect(Object.fromEntries(probes)).toEqual({
      x: { type: "float32", dims: [5, 3] },
      shift: { type: "float32", dims: [1] },
      w: { type: "float32", dims: [3, 2] },
      s: { type: "float32", dims: [5, 3] },
      y: { type: "float32", dims: [5, 2] },
    });
  });

  test("does not believe what the file says of a value, and runs what the runtime cannot infer", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", 32, 4, 4] });
    graph.importDomain("com.microsoft.nchwc");
    graph.node("Relu", ["x"], {}, "y");
    graph.node("ReorderInput", ["y"], {}, "blocked", "com.microsoft.nchwc"); // of no rank, as far as it is inferred
    graph.model.graph!.valueInfo.push(makeValue({ name: "y", type: "float32", dims: [7, 32, 4, 4] }));
    const probes = await probeShapes(graph.model, { x: float32([2, 32, 4, 4], new Float32Array(1024)) });
    expect(probes.get("y")!.dims).toEqual([2, 32, 4, 4]);
    expect(probes.get("blocked")!.dims).toEqual([2, 32, 4, 4]);
  });

  test("leaves out what is no tensor, what is not asked for and what is not there", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", "c", "w"] });
    const node = makeNode("MaxPool", ["x"], ["pooled", "places"], { kernel_shape: [2n] });
    graph.model.graph!.node.push(node);
    graph.node("SequenceConstruct", ["x", "x"], {}, "sequence");
    graph.node("SequenceLength", ["sequence"], {}, "length");
    graph.node("Greater", ["pooled", graph.floats([0], [1], "zero")], {}, "mask");
    graph.output({ name: "mask", type: "bool", dims: ["n", "c", "w"] });
    const feeds = { x: float32([1, 2, 4], new Float32Array(8)) };
    const probes = await probeShapes(graph.model, feeds);
    expect(Object.fromEntries(probes)).toEqual({
      x: { type: "float32", dims: [1, 2, 4] },
      zero: { type: "float32", dims: [1] },
      pooled: { type: "float32", dims: [1, 2, 3] },
      places: { type: "int64", dims: [1, 2, 3] },
      length: { type: "int64", dims: [] },
      mask: { type: "bool", dims: [1, 2, 3] },
    });
    const asked = await probeShapes(graph.model, feeds, ["mask", "nowhere"]);
    expect([...asked.keys()]).toEqual(["mask"]);
  });
});

describe("equal constants", () => {
  test("become one, and what computes with them gives the same", async () => {
    const twice = network();
    const again = { prefix: "again/", constantPrefix: "again/", bindings: { x: "x" } };
    const other = { prefix: "other/", constantPrefix: "other/", bindings: { x: "x" } };
    const sums = [graft(twice, network(), again).y!, graft(twice, network(2), other).y!];
    const graph = new GraphBuilder(twice);
    for (const name of sums) graph.output({ name, type: "float32", dims: ["n", 2] });
    const feeds = { x: float32([1, 3], Float32Array.of(1, 2, 3)) };
    const before = await run(twice, feeds);
    shareConstants(twice.graph!);
    expect(twice.graph!.initializer.map(({ name }) => name)).toEqual(["shift", "w", "other/shift"]);
    expect(await run(twice, feeds)).toEqual(before);
  });

  test("stay where one is an input or output, or differs in shape or type alone", () => {
    const graph = new GraphBuilder();
    graph.node("Add", [graph.floats([1, 2], [2], "a"), graph.floats([1, 2], [1, 2], "b")], {}, "s");
    graph.node("Add", [graph.floats([1, 2], [2], "c"), graph.constant(int32Of(1, 2))], {}, "t");
    graph.output({ name: "c", type: "float32", dims: [2] });
    const names = graph.model.graph!.initializer.map(({ name }) => name);
    shareConstants(graph.model.graph!);
    expect(graph.model.graph!.initializer.map(({ name }) => name)).toEqual(names);
  });

  /** The bytes of two floats, as integers. */
  function int32Of(...values: number[]) {
    return { type: "int32", dims: [2], data: new Int32Array(Float32Array.from(values).buffer) } as const;
  }
});
