/** One session for all steps: it must compute what a session made with the weights computes, whatever the weights. */
import { afterAll, describe, expect, test } from "vitest";
import { buildNetwork, networkClasses, networkSide } from "../../test/networks.js";
import { random } from "../core/index.js";
import { Engine, type Feeds, float32, floats, GraphBuilder, type ModelProto, splitModel } from "../onnx/index.js";
import { gradient, makeResident, readWeights, replaceWeights, selectLowering } from "./index.js";

const engine = new Engine();
afterAll(() => engine.close());

const images = 2;

/** Weights one behind the other in shared memory, and by name as views of it. */
function place(model: ModelProto, names: readonly string[]) {
  const weights = [...readWeights(model, names)];
  const flat = new Float32Array(new SharedArrayBuffer(weights.reduce((sum, [, { length }]) => sum + 4 * length, 0)));
  let start = 0;
  const views = weights.map(([name, values]) => {
    const view = flat.subarray(start, (start += values.length));
    view.set(values);
    return [name, view] as const;
  });
  return { flat, views: new Map(views) };
}

async function run(model: ModelProto, feeds: Feeds): Promise<Record<string, Float32Array>> {
  const session = await engine.open(splitModel(model), { threads: 1 });
  try {
    const outputs = Object.entries(await session.run(feeds));
    return Object.fromEntries(outputs.map(([name, tensor]) => [name, floats(tensor)]));
  } finally {
    await session.release();
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...a);
}

/** Channels that fill blocks, and a filter for each: its gradient has the images as channels. */
function buildDepthwise(): GraphBuilder {
  const graph = new GraphBuilder();
  const source = random(1, "depthwise");
  const weight = (...dims: number[]): string => {
    const count = dims.reduce((a, b) => a * b);
    return graph.floats(
      Float32Array.from({ length: count }, () => source.normal() / Math.sqrt(count / dims[0]!)),
      dims,
    );
  };
  const bounded = (value: string): string =>
    graph.node("Clip", [value, graph.floats([0], []), graph.floats([0.5], [])]);
  graph.input({ name: "image", type: "float32", dims: [images, 3, networkSide, networkSide] });
  const wide = bounded(graph.node("Conv", ["image", weight(32, 3, 1, 1), weight(32)]));
  const attributes = { group: 32n, strides: [2n, 2n], auto_pad: "SAME_UPPER" };
  const each = bounded(graph.node("Conv", [wide, weight(32, 1, 3, 3), weight(32)], attributes));
  const narrow = graph.node("Conv", [each, weight(16, 32, 1, 1), weight(16)]);
  const pooled = graph.node("Flatten", [graph.node("GlobalAveragePool", [narrow])]);
  graph.node("MatMul", [pooled, weight(16, networkClasses)], {}, "scores");
  graph.output({ name: "scores", type: "float32", dims: [images, networkClasses] });
  return graph;
}

describe("a resident model", () => {
  test.each([
    ["dense", () => buildNetwork({ head: "scores", batch: images })],
    ["depthwise", buildDepthwise],
  ])("gives the gradients of a session made with the weights, also after they changed: %s", async (_form, build) => {
    const network = build();
    const { lowering } = await selectLowering("cpu", engine);
    const { model, gradients, loss, lossInputs } = await gradient(network.model, {
      loss: {
        kind: "cross-entropy",
        logits: network.model.graph!.output[0]!.name,
        classes: networkClasses,
        targets: "labels",
        reduction: "sum",
      },
      trainable: (_name, dims) => dims.length > 0,
      batch: images,
      lowering,
      engine,
    });
    const names = [...gradients.keys()];
    const { flat, views } = place(model, names);
    const resident = (await makeResident(model, names, engine))!;
    const session = await engine.open(resident.model, { threads: 1, optimization: "disabled" });
    const source = random(1, "pixels");
    const dims = [images, 3, networkSide, networkSide];
    const pixels = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => source.normal());
    const feeds: Feeds = {
      image: float32(dims, pixels),
      [lossInputs.targets!]: { type: "int64", dims: [images], data: BigInt64Array.of(1n, 4n) },
    };
    for (const change of [0, 0.1, -0.3]) {
      for (let i = 0; i < flat.length; i++) flat[i]! += change * source.normal();
      await session.bind(resident.inputs, flat);
      const expected = await run(replaceWeights(model, views), feeds);
      const actual = await session.run(feeds);
      for (const output of gradients.values())
        expect(distance(expected[output]!, floats(actual[output])), output).toBeLessThan(1e-5);
    }
    // Sums over runs, in shared memory.
    const output = gradients.get(names[0]!)!;
    const once = floats((await session.run(feeds))[output]);
    const into = new Float32Array(new SharedArrayBuffer(4 * once.length));
    const outputDims = model.graph!.initializer.find(({ name }) => name === names[0])!.dims.map(Number);
    const kept = await session.sum([feeds, feeds, feeds], [loss], [{ name: output, dims: outputDims, into }]);
    expect(kept).toHaveLength(3);
    expect([...into]).toEqual([...once].map((value) => Math.fround(Math.fround(value + value) + value)));
    await session.release();
  });

  test("is refused where the runtime computes with the weights when a session is made", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: [1, 4] });
    const w = graph.floats([1, 2, 3, 4], [4, 1], "w");
    graph.node("MatMul", ["x", graph.node("Exp", [w])], {}, "y");
    graph.output({ name: "y", type: "float32", dims: [1, 1] });
    expect(await makeResident(graph.model, ["w"], engine)).toBeNull();
    const moved = new GraphBuilder();
    moved.input({ name: "x", type: "float32", dims: [1, 4] });
    const v = moved.floats([1, 2, 3, 4], [1, 4], "w");
    moved.node("MatMul", ["x", moved.node("Transpose", [v], { perm: [1n, 0n] })], {}, "y");
    moved.output({ name: "y", type: "float32", dims: [1, 1] });
    expect((await makeResident(moved.model, ["w"], engine))!.inputs).toHaveLength(1);
  });

  test("a model that the runtime refuses is none", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: [1, 4] });
    graph.node("MatMul", ["x", graph.floats([1, 2], [1, 2], "w")], {}, "y");
    graph.output({ name: "y", type: "float32", dims: [1, 2] });
    expect(await makeResident(graph.model, ["w"], engine)).toBeNull();
  });
});
