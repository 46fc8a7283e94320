import { expect, test } from "vitest";
import { random } from "../core/index.js";
import { floats, GraphBuilder, makeModel, openSession } from "../onnx/index.js";
import { resamplingMatrix } from "./resampling.js";

/** ONNX Runtime's own Resize of [1, 3, from, from]. */
async function resizeByRuntime(planes: Float32Array, from: number, to: number): Promise<Float32Array> {
  const builder = new GraphBuilder(makeModel(17));
  builder.input({ name: "x", type: "float32", dims: [1, 3, from, from] });
  const sizes = builder.constant({ type: "int64", dims: [4], data: BigInt64Array.from([1, 3, to, to].map(BigInt)) });
  const attributes = { mode: "cubic", cubic_coeff_a: -0.5, coordinate_transformation_mode: "half_pixel" };
  builder.node("Resize", ["x", "", "", sizes], attributes, "y");
  builder.output({ name: "y", type: "float32", dims: [1, 3, to, to] });
  const session = await openSession(builder.serialize(), { threads: 1 });
  try {
    return floats((await session.run({ x: { type: "float32", dims: [1, 3, from, from], data: planes } })).y);
  } finally {
    await session.close();
  }
}

/** R · x · Rᵀ of each plane, in double precision. */
function resizeByMatrix(planes: Float32Array, from: number, to: number): Float64Array {
  const rows = resamplingMatrix(from, to, -0.5);
  const out = new Float64Array(3 * to * to);
  for (let plane = 0; plane < 3; plane++) {
    const wide = new Float64Array(from * to); // [from, to]: x · Rᵀ
    for (let y = 0; y < from; y++)
      for (let x = 0; x < to; x++)
        for (let k = 0; k < from; k++)
          wide[y * to + x]! += planes[(plane * from + y) * from + k]! * rows[x * from + k]!;
    for (let y = 0; y < to; y++)
      for (let x = 0; x < to; x++)
        for (let k = 0; k < from; k++) out[(plane * to + y) * to + x]! += rows[y * from + k]! * wide[k * to + x]!;
  }
  return out;
}

test.each([
  [5, 3],
  [3, 7],
  [65, 56],
  [56, 65],
  [48, 97],
])("%d → %d pixels is what ONNX Runtime's cubic Resize gives", async (from, to) => {
  const source = random(0, "planes");
  const planes = Float32Array.from({ length: 3 * from * from }, () => source.below(256));
  const [expected, got] = [await resizeByRuntime(planes, from, to), resizeByMatrix(planes, from, to)];
  expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-2);
});

test("each row adds up to one: a plain picture stays plain", () => {
  const matrix = resamplingMatrix(224, 260, -0.5);
  for (let row = 0; row < 260; row++)
    expect(matrix.subarray(row * 224, (row + 1) * 224).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
});
