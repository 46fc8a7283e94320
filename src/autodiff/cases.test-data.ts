/** Single operators as graphs, from the cases of scripts/make-operator-gradients.py, and the formula of their numbers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Attributes,
  type Feeds,
  float32,
  GraphBuilder,
  makeModel,
  type ModelProto,
  type Tensor,
} from "../onnx/index.js";

interface InputSpec {
  readonly role: "input" | "weight" | "constant" | "none";
  readonly dims: readonly number[];
  readonly type?: "int64" | "bool";
  readonly values?: readonly number[];
  readonly seed?: number;
  readonly distinct?: boolean;
  readonly low?: number;
  readonly high?: number;
  readonly kinks?: readonly number[];
}

type AttributeSpec = number | string | readonly number[] | { readonly float: number };

interface CaseSpec {
  readonly op: string;
  readonly opset: number;
  readonly seed: number;
  readonly inputs: readonly InputSpec[];
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** Shapes; null for an output that is not used. */
  readonly outputs: readonly (readonly number[] | null)[];
  readonly loss: number;
}

export interface OperatorCase extends CaseSpec {
  readonly title: string;
  /** By name: x0, x1, … */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

const fixtures = join(import.meta.dirname, "fixtures");

export function readCases(): readonly OperatorCase[] {
  const bytes = readFileSync(join(fixtures, "operators.bin"));
  const numbers = new Float32Array(new Uint8Array(bytes).buffer);
  let at = 0;
  const lines = readFileSync(join(fixtures, "operators.jsonl"), "utf8").trim().split("\n");
  return lines.map((line, index) => {
    const spec = JSON.parse(line) as CaseSpec;
    const gradients = new Map<string, Float32Array>();
    spec.inputs.forEach((input, i) => {
      if (input.role !== "input" && input.role !== "weight") return;
      gradients.set(`x${i}`, numbers.slice(at, at + count(input.dims)));
      at += count(input.dims);
    });
    return { ...spec, title: `${index} ${spec.op} ${JSON.stringify(spec.attributes)}`, gradients };
  });
}

function count(dims: readonly number[]): number {
  return dims.reduce((total, size) => total * size, 1);
}

/** Numbers of a case by the formula of the script: xorshift32, 12 bits each. */
export function caseValues(spec: Omit<InputSpec, "role">): Float32Array {
  if (spec.values) return Float32Array.from(spec.values);
  const numbers = stream(spec.seed!, count(spec.dims));
  if (spec.distinct) return ranks(numbers).map((rank) => (rank - (numbers.length >> 1)) / 16);
  const { low = -1, high = 1, kinks = [] } = spec;
  const spread = numbers.map((number) => low + (high - low) * number);
  return Float32Array.from(
    kinks.reduce((all, kink) => all.map((x) => (Math.abs(x - kink) < 0.0625 ? x + 0.125 : x)), spread),
  );
}

function stream(seed: number, length: number): number[] {
  let state = (Math.imul(seed, 2654435761) + 1) >>> 0;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 20) / 4096;
  };
  for (let i = 0; i < 8; i++) next();
  return Array.from({ length }, next);
}

function ranks(numbers: readonly number[]): Float32Array {
  const order = numbers.map((_, i) => i).toSorted((a, b) => numbers[a]! - numbers[b]! || a - b);
  const result = new Float32Array(numbers.length);
  order.forEach((index, rank) => {
    result[index] = rank;
  });
  return result;
}

export interface CaseGraph {
  readonly model: ModelProto;
  readonly feeds: Feeds;
  readonly loss: string;
  readonly graph: GraphBuilder;
  /** The values y · c. */
  readonly products: readonly string[];
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Weights and inputs with gradients. */
  readonly sources: readonly string[];
}

/** Whether the batch can be free: an output that has it elsewhere than first would need an input that has it there. */
function canFree({ inputs, outputs }: OperatorCase): boolean {
  const batch = inputs.find(({ role }) => role === "input")?.dims[0];
  return batch !== undefined && outputs.every((dims) => !dims || dims[0] === batch || !dims.includes(batch));
}

/** The graph of loss = Σ y · c. With a free batch the pictures and c are inputs [n, …]. */
export function caseGraph(one: OperatorCase, freeBatch: boolean): CaseGraph {
  const graph = new GraphBuilder(makeModel(one.opset));
  const isFree = freeBatch && canFree(one);
  const batch = one.inputs.find(({ role }) => role === "input")?.dims[0];
  const feeds: Record<string, Tensor> = {};
  const weights = new Map<string, Float32Array>();
  const feed = (name: string, dims: readonly number[], data: Float32Array): string => {
    feeds[name] = float32(dims, data);
    return graph.input({ name, type: "float32", dims: isFree ? ["n", ...dims.slice(1)] : dims });
  };
  const inputs = one.inputs.map((spec, i) => {
    if (spec.role === "none") return "";
    if (spec.type) return graph.constant(wholeTensor(spec), `x${i}`);
    const data = caseValues(spec);
    if (spec.role === "weight") weights.set(`x${i}`, data);
    return spec.role === "input" ? feed(`x${i}`, spec.dims, data) : graph.floats(data, spec.dims, `x${i}`);
  });
  const outputs = one.outputs.map((_, i) => `y${i}`);
  graph.operator(one.op, inputs, outputs, attributesOf(one.attributes));
  const products = one.outputs.flatMap((dims, k) => {
    if (dims === null) return [];
    const data = caseValues({ dims, seed: one.seed + 10 + k });
    const c = isFree && dims[0] === batch ? feed(`c${k}`, dims, data) : graph.floats(data, dims);
    return [graph.node("Mul", [`y${k}`, c], {}, `product${k}`)];
  });
  const sums = products.map((product) => graph.node("ReduceSum", [product], { keepdims: 0n }));
  const loss = graph.node("Sum", sums, {}, "loss");
  return { model: graph.model, graph, feeds, loss, products, weights, sources: [...one.gradients.keys()] };
}

function wholeTensor({ type, dims, values }: InputSpec): Tensor {
  if (type === "bool") return { type, dims, data: Uint8Array.from(values!) };
  return { type: "int64", dims, data: BigInt64Array.from(values!, BigInt) };
}

function attributesOf(specs: Readonly<Record<string, AttributeSpec>>): Attributes {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      if (typeof spec === "number") return [name, BigInt(spec)];
      if (typeof spec === "string") return [name, spec];
      return "float" in spec ? [name, spec.float] : [name, spec.map(BigInt)];
    }),
  );
}
