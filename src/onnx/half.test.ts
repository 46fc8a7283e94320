import { readFileSync } from "node:fs";
import { join } from "node:path";
import { array, assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  expandHalf,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  openSession,
  packHalf,
  parseModel,
} from "./index.js";

/** y = x·w for x [n, 4], w [4, 100]: 1,600 bytes of float32. */
function product(weights: ArrayLike<number>): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 4] });
  graph.node("MatMul", ["x", graph.floats(weights, [4, 100], "w")], {}, "y");
  graph.output({ name: "y", type: "float32", dims: ["n", 100] });
  return graph;
}

/** Quarters are exact in half precision. */
const quarters = Float32Array.from({ length: 400 }, (_, i) => (i % 37) / 4 - 3);

const tensorNames = ({ graph }: ModelProto): string[] =>
  graph!.initializer.map(({ name, dataType }) => `${name}:${dataType}`);
const bytesOf = (model: ModelProto): Uint8Array => new GraphBuilder(model).serialize();

describe("float32 weights that half precision holds exactly", () => {
  test("are stored in half the size, and come back as they were", () => {
    const { model } = product(quarters);
    const before = bytesOf(model);
    packHalf(model);
    expect(tensorNames(model)).toEqual(["w/half:10"]);
    expect(model.graph!.node.map(({ opType, output }) => `${opType} ${output.join()}`)).toEqual(["Cast w", "MatMul y"]);
    expect(bytesOf(model).length).toBeLessThan(before.length * 0.6);
    expandHalf(model);
    expect(bytesOf(model)).toEqual(before);
  });

  test("any value of binary16 survives, signs of zero and infinities too", () => {
    assert(
      property(array(integer({ min: 0, max: 0xffff }), { minLength: 400, maxLength: 400 }), (bits) => {
        const values = Float32Array.from(bits, halfToFloat).map((value) => (Number.isNaN(value) ? 0.5 : value));
        const { model } = product(values);
        packHalf(model);
        expect(tensorNames(model)).toEqual(["w/half:10"]);
        expandHalf(model);
        expect(new Uint32Array(new Uint8Array(model.graph!.initializer[0]!.rawData).buffer)).toEqual(
          new Uint32Array(values.buffer),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("give the same outputs to the last bit", async () => {
    const { model } = product(quarters);
    const feeds = { x: float32([1, 4], Float32Array.from([0.1, -2.7, 3.3, 1e-3])) };
    const plain = await run(bytesOf(model), feeds);
    packHalf(model);
    expect(await run(bytesOf(model), feeds)).toEqual(plain);
  });
});

test.each([
  ["one value needs more digits", quarters.map((value, i) => (i === 399 ? 0.1 : value))],
  ["one value is too large", quarters.map((value, i) => (i === 0 ? 70_000 : value))],
  ["one value is too small", quarters.map((value, i) => (i === 0 ? 1e-9 : value))],
  ["one value is no number", quarters.map((value, i) => (i === 0 ? Number.NaN : value))],
])("weights stay float32 where %s", (_why, weights) => {
  const { model } = product(weights);
  packHalf(model);
  expect(tensorNames(model)).toEqual(["w:1"]);
});

test("small weights and those a caller may feed stay as they are", () => {
  const { model } = product(quarters);
  new GraphBuilder(model).floats([1, 2, 3], [3], "small");
  new GraphBuilder(model).input({ name: "w", type: "float32", dims: [4, 100] });
  packHalf(model);
  expect(tensorNames(model)).toEqual(["w:1", "small:1"]);
});

test("a half that something else uses too is kept beside its expansion", () => {
  const { model } = product(quarters);
  packHalf(model);
  const graph = new GraphBuilder(model);
  graph.output({ name: graph.node("Identity", ["w/half"], {}, "raw"), type: "float16", dims: [4, 100] });
  expandHalf(model);
  expect(tensorNames(model)).toEqual(["w/half:10", "w:1"]);
});

test("the embedded networks are what packHalf makes of what expandHalf makes of them", () => {
  for (const name of ["efficientnet-lite0", "efficientnet-lite2"]) {
    const file = readFileSync(join(import.meta.dirname, `../../models/${name}.onnx`));
    const model = parseModel(file, name);
    expandHalf(model);
    expect(model.graph!.initializer.every(({ dataType }) => dataType === 1)).toBe(true);
    packHalf(model);
    expect(Buffer.compare(Buffer.from(bytesOf(model)), file)).toBe(0);
  }
});

async function run(
  model: Uint8Array,
  feeds: Parameters<Awaited<ReturnType<typeof openSession>>["run"]>[0],
): Promise<number[]> {
  const session = await openSession(model, { threads: 1 });
  const { y } = await session.run(feeds);
  await session.close();
  return [...floats(y)];
}

/** IEEE 754: the value of binary16 bits, by its definition. */
function halfToFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
