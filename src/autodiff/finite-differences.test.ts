/** Gradients against directional finite differences, at the tolerance that float32 allows: random convolutions, every operator. */
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { random } from "../core/index.js";
import {
  Engine,
  type Feeds,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  splitModel,
  type Tensor,
} from "../onnx/index.js";
import { caseGraph, type OperatorCase, readCases } from "./cases.test-data.js";
import { gradient, type Lowering, plainLowering, replaceWeights } from "./index.js";
import { fastLowerings } from "./lowering.js";

const engine = new Engine();
afterAll(() => engine.close());

const loss = { kind: "value", value: "loss" } as const;

/** A convolution of any geometry, a smooth activation and a pool: where the derivative is continuous everywhere. */
interface Layer {
  readonly channels: number;
  readonly group: number;
  readonly multiplier: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly pads: readonly number[];
  readonly activation: string;
  readonly pool: boolean;
  readonly batch: number;
  readonly seed: number;
}

const pairOf = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const layers: fc.Arbitrary<Layer> = fc.record({
  channels: fc.constantFrom(1, 2, 3, 16),
  group: fc.constantFrom(1, 2, 16),
  multiplier: fc.integer({ min: 1, max: 2 }),
  size: pairOf(5, 9),
  kernel: pairOf(1, 3),
  stride: pairOf(1, 3),
  dilation: pairOf(1, 2),
  pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  activation: fc.constantFrom("Sigmoid", "Tanh", "Erf", "Softmax", "Exp"),
  pool: fc.boolean(),
  batch: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

function numbers(seed: number, name: string, count: number): Float32Array {
  const source = random(seed, name);
  return Float32Array.from({ length: count }, () => source.normal());
}

function layerGraph(layer: Layer, weights: Readonly<Record<string, Float32Array>>, dims: Dims): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: [layer.batch, layer.channels, ...layer.size] });
  for (const name of ["w", "b"] as const) graph.floats(weights[name]!, dims[name], name);
  const map = graph.node("Conv", ["x", "w", "b"], {
    group: BigInt(dims.group),
    strides: layer.stride.map(BigInt),
    dilations: layer.dilation.map(BigInt),
    pads: layer.pads.map(BigInt),
  });
  const active = graph.node(layer.activation, [map]);
  graph.node(layer.pool ? "GlobalAveragePool" : "Identity", [active], {}, "y");
  graph.node("ReduceSum", [graph.node("Mul", ["y", "y"])], { keepdims: 0n }, "loss");
  return graph;
}

interface Dims {
  readonly group: number;
  readonly w: readonly number[];
  readonly b: readonly number[];
}

function dimsOf({ channels, group, multiplier, kernel }: Layer): Dims {
  const groups = channels % group === 0 ? group : 1;
  const outputs = groups === 1 ? 4 : groups * multiplier;
  return { group: groups, w: [outputs, channels / groups, ...kernel], b: [outputs] };
}

const count = (dims: readonly number[]): number => dims.reduce((total, size) => total * size, 1);

/** Σ y², added up in double precision: float32 would lose the difference. */
async function lossOf(graph: GraphBuilder, feeds: Feeds): Promise<number> {
  graph.result("y");
  const session = await engine.open(graph.serialize(), { threads: 1 });
  const { y } = await session.run(feeds, ["y"]);
  await session.release();
  return floats(y).reduce((total, value) => total + value * value, 0);
}

async function checkLayer(layer: Layer, lowering: Lowering): Promise<void> {
  const dims = dimsOf(layer);
  const fan = Math.sqrt(count(dims.w.slice(1)));
  const weights = {
    w: numbers(layer.seed, "w", count(dims.w)).map((value) => value / fan),
    b: numbers(layer.seed, "b", count(dims.b)).map((value) => value / 4),
  };
  const feeds = {
    x: float32(
      [layer.batch, layer.channels, ...layer.size],
      numbers(layer.seed, "x", layer.batch * layer.channels * count(layer.size)),
    ),
  };
  const result = await gradient(layerGraph(layer, weights, dims).model, {
    loss,
    trainable: () => true,
    lowering,
    engine,
  });
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const out = await session.run(feeds);
  await session.release();
  const gradients = { w: floats(out["gradient/w"]), b: floats(out["gradient/b"]) };
  const norm = Math.hypot(...gradients.w, ...gradients.b);
  if (norm < 1e-3) return;
  // Along the gradient itself the slope is its norm; a random direction on top, which no symmetry of an error survives.
  const direction = (name: "w" | "b"): Float32Array => {
    const noise = numbers(layer.seed, `${name} direction`, gradients[name].length);
    return gradients[name].map((value, i) => value / norm + 0.3 * (noise[i]! / Math.sqrt(noise.length)));
  };
  const directions = { w: direction("w"), b: direction("b") };
  const slope = (["w", "b"] as const).reduce(
    (total, name) => total + gradients[name].reduce((sum, value, i) => sum + value * directions[name][i]!, 0),
    0,
  );
  const step = 4e-3;
  const at = (sign: number): Promise<number> => {
    const moved = {
      w: weights.w.map((value, i) => value + sign * step * directions.w[i]!),
      b: weights.b.map((value, i) => value + sign * step * directions.b[i]!),
    };
    return lossOf(layerGraph(layer, moved, dims), feeds);
  };
  const difference = ((await at(1)) - (await at(-1))) / (2 * step);
  expect(Math.abs(difference - slope) / Math.max(norm, 1e-2)).toBeLessThan(5e-3);
}

describe.each([
  { how: "plain operators", lowering: plainLowering },
  { how: "operators of the CPU", lowering: { ...plainLowering, ...fastLowerings.cpu } },
])("directional finite differences, $how", ({ lowering }) => {
  test("convolutions of any geometry", async () => {
    const possible = layers.filter(({ size, kernel, dilation, pads }) =>
      [0, 1].every((axis) => size[axis]! + pads[axis]! + pads[axis + 2]! >= dilation[axis]! * (kernel[axis]! - 1) + 1),
    );
    await fc.assert(
      fc.asyncProperty(possible, (layer) => checkLayer(layer, lowering)),
      { numRuns: 60 },
    );
  });

  test("every operator, with other numbers than the fixtures have", async () => {
    const distinct = cases.filter(({ inputs }) => !inputs.some(({ values, role }) => values && role === "weight"));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...distinct), fc.integer({ min: 1, max: 1000 }), (one, shift) =>
        checkCase(reseed(one, shift * 100_000), lowering),
      ),
      { numRuns: 120 },
    );
  });
});

const cases = readCases();

function reseed(one: OperatorCase, shift: number): OperatorCase {
  const inputs = one.inputs.map((input) => (input.seed === undefined ? input : { ...input, seed: input.seed + shift }));
  return { ...one, inputs, seed: one.seed + shift };
}

/** Σ y · c in double precision. */
async function caseLoss(model: ModelProto, feeds: Feeds): Promise<number> {
  const session = await engine.open(splitModel(model), { threads: 1 });
  const outputs = Object.values(await session.run(feeds));
  await session.release();
  return outputs.reduce((total, tensor) => total + floats(tensor).reduce((sum, value) => sum + value, 0), 0);
}

/** Moves inputs and weights together, along the gradient with noise on top. */
async function checkCase(one: OperatorCase, lowering: Lowering): Promise<void> {
  const { model, feeds, sources } = caseGraph(one, false);
  const inputs = sources.filter((name) => name in feeds);
  const trainable = (name: string): boolean => sources.includes(name);
  const result = await gradient(model, { loss, trainable, inputs, lowering, engine });
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const out = await session.run(feeds);
  await session.release();
  const gradients = new Map(sources.map((name) => [name, floats(out[result.gradients.get(name)!])]));
  const norm = Math.hypot(...[...gradients.values()].map((values) => Math.hypot(...values)));
  if (norm < 1e-3) return;
  const directions = new Map(
    [...gradients].map(([name, values]) => {
      const noise = numbers(one.seed, name, values.length);
      return [name, values.map((value, i) => value / norm + (0.3 * noise[i]!) / Math.sqrt(values.length))];
    }),
  );
  const slope = sources.reduce((total, name) => {
    const direction = directions.get(name)!;
    return total + gradients.get(name)!.reduce((sum, value, i) => sum + value * direction[i]!, 0);
  }, 0);
  // Far less than the distance that the numbers keep from kinks.
  const step = 4e-3;
  const parts = caseGraph(one, false);
  for (const name of parts.products) parts.graph.result(name);
  const at = (sign: number): Promise<number> => {
    const move = (name: string, data: Float32Array): Float32Array =>
      data.map((value, i) => value + sign * step * directions.get(name)![i]!);
    const moved = Object.entries(feeds).map(([name, tensor]): [string, Tensor] => [
      name,
      directions.has(name) ? float32(tensor.dims, move(name, floats(tensor))) : tensor,
    ]);
    const weights = sources
      .filter((name) => !(name in feeds))
      .map((name) => [name, move(name, parts.weights.get(name)!)] as const);
    return caseLoss(replaceWeights(parts.model, new Map(weights)), Object.fromEntries(moved));
  };
  const difference = ((await at(1)) - (await at(-1))) / (2 * step);
  expect(Math.abs(difference - slope) / Math.max(norm, 1e-2), one.title).toBeLessThan(5e-3);
}
