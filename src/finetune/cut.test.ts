/** Cuts found and made: both halves of a network together are the network. */
import { join } from "node:path";
import { array, assert, asyncProperty, nat, tuple } from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { foldBatchNorm } from "../autodiff/index.js";
import {
  Engine,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  readModel,
  serializeModel,
  splitModel,
  type Tensor,
} from "../onnx/index.js";
import { type Cut, findCuts } from "./cut.js";
import { cutModel } from "./cut-model.js";

const source = join(import.meta.dirname, "..");
const tiny = (name: string): string => join(source, "autodiff", "fixtures", `${name}.onnx`);
const embedded = (name: string): string => join(source, "..", "models", `${name}.onnx`);

const engine = new Engine();
afterAll(() => engine.close());

/** Numbers without a pattern, in (−1, 1). */
function noise(dims: readonly number[]): Tensor {
  const count = dims.reduce((total, size) => total * size, 1);
  return float32(
    dims,
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.013)),
  );
}

async function run(model: ModelProto, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await engine.open(splitModel(model), { threads: 1 });
  const outputs = await session.run(feeds);
  await session.release();
  return { ...outputs };
}

/** The largest difference, by the largest number of `expected`. */
function difference(actual: Tensor | undefined, expected: Tensor | undefined): number {
  const [a, b] = [floats(actual), floats(expected)];
  expect(a.length).toBe(b.length);
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0) / scale;
}

async function differenceOfHalves(model: ModelProto, cut: Cut, image: Tensor): Promise<number> {
  const input = model.graph!.input[0]!.name;
  const { prefix, suffix } = cutModel(model, cut);
  expect(prefix.graph!.output.map(({ name }) => name)).toEqual([cut.value]);
  expect(suffix.graph!.input.map(({ name }) => name)).toEqual([cut.value]);
  const kept = await run(prefix, { [input]: image });
  expect(kept[cut.value]!.dims).toEqual([image.dims[0], ...cut.dims]);
  const [whole, halves] = [await run(model, { [input]: image }), await run(suffix, kept)];
  const differences = Object.entries(halves).map(([name, value]) => difference(value, whole[name]));
  expect(differences.length).toBeGreaterThan(0);
  return Math.max(...differences);
}

async function load(path: string): Promise<ModelProto> {
  return foldBatchNorm(await readModel(path));
}

describe.each(["mobilenetv2", "efficientnet", "resnet50", "convnext", "vit"])("a tiny %s", (name) => {
  test("is the same in two halves, for any batch and wherever it is cut", async () => {
    const model = await load(tiny(name));
    const before = serializeModel(model);
    const cuts = await findCuts(model, { engine });
    expect(cuts.length).toBeGreaterThan(3);
    for (const cut of cuts)
      for (const images of [1, 3])
        expect(await differenceOfHalves(model, cut, noise([images, 3, 32, 32])), cut.value).toBeLessThan(1e-5);
    expect(serializeModel(model)).toEqual(before);
  });
});

test("a residual network is cut between its blocks, after what makes the value small", async () => {
  const cuts = await findCuts(await load(tiny("resnet50")), { engine });
  const stem = 8 * 3 * 7 * 7 * 16 * 16;
  expect(cuts.map(({ value, dims }) => [value, dims])).toEqual([
    ["/body/body.0/body.0.3/MaxPool_output_0", [8, 8, 8]],
    ["/body/body.1/Relu_output_0", [16, 8, 8]],
    ["/body/body.2/Relu_output_0", [16, 8, 8]],
    ["/Flatten_output_0", [32]],
  ]);
  expect(cuts[0]!.prefixMultiplyAdds).toBe(stem);
  // Two 1×1, one 3×3 and the one of the shortcut.
  expect(cuts[1]!.prefixMultiplyAdds).toBe(stem + (8 * 4 + 4 * 4 * 9 + 4 * 16 + 8 * 16) * 64);
  expect(cuts.at(-1)).toMatchObject({
    suffixMultiplyAdds: 32 * 5,
    suffixWeights: ["head.weight", "head.bias"],
    parameters: 32 * 5 + 5,
  });
});

test("a transformer is cut at its tokens after each block, and what a block asks of sizes is asked of them", async () => {
  const cuts = await findCuts(await load(tiny("vit")), { engine });
  const tokens = cuts.filter(({ dims }) => dims[0] === 17);
  expect(tokens.map(({ value }) => value)).toEqual([
    "/blocks/blocks.0/Add_output_0",
    "/blocks/blocks.0/Add_2_output_0",
    "/blocks/blocks.1/Add_output_0",
  ]);
  expect(tokens[1]!.suffixWeights).toHaveLength(12 + 2 + 2);
  expect(tokens[1]!.parameters).toBe(4 * 16 + 16 * 48 + 48 + 16 * 16 + 16 + 2 * 16 * 32 + 48 + 2 * 16 + 16 * 5 + 5);
});

describe.each([
  ["efficientnet-lite0", 224, 390],
  ["efficientnet-lite2", 260, 860],
] as const)("%s", (name, side, millions) => {
  test("is the same in two halves, and the numbers of both add up", async () => {
    const model = await load(embedded(name));
    const cuts = await findCuts(model, { output: "logits", engine });
    const totals = new Set(cuts.map((cut) => cut.prefixMultiplyAdds + cut.suffixMultiplyAdds));
    expect(totals.size).toBe(1);
    expect(Math.abs([...totals][0]! / (millions * 1e6) - 1)).toBeLessThan(0.02);
    const stages = cuts.filter(({ value }) => /^stage4.*add$|^features$/.test(value));
    expect(stages.at(-1)!.suffixWeights).toHaveLength(2);
    for (const cut of stages.slice(-2))
      expect(await differenceOfHalves(model, cut, noise([2, 3, side, side])), cut.value).toBeLessThan(1e-5);
  });
});

test("weights stored in half precision count by the names of their casts", async () => {
  const stored = await readModel(embedded("efficientnet-lite0"));
  const cuts = await findCuts(stored, { output: "logits", engine });
  expect(cuts).toEqual(await findCuts(foldBatchNorm(stored), { output: "logits", engine }));
  expect(await differenceOfHalves(stored, cuts.at(-2)!, noise([1, 3, 224, 224]))).toBeLessThan(1e-5);
});

/** A graph on [n, 4] from steps that each take one or two earlier values. */
function build(wire: (graph: GraphBuilder, image: string) => string): ModelProto {
  const graph = new GraphBuilder();
  graph.result(wire(graph, graph.input({ name: "image", type: "float32", dims: ["n", 4] })));
  return graph.model;
}

/** A product with its own weights, so that no two cuts are alike. */
function multiply(graph: GraphBuilder, value: string, name: string, width = 4): string {
  const weights = Float32Array.from({ length: 4 * width }, (_, i) => Math.sin(i + name.length));
  graph.constant({ type: "float32", dims: [width, 4], data: weights }, `${name}/weight`);
  return graph.node("MatMul", [value, `${name}/weight`], {}, name);
}

/** Whether the last node can be reached from the first without going through `closed`. */
function hasWayAround(edges: readonly (readonly number[])[], closed: number): boolean {
  const reached = new Set([0]);
  for (const [i, sources] of edges.entries())
    if (i + 1 !== closed && sources.some((from) => reached.has(from))) reached.add(i + 1);
  return reached.has(edges.length);
}

test("cuts are the values without which the output cannot be reached, in any graph", async () => {
  const wiring = array(tuple(nat(), nat(), nat(3)), { minLength: 2, maxLength: 12 });
  await assert(
    asyncProperty(wiring, async (draws) => {
      // Mostly chains with some branches: a draw of 0 takes the value before and one from anywhere.
      const edges = draws.map(([a, b, kind], i) => {
        if (kind > 1) return [i];
        return kind === 1 ? [Math.max(0, i - (a % 3))] : [i, b % (i + 1)];
      });
      const model = build((graph, image) => {
        const values = [image];
        for (const [i, sources] of edges.entries()) {
          // Side by side, and so larger than any cut.
          const parts = sources.map((from) => values[from]!);
          const joined = parts.length > 1 ? graph.node("Concat", parts, { axis: 1n }) : parts[0]!;
          values.push(multiply(graph, joined, `value${i + 1}`, 4 * parts.length));
        }
        return values.at(-1)!;
      });
      const expected = edges.slice(0, -1).flatMap((_, i) => (hasWayAround(edges, i + 1) ? [] : [`value${i + 1}`]));
      const cuts = await findCuts(model, { engine });
      // What joins two values may be a cut where neither of them is.
      expect(cuts.map(({ value }) => value).filter((value) => value.startsWith("value"))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("a weight that both halves use is not the suffix's to train", async () => {
  const model = build((graph, image) => {
    const first = multiply(graph, image, "first");
    const again = graph.node("MatMul", [first, "first/weight"], {}, "again");
    return multiply(graph, again, "last");
  });
  const cuts = await findCuts(model, { engine });
  expect(cuts.map(({ value, suffixWeights }) => [value, suffixWeights])).toEqual([
    ["first", ["last/weight"]],
    ["again", ["last/weight"]],
  ]);
  expect(await differenceOfHalves(model, cuts[0]!, noise([3, 4]))).toBeLessThan(1e-6);
});

test("weights count through nodes of constants, and settings of nodes do not", async () => {
  const model = build((graph, image) => {
    const first = multiply(graph, image, "first");
    graph.floats(Array.from({ length: 16 }, Math.cos), [4, 4], "turned");
    const low = graph.floats([-1], [], "low");
    const scaled = graph.node("Mul", [first, graph.floats([2], [], "two")]);
    const clipped = graph.node("Clip", [scaled, low]);
    return graph.node("MatMul", [clipped, graph.node("Transpose", ["turned"])], {}, "last");
  });
  const [cut] = await findCuts(model, { engine });
  expect(cut).toMatchObject({ suffixWeights: ["turned"], parameters: 16 });
});

test("values that are no float32 rows of images are no cuts", async () => {
  const model = build((graph, image) => {
    const first = multiply(graph, image, "first");
    const turned = graph.node("Transpose", [first], {}, "turned");
    const double = graph.node("Cast", [graph.node("Transpose", [turned])], { to: 11n }, "double");
    const squared = graph.node("Mul", [double, double]);
    return multiply(graph, graph.node("Cast", [squared], { to: 1n }, "single"), "last");
  });
  expect((await findCuts(model, { engine })).map(({ value }) => value)).toEqual(["single"]);
});

test("outputs that need more of the image than crosses the cut are left out of the suffix", async () => {
  const model = build((graph, image) => {
    graph.result(graph.node("Neg", [image], {}, "early"));
    return multiply(graph, multiply(graph, image, "first"), "last");
  });
  const [cut] = await findCuts(model, { output: "last", engine });
  expect(cutModel(model, cut!).suffix.graph!.output.map(({ name }) => name)).toEqual(["last"]);
});

test("a value that is not there is refused", async () => {
  const model = build((graph, image) => multiply(graph, multiply(graph, image, "first"), "last"));
  const [cut] = await findCuts(model, { engine });
  expect(() => cutModel(model, { ...cut!, value: "none" })).toThrow(
    /nothing in the network makes the value "?none"? to cut at/,
  );
});
