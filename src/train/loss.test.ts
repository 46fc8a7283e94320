import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeFloat16Array, encodeFloat16Array, type HalfMatrix, random } from "../core/index.js";
import { Engine } from "../onnx/index.js";
import { type LossProblems, openLoss } from "./loss.js";
import { findDirections, makePreconditioner } from "./preconditioner.js";
import { measureFoldScalings, measureScaling, scaleGradient, unitScaling, unscale } from "./standardize.js";

const generator = random(1, "loss test");
const [rows, width, classes, problems] = [23, 6, 3, 2];

function normals(count: number): Float64Array {
  return Float64Array.from({ length: count }, () => generator.normal());
}

/** Half-precision features with every column at its own place and scale, and what they are in double precision. */
function drawMatrix(count: number, columns: number): HalfMatrix {
  const data = normals(count * columns).map((value, at) => value * (1 + (at % columns)) + 10 * (at % columns));
  return { rows: count, width: columns, data: encodeFloat16Array(data) };
}

function standardizePlainly({ data }: HalfMatrix): Float64Array {
  return Float64Array.from(decodeFloat16Array(data), (value, at) => {
    const column = at % scaling.shift.length;
    return (value - scaling.shift[column]!) * scaling.scale[column]!;
  });
}

const views = [drawMatrix(rows, width), drawMatrix(rows, width)];
const judged = drawMatrix(rows, width);
const scaling = measureScaling(views);
const problem: LossProblems = {
  views,
  judged,
  scaling,
  labels: Int32Array.from({ length: rows }, () => generator.below(classes)),
  classes,
  weights: Float32Array.from({ length: rows * problems }, () => generator.next() / rows),
  problems,
};

function plainLogits(features: Float64Array, row: number, point: Float64Array): number[] {
  return Array.from({ length: classes }, (_, k) => {
    let logit = point[classes * width + k]!;
    for (let i = 0; i < width; i++) logit += point[k * width + i]! * features[row * width + i]!;
    return logit;
  });
}

/** The loss of one problem in plain float64, over all views. */
function plainLoss(index: number, point: Float64Array): number {
  let sum = 0;
  for (const view of views.map(standardizePlainly))
    for (let row = 0; row < rows; row++) {
      const logits = plainLogits(view, row, point);
      const total = logits.reduce((partition, logit) => partition + Math.exp(logit), 0);
      sum += problem.weights[row * problems + index]! * (Math.log(total) - logits[problem.labels[row]!]!);
    }
  return sum;
}

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => engine.close());

describe("the loss graph", () => {
  const points = [normals(classes * (width + 1)), normals(classes * (width + 1))];

  const ways = [true, false].flatMap((constant) => [rows, 7].map((blockRows) => ({ constant, blockRows, threads: 1 })));

  it.each(ways)("agrees with plain sums and differences: $blockRows rows, constant: $constant", async (way) => {
    const loss = await openLoss(engine, problem, way);
    const values = await loss.evaluate([0, 1], points);
    for (const [index, { loss: value, gradient }] of values.entries()) {
      const point = points[index]!;
      expect(value).toBeCloseTo(plainLoss(index, point), 5);
      for (let i = 0; i < point.length; i++) {
        const difference =
          plainLoss(index, point.with(i, point[i]! + 1e-5)) - plainLoss(index, point.with(i, point[i]! - 1e-5));
        expect(gradient[i]).toBeCloseTo(difference / 2e-5, 5);
      }
    }
  });

  it.each(ways)("gives logits of what is judged: $blockRows rows, constant: $constant", async (way) => {
    for (const single of [false, true]) {
      const only = single ? { ...problem, views: [judged] } : problem;
      const loss = await openLoss(engine, only, way);
      const logits = await loss.logits(points);
      expect(await loss.logits(points)).toEqual(logits);
      expect(logits.length).toBe(rows * 2 * classes);
      const plain = standardizePlainly(judged);
      for (const [at, value] of logits.entries()) {
        const [row, column] = [Math.floor(at / (2 * classes)), at % (2 * classes)];
        const expected = plainLogits(plain, row, points[Math.floor(column / classes)]!)[column % classes];
        expect(value).toBeCloseTo(expected!, 4);
      }
    }
  });

  it.each(ways)("repeats bit for bit: $blockRows rows, constant: $constant", async (way) => {
    const loss = await openLoss(engine, problem, way);
    expect(await loss.evaluate([0, 1], points)).toEqual(await loss.evaluate([0, 1], points));
  });

  it("evaluates any choice of problems", async () => {
    const loss = await openLoss(engine, problem, { threads: 1 });
    const [only] = await loss.evaluate([1], [points[1]!]);
    expect(only?.loss).toBeCloseTo(plainLoss(1, points[1]!), 5);
  });
});

describe("the preconditioner", () => {
  /** Ten strong directions in forty dimensions. */
  const [samples, dimensions, strong] = [600, 40, 10];
  const axes = Array.from({ length: strong }, () => normals(dimensions));
  const values = new Float64Array(samples * dimensions);
  for (let row = 0; row < samples; row++) {
    const along = normals(strong);
    for (let i = 0; i < dimensions; i++)
      values[row * dimensions + i] =
        0.1 * generator.normal() + axes.reduce((sum, axis, j) => sum + along[j]! * axis[i]!, 0);
  }

  const spread: HalfMatrix = { rows: samples, width: dimensions, data: encodeFloat16Array(values) };

  it("finds the directions of largest variance, over all views", async () => {
    const halves = [0, 1].map((half) => {
      const length = (samples * dimensions) / 2;
      const data = spread.data.subarray(half * length, (half + 1) * length);
      return { rows: samples / 2, width: dimensions, data };
    });
    const found = await findDirections(engine, halves, unitScaling(dimensions), 1, 1);
    expect(found).toEqual(await findDirections(engine, [spread], unitScaling(dimensions), 1, 1));
    const first = found.vectors.subarray(0, dimensions);
    expect(first.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 6);
    const total = values.reduce((sum, v) => sum + v * v, 0) / samples;
    const strongest = found.variances.subarray(0, strong).reduce((a, b) => a + b, 0);
    expect(strongest / total).toBeGreaterThan(0.98);
  });

  it("copes with fewer dimensions than directions", async () => {
    const narrow = await findDirections(engine, views, scaling, 1, 1);
    expect(narrow.vectors.every(Number.isFinite)).toBe(true);
    const single = await findDirections(
      engine,
      [{ rows: 5, width: 1, data: new Uint16Array(5) }],
      unitScaling(1),
      1,
      1,
    );
    expect(single.vectors.every(Number.isFinite)).toBe(true);
  });

  it("is symmetric, positive, and agrees with its own norm", async () => {
    const directions = await findDirections(engine, [spread], unitScaling(dimensions), 1, 1);
    const preconditioner = makePreconditioner(directions, classes, 0.1);
    const [a, b] = [normals(classes * (dimensions + 1)), normals(classes * (dimensions + 1))];
    const [mappedA, mappedB] = [Float64Array.from(a), Float64Array.from(b)];
    preconditioner.apply(mappedA);
    preconditioner.apply(mappedB);
    const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    expect(dot(a, mappedB) / dot(b, mappedA)).toBeCloseTo(1, 8);
    expect(preconditioner.norm(a) / dot(a, mappedA)).toBeCloseTo(1, 8);
    expect(preconditioner.norm(a)).toBeGreaterThan(0);
  });
});

describe("scalings", () => {
  it("standardizes, and a fold by its own training rows only", () => {
    const assigned = Int32Array.from({ length: rows }, (_, row) => row % 3);
    const standardized = views.map(standardizePlainly);
    for (const [fold, { shift, scale }] of measureFoldScalings(views, scaling, assigned, 3).entries())
      for (let i = 0; i < width; i++) {
        const own = Array.from(assigned.keys()).filter((row) => assigned[row] !== fold);
        const values = standardized.flatMap((view) =>
          own.map((row) => (view[row * width + i]! - shift[i]!) * scale[i]!),
        );
        expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0, 10);
        expect(values.reduce((sum, v) => sum + v * v, 0) / values.length).toBeCloseTo(1, 10);
      }
    const all = standardized.flatMap((view) => [...view]).filter((_, at) => at % width === 2);
    expect(all.reduce((a, b) => a + b, 0) / all.length).toBeCloseTo(0, 5);
    expect(all.reduce((sum, v) => sum + v * v, 0) / all.length).toBeCloseTo(1, 5);
  });

  it("carries parameters and gradients over consistently", () => {
    const own = { shift: normals(width), scale: normals(width).map(Math.abs) };
    const [parameters, gradient] = [normals(classes * (width + 1)), normals(classes * (width + 1))];
    const unscaled = unscale(parameters, own, classes);
    const before = unscaled.reduce((sum, value, i) => sum + value * gradient[i]!, 0);
    scaleGradient(gradient, own, classes);
    expect(parameters.reduce((sum, value, i) => sum + value * gradient[i]!, 0)).toBeCloseTo(before, 9); // ⟨Aw, g⟩ = ⟨w, Aᵀg⟩
  });
});
