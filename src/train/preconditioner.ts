/**
 * A first guess of the inverse Hessian. That of the logistic loss is about c·XᵀX/n + λ with c = (k − 1)/k², the variance of an
 * undecided prediction among k classes; the few directions in which the features vary most make nearly all of its spread
 * (features of a network correlate strongly). Knowing those saves about half of the iterations.
 */
import { random } from "../core/index.js";
import { type Engine, float32, floats, GraphBuilder, type Session } from "../onnx/index.js";

/** Orthonormal directions in feature space and the variance of the features along each. */
export interface Directions {
  /** [count, width] */
  readonly vectors: Float64Array;
  /** [count], from large to small. */
  readonly variances: Float64Array;
  /** Mean variance along everything orthogonal to them. */
  readonly restVariance: number;
  readonly width: number;
}

/** More directions cost more per iteration than they save. */
const directionCount = 16;

/** Rows that the directions are measured on: a guess need not be exact. */
const sampledRows = 4096;

const powerIterations = 4;

/** The leading principal directions of standardized features [rows, width], by orthogonal iteration on a sample of the rows. */
export async function findDirections(
  engine: Engine,
  features: Float32Array,
  width: number,
  seed: number,
  threads: number,
): Promise<Directions> {
  const sample = sampleRows(features, width);
  const rows = sample.length / width;
  const count = Math.min(directionCount, width, rows);
  const generator = random(seed, "directions");
  const vectors = Float64Array.from({ length: count * width }, () => generator.normal());
  orthonormalize(vectors, width);
  const variances = new Float64Array(count);
  const session = await engine.open(powerGraph(width), { threads });
  for (let i = 0; i < powerIterations; i++) {
    const product = await multiply(session, sample, vectors, width);
    for (let j = 0; j < count; j++) variances[j] = dotRows(product, j, vectors, j, width) / rows;
    vectors.set(product);
    orthonormalize(vectors, width);
  }
  await session.release();
  const total = sample.reduce((sum, value) => sum + value * value, 0) / rows;
  const rest = (total - variances.reduce((a, b) => a + b, 0)) / Math.max(1, width - count);
  return { vectors, variances, restVariance: Math.max(rest, 1e-6), width };
}

/**
 * Makes the function that multiplies parameters, `classes` rows of weights [width] and then `classes` biases, in place by
 * (c·S + λ)⁻¹, where S is the variance that the directions tell of.
 */
export function makePreconditioner(
  { vectors, variances, restVariance, width }: Directions,
  classes: number,
  strength: number,
): (parameters: Float64Array) => void {
  const variance = (classes - 1) / classes ** 2;
  const rest = 1 / (variance * restVariance + strength);
  const gains = variances.map((along) => 1 / (variance * along + strength) - rest);
  return (parameters) => {
    for (let k = 0; k < classes; k++) {
      const weights = parameters.subarray(k * width, (k + 1) * width);
      const components = gains.map((gain, j) => gain * project(vectors, j * width, weights));
      for (let i = 0; i < width; i++) weights[i]! *= rest;
      for (const [j, component] of components.entries()) addRow(weights, component, vectors, j * width);
    }
    for (let i = classes * width; i < parameters.length; i++) parameters[i]! /= variance;
  };
}

function sampleRows(features: Float32Array, width: number): Float32Array {
  const rows = features.length / width;
  if (rows <= sampledRows) return features;
  const out = new Float32Array(sampledRows * width);
  for (let i = 0; i < sampledRows; i++) {
    const row = Math.floor((i * rows) / sampledRows);
    out.set(features.subarray(row * width, (row + 1) * width), i * width);
  }
  return out;
}

/** product = (vectors·Xᵀ)·X */
function powerGraph(width: number): Uint8Array {
  const graph = new GraphBuilder();
  graph.input({ name: "features", type: "float32", dims: ["rows", width] });
  graph.input({ name: "vectors", type: "float32", dims: ["count", width] });
  const projections = graph.node("Gemm", ["features", "vectors"], { transB: 1n });
  graph.node("Gemm", [projections, "features"], { transA: 1n }, "product");
  graph.output({ name: "product", type: "float32", dims: ["count", width] });
  return graph.serialize();
}

async function multiply(
  session: Session,
  sample: Float32Array,
  vectors: Float64Array,
  width: number,
): Promise<Float64Array> {
  const feeds = {
    features: float32([sample.length / width, width], sample),
    vectors: float32([vectors.length / width, width], Float32Array.from(vectors)),
  };
  return Float64Array.from(floats((await session.run(feeds)).product));
}

/** Gram and Schmidt, twice for each row, since once loses digits. A row that vanishes becomes zero. */
function orthonormalize(vectors: Float64Array, width: number): void {
  for (let j = 0; j * width < vectors.length; j++) {
    const row = vectors.subarray(j * width, (j + 1) * width);
    const before = Math.sqrt(project(vectors, j * width, row));
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i < j; i++) addRow(row, -project(vectors, i * width, row), vectors, i * width);
    const norm = Math.sqrt(project(vectors, j * width, row));
    const scale = norm > 1e-9 * before ? 1 / norm : 0;
    for (let i = 0; i < width; i++) row[i]! *= scale;
  }
}

function dotRows(a: Float64Array, rowA: number, b: Float64Array, rowB: number, width: number): number {
  return project(b, rowB * width, a.subarray(rowA * width, (rowA + 1) * width));
}

/** Scalar product of a row that starts at `from` with `weights`. Four sums at once run twice as fast. */
function project(vectors: Float64Array, from: number, weights: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = weights.length - 3;
  let i = 0;
  for (; i < end; i += 4) {
    a += vectors[from + i]! * weights[i]!;
    b += vectors[from + i + 1]! * weights[i + 1]!;
    c += vectors[from + i + 2]! * weights[i + 2]!;
    d += vectors[from + i + 3]! * weights[i + 3]!;
  }
  for (; i < weights.length; i++) a += vectors[from + i]! * weights[i]!;
  return a + b + c + d;
}

function addRow(weights: Float64Array, factor: number, vectors: Float64Array, from: number): void {
  for (let i = 0; i < weights.length; i++) weights[i]! += factor * vectors[from + i]!;
}
