/** A graph is asked what it does by running it: real shapes and values instead of a model of every operator. */
import { availableParallelism } from "node:os";
import { describeError, Fault } from "../core/index.js";
import {
  float32,
  GraphBuilder,
  type ModelProto,
  openSession,
  parseModel,
  serializeModel,
  type Tensor,
} from "../onnx/index.js";
import type { BackboneRow } from "./zoo.js";

/** Operators whose outputs are no tensors, so that they have no shape. */
const shapeless = /^(Sequence|Optional|SplitToSequence|ConcatFromSequence$|If$|Loop$|ZipMap$)/;

/** The dimensions of every value, by name. Throws what `withSession` throws. */
export async function probeShapes(
  model: ModelProto,
  input: string,
  images: Tensor,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const copy = parseModel(serializeModel(model), "the backbone");
  const builder = new GraphBuilder(copy);
  const values = copy.graph!.node.filter(({ opType }) => !shapeless.test(opType)).flatMap(({ output }) => output);
  copy.graph!.output = [];
  const asked = [input, ...values.filter((name) => name !== "")].map((name) => {
    const shape = builder.node("Shape", [name]);
    builder.output({ name: shape, type: "int64", dims: ["rank"] });
    return [name, shape] as const;
  });
  const answers = await withSession(copy, (run) => run({ [input]: images }));
  return new Map(asked.map(([name, shape]) => [name, Array.from(answers[shape]!.data as BigInt64Array, Number)]));
}

type Answers = Readonly<Record<string, Tensor>>;

/**
 * Opens a session for the length of `work`. Throws `model-invalid` where ONNX Runtime lacks an operator or refuses the graph or what
 * it is fed.
 */
export async function withSession<T>(
  model: ModelProto,
  work: (run: (feeds: Readonly<Record<string, Tensor>>) => Promise<Answers>) => Promise<T>,
): Promise<T> {
  const explained = <V>(promise: Promise<V>): Promise<V> =>
    promise.catch((error: unknown) => {
      throw explainRefusal(error, model);
    });
  const session = await explained(openSession(serializeModel(model), { threads: availableParallelism() }));
  try {
    return await work((feeds) => explained(session.run(feeds)));
  } finally {
    await session.close();
  }
}

/** How ONNX Runtime 1.30 names an operator that it does not have; the operator is in the first group. */
const missingOperator: readonly RegExp[] = [
  /(\S+?)\(-?\d+\) is not a registered function\/op/,
  /Could not find an implementation for (\S+?\(\d+\))/,
  /No Op registered for (\S+) with domain_version of \d+/,
];

/** It names only the domain where the file does not say which version of it is meant. */
const missingDomain = /No opset import for domain '([^']+)'/;

/** A refusal of a session as the fault for people. */
export function explainRefusal(error: unknown, model: ModelProto): unknown {
  if (!(error instanceof Fault) || error.code !== "engine-failed") return error;
  const text = describeError(error);
  const domain = missingDomain.exec(text)?.[1];
  const foreign = domain && model.graph!.node.find((node) => node.domain === domain);
  const operator = foreign
    ? `${foreign.domain}:${foreign.opType}`
    : missingOperator.map((pattern) => pattern.exec(text)?.[1]).find((name) => name !== undefined);
  if (operator !== undefined)
    return new Fault("model-invalid", {
      what: `the backbone needs the operator ${operator.replace(/^:/, "")}, which ONNX Runtime does not have`,
      expected: "operators of the standard ONNX operator sets",
      remedy: "export the network with standard operators only",
      cause: error,
    });
  return new Fault("model-invalid", { what: "ONNX Runtime refuses the backbone", got: error.what, cause: error });
}

/** Deterministic pictures for probing: normalized pixels [count, 3, side, side] of waves with some grain, no two alike. */
export function probeImages(
  count: number,
  side: number,
  { mean, deviation }: Pick<BackboneRow, "mean" | "deviation">,
): Tensor {
  const area = side * side;
  const data = new Float32Array(count * 3 * area);
  for (let i = 0; i < data.length; i++) {
    const [image, channel] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3];
    const [y, x] = [Math.floor((i % area) / side) / side, (i % side) / side];
    const wave = Math.sin(6 * x * (image + 1) + channel) + Math.cos(9 * y + 2 * image * x - channel);
    const grain = ((i * 7919) % 4093) / 4093 - 0.5;
    data[i] = (Math.round(127.5 + 50 * wave + 24 * grain) - mean[channel]!) / deviation[channel]!;
  }
  return float32([count, 3, side, side], data);
}

/** The largest difference between two arrays, over the largest magnitude of the first; the shorter one counts. */
export function relativeDifference(first: Float32Array, second: Float32Array): number {
  let [difference, magnitude] = [0, 1e-12];
  for (let i = 0; i < Math.min(first.length, second.length); i++) {
    difference = Math.max(difference, Math.abs(first[i]! - second[i]!));
    magnitude = Math.max(magnitude, Math.abs(first[i]!));
  }
  return difference / magnitude;
}
