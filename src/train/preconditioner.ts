/**
 * A first guess of the inverse Hessian. That of the logistic loss is about c·XᵀX/n + λ with c = (k − 1)/k², the variance of an
 * undecided prediction among k classes; the few directions in which the features vary most make nearly all of its spread
 * (features of a network correlate strongly). Knowing those saves about half of the iterations.
 */
import { decodeFloat16, type HalfMatrix, random } from "../core/index.js";
import { type Engine, float32, floats, GraphBuilder, type Session } from "../onnx/index.js";
import type { Preconditioner } from "./lbfgs.js";
import type { Scaling } from "./standardize.js";

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

/** More directions cost more per iteration than they save. A multiple of four. */
const directionCount = 32;

/** Rows that the directions are measured on: a guess need not be exact. */
const sampledRows = 2048;

const powerIterations = 4;

/** The leading principal directions of standardized features, by orthogonal iteration on a sample of the rows of all views. */
export async function findDirections(
  engine: Engine,
  views: readonly HalfMatrix[],
  scaling: Scaling,
  seed: number,
  threads: number,
): Promise<Directions> {
  const width = scaling.shift.length;
  const sample = sampleRows(views, scaling);
  const rows = sample.length / width;
  const count = directionCount; // where the features have fewer dimensions, the surplus vectors become zero
  const generator = random(seed, "directions");
  const vectors = Float64Array.from({ length: count * width }, () => generator.normal());
  orthonormalize(vectors, width);
  const variances = new Float64Array(count);
  const session = await engine.open(powerGraph(width), { threads });
  for (let i = 0; i < powerIterations; i++) {
    const product = await multiply(session, sample, vectors, width);
    for (let j = 0; j < count; j++) {
      const row = [j * width, (j + 1) * width] as const;
      variances[j] = dot(product.subarray(...row), vectors.subarray(...row)) / rows;
    }
    vectors.set(product);
    orthonormalize(vectors, width);
  }
  await session.release();
  const total = sample.reduce((sum, value) => sum + value * value, 0) / rows;
  const rest = (total - variances.reduce((a, b) => a + b, 0)) / Math.max(1, width - count);
  return { vectors, variances, restVariance: Math.max(rest, 1e-6), width };
}

/**
 * The preconditioner (c·S + λ)⁻¹ of parameters, `classes` rows of weights [width] and then `classes` biases, where S is the
 * variance that the directions tell of.
 */
export function makePreconditioner(directions: Directions, classes: number, strength: number): Preconditioner {
  const { vectors, variances, restVariance, width } = directions;
  const variance = (classes - 1) / classes ** 2;
  const rest = 1 / (variance * restVariance + strength);
  const gains = variances.map((along) => 1 / (variance * along + strength) - rest);
  const components = new Float64Array(gains.length);
  return {
    apply: (parameters) => {
      for (let k = 0; k < classes; k++) {
        const weights = parameters.subarray(k * width, (k + 1) * width);
        project(vectors, weights, components);
        for (let j = 0; j < gains.length; j++) components[j]! *= gains[j]!;
        for (let i = 0; i < width; i++) weights[i]! *= rest;
        combine(vectors, components, weights);
      }
      for (let i = classes * width; i < parameters.length; i++) parameters[i]! /= variance;
    },
    norm: (parameters) => {
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        const weights = parameters.subarray(k * width, (k + 1) * width);
        project(vectors, weights, components);
        for (let i = 0; i < width; i++) sum += rest * weights[i]! ** 2;
        for (let j = 0; j < gains.length; j++) sum += gains[j]! * components[j]! ** 2;
      }
      for (let i = classes * width; i < parameters.length; i++) sum += parameters[i]! ** 2 / variance;
      return sum;
    },
  };
}

/** Rows spread evenly over all views, standardized. */
function sampleRows(views: readonly HalfMatrix[], { shift, scale }: Scaling): Float32Array {
  const width = shift.length;
  const images = views[0]!.rows;
  const all = images * views.length;
  const count = Math.min(all, sampledRows);
  const out = new Float32Array(count * width);
  for (let i = 0, at = 0; i < count; i++) {
    const row = Math.floor((i * all) / count);
    const { data } = views[Math.floor(row / images)]!;
    const from = (row % images) * width;
    for (let j = 0; j < width; j++, at++) out[at] = (decodeFloat16(data[from + j]!) - shift[j]!) * scale[j]!;
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
    const before = dot(row, row);
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i < j; i++) {
        const other = vectors.subarray(i * width, (i + 1) * width);
        const along = dot(other, row);
        for (let c = 0; c < width; c++) row[c]! -= along * other[c]!;
      }
    const after = dot(row, row);
    const scale = after > 1e-18 * before ? 1 / Math.sqrt(after) : 0;
    for (let c = 0; c < width; c++) row[c]! *= scale;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** components = vectors·weights, four rows at a time: each number of `weights` is then read once for four products. */
function project(vectors: Float64Array, weights: Float64Array, components: Float64Array): void {
  const width = weights.length;
  for (let j = 0; j < components.length; j += 4) {
    const from = j * width;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < width; i++) {
      const weight = weights[i]!;
      const at = from + i;
      a += weight * vectors[at]!;
      b += weight * vectors[at + width]!;
      c += weight * vectors[at + 2 * width]!;
      d += weight * vectors[at + 3 * width]!;
    }
    components.set([a, b, c, d], j);
  }
}

/** weights += vectorsᵀ·components, four rows at a time. */
function combine(vectors: Float64Array, components: Float64Array, weights: Float64Array): void {
  const width = weights.length;
  for (let j = 0; j < components.length; j += 4) {
    const from = j * width;
    const [a, b, c, d] = [components[j]!, components[j + 1]!, components[j + 2]!, components[j + 3]!];
    for (let i = 0; i < width; i++) {
      const at = from + i;
      weights[i]! +=
        a * vectors[at]! + b * vectors[at + width]! + c * vectors[at + 2 * width]! + d * vectors[at + 3 * width]!;
    }
  }
}
