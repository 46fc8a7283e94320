import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import { Engine } from "../onnx/index.js";
import { type LossProblems, openLoss } from "./loss-graph.js";
import { findDirections, makePreconditioner } from "./preconditioner.js";
import { measureFoldScalings, measureScaling, scaleGradient, standardize, unscale } from "./standardize.js";

const generator = random(1, "loss test");
const [rows, width, classes, problems] = [23, 6, 3, 2];

function normals(count: number): Float64Array {
  return Float64Array.from({ length: count }, () => generator.normal());
}

const problem: LossProblems = {
  features: Float32Array.from(normals(rows * width)),
  width,
  labels: Int32Array.from({ length: rows }, () => generator.below(classes)),
  classes,
  weights: Float32Array.from({ length: rows * problems }, () => generator.next() / rows),
  problems,
};

/** The loss of one problem in plain float64. */
function plainLoss(index: number, point: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const logits = Array.from({ length: classes }, (_, k) => {
      let logit = point[classes * width + k]!;
      for (let i = 0; i < width; i++) logit += point[k * width + i]! * problem.features[row * width + i]!;
      return logit;
    });
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

  it.each([{ blockRows: rows }, { blockRows: 7 }])(
    "agrees with plain sums and differences in blocks of $blockRows",
    async ({ blockRows }) => {
      const loss = await openLoss(engine, problem, 1, blockRows);
      const values = await loss.evaluate([0, 1], points);
      for (const [index, { loss: value, gradient }] of values.entries()) {
        const point = points[index]!;
        expect(value).toBeCloseTo(plainLoss(index, point), 6);
        for (let i = 0; i < point.length; i++) {
          const difference =
            plainLoss(index, point.with(i, point[i]! + 1e-5)) - plainLoss(index, point.with(i, point[i]! - 1e-5));
          expect(gradient[i]).toBeCloseTo(difference / 2e-5, 5);
        }
      }
    },
  );

  it("evaluates any choice of problems", async () => {
    const loss = await openLoss(engine, problem, 1);
    const [only] = await loss.evaluate([1], [points[1]!]);
    expect(only?.loss).toBeCloseTo(plainLoss(1, points[1]!), 6);
  });

  it("gives the logits of every point, block by block the same", async () => {
    const [whole, parts] = [await openLoss(engine, problem, 1), await openLoss(engine, problem, 1, 10)];
    const logits = await whole.logits(points);
    expect(logits.length).toBe(rows * 2 * classes);
    for (const [at, value] of (await parts.logits(points)).entries()) expect(value).toBeCloseTo(logits[at]!, 5);
  });
});

describe("the preconditioner", () => {
  /** Ten strong directions in forty dimensions. */
  const [samples, dimensions, strong] = [600, 40, 10];
  const axes = Array.from({ length: strong }, () => normals(dimensions));
  const spread = Float32Array.from({ length: samples * dimensions });
  for (let row = 0; row < samples; row++) {
    const along = normals(strong);
    for (let i = 0; i < dimensions; i++)
      spread[row * dimensions + i] =
        0.1 * generator.normal() + axes.reduce((sum, axis, j) => sum + along[j]! * axis[i]!, 0);
  }

  it("finds the directions of largest variance", async () => {
    const found = await findDirections(engine, spread, dimensions, 1, 1);
    const first = found.vectors.subarray(0, dimensions);
    expect(first.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 6);
    const total = spread.reduce((sum, v) => sum + v * v, 0) / samples;
    const strongest = found.variances.subarray(0, strong).reduce((a, b) => a + b, 0);
    expect(strongest / total).toBeGreaterThan(0.98);
  });

  it("copes with fewer dimensions than directions", async () => {
    const narrow = await findDirections(engine, problem.features, width, 1, 1);
    expect(narrow.vectors.every(Number.isFinite)).toBe(true);
    const single = await findDirections(engine, new Float32Array(5), 1, 1, 1);
    expect(single.vectors.every(Number.isFinite)).toBe(true);
  });

  it("is symmetric, positive, and agrees with its own norm", async () => {
    const directions = await findDirections(engine, spread, dimensions, 1, 1);
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
  const data = Float32Array.from(normals(rows * width), (value, at) => value * (1 + (at % width)) + 10 * (at % width));
  const features = { rows, width, data };

  it("standardizes, and a fold by its own training rows only", () => {
    const standardized = standardize(features, measureScaling(features));
    const assigned = Int32Array.from({ length: rows }, (_, row) => row % 3);
    for (const [fold, { shift, scale }] of measureFoldScalings(standardized, assigned, 3).entries())
      for (let i = 0; i < width; i++) {
        const own = Array.from(assigned.keys()).filter((row) => assigned[row] !== fold);
        const values = own.map((row) => (standardized[row * width + i]! - shift[i]!) * scale[i]!);
        expect(values.reduce((a, b) => a + b, 0) / own.length).toBeCloseTo(0, 10);
        expect(values.reduce((sum, v) => sum + v * v, 0) / own.length).toBeCloseTo(1, 10);
      }
  });

  it("carries parameters and gradients over consistently", () => {
    const scaling = { shift: normals(width), scale: normals(width).map(Math.abs) };
    const [parameters, gradient] = [normals(classes * (width + 1)), normals(classes * (width + 1))];
    const unscaled = unscale(parameters, scaling, classes);
    const before = unscaled.reduce((sum, value, i) => sum + value * gradient[i]!, 0);
    scaleGradient(gradient, scaling, classes);
    expect(parameters.reduce((sum, value, i) => sum + value * gradient[i]!, 0)).toBeCloseTo(before, 9); // ⟨Aw, g⟩ = ⟨w, Aᵀg⟩
  });
});
