/** Where in a foreign graph the pooled features are: back from its outputs, past a classifier, to the last pooling. */
import { Fault, listNames } from "../core/index.js";
import type { NodeProto } from "../onnx/index.js";
import { constantInts, type Wiring } from "./wiring.js";

/** How a value becomes features [n, width]. */
export type Shaping = "as-is" | "flatten" | "pool" | "pool-last" | "first-token" | "mean-token";

/** How the tokens of a transformer become one vector: the first one, or their mean. */
export type TokenChoice = "first" | "mean";

export interface FeatureChoice {
  /** The value in the graph from which features are taken. */
  readonly value: string;
  readonly shaping: Shaping;
  /** The feature map whose global average the features are, and whether its channels come last; null where they are none. */
  readonly map: { readonly value: string; readonly last: boolean } | null;
  /** The classifier's scores before a softmax; null without a classifier. */
  readonly logits: string | null;
  readonly width: number;
}

export interface FeatureOptions {
  /** Name of a value to take, instead of looking. */
  readonly features?: string;
  readonly tokens?: TokenChoice;
}

/** Narrower values are scores, boxes or labels, not features. */
const leastWidth = 8;

/** Outputs of these names are features already, though a linear layer made them. */
const featureName = /feat|embed|pool|hidden_state|penultimate/i;

/** Operators that only reorder or convert the numbers of a vector. */
const passing = new Set([
  "Cast",
  "DequantizeLinear",
  "Dropout",
  "Flatten",
  "Identity",
  "QuantizeLinear",
  "Reshape",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/** What turns a classifier's scores into its answer. */
const deciding = new Set(["ArgMax", "LogSoftmax", "Sigmoid", "Softmax", "TopK"]);

/**
 * Finds the features of a network. Throws `model-invalid` where no output leads to any, or the named value cannot be pooled;
 * then names the values that could.
 */
export function findFeatures(wiring: Wiring, options: FeatureOptions): FeatureChoice {
  const outputs = wiring.model.graph!.output.map(({ name }) => name);
  const ordered = options.features
    ? [options.features]
    : [...outputs.filter((name) => featureName.test(name)), ...outputs.filter((name) => !featureName.test(name))];
  const choices = ordered
    .filter((name) => wiring.fromImage.has(name))
    .map((name) => choose(wiring, name, options))
    .filter((choice) => choice !== null && choice.width >= leastWidth)
    .map((choice) => choice!);
  const best = choices.find(({ shaping }) => shaping === "as-is" || shaping === "flatten") ?? choices[0];
  if (!best) throw notPoolable(wiring, outputs, options.features);
  return { ...best, logits: best.logits ?? classifierOf(wiring, outputs, best.value) };
}

function choose(wiring: Wiring, output: string, options: FeatureOptions): FeatureChoice | null {
  const fixed = options.features !== undefined || featureName.test(output);
  const { value, logits } = fixed ? { value: output, logits: null } : stripClassifier(wiring, output);
  const shape = wiring.shapes.get(value) ?? [];
  if (shape[0] !== wiring.batch) return null;
  const width = vectorWidth(shape);
  if (width !== null) {
    const shaping = shape.length === 2 ? "as-is" : "flatten";
    return { value, shaping, map: pooledMap(wiring, value), logits, width };
  }
  if (shape.length === 4) return poolMap(wiring, value, shape);
  if (shape.length === 3) return poolTokens(value, shape, options.tokens);
  return null;
}

/** Back past softmax and reshapes to the last linear layer, and to what goes into it. */
function stripClassifier(wiring: Wiring, output: string): { value: string; logits: string | null } {
  const value = skip(wiring, output, (node) => deciding.has(node.opType));
  const source = linearSource(wiring, value);
  if (source === null) return { value, logits: null };
  return { value: source, logits: value };
}

/** The scores among the outputs that a linear layer makes of the features, for features that are an output themselves. */
function classifierOf(wiring: Wiring, outputs: readonly string[], features: string): string | null {
  const root = (value: string): string => skip(wiring, value, () => false);
  const found = outputs
    .map((output) => stripClassifier(wiring, output))
    .find(({ value, logits }) => logits !== null && root(value) === root(features));
  return found?.logits ?? null;
}

/** Goes back over operators that only pass a vector on, and over those of `also`. */
function skip(wiring: Wiring, from: string, also: (node: NodeProto) => boolean): string {
  let value = from;
  for (;;) {
    const node = wiring.producers.get(value);
    if (!node || !wiring.fromImage.has(node.input[0] ?? "")) return value;
    const through = passing.has(node.opType) && isVector(wiring, node.input[0]!);
    if (!through && !also(node)) return value;
    value = node.input[0]!;
  }
}

/** Operators that leave scores scores: shifted and scaled by constants, or two classifiers' added. */
const adjusting = new Set(["Add", "Div", "Mul", "Sub"]);

/** What a classifier is applied to, when `value` is the result of one: Gemm, MatMul or 1×1 Conv on a vector, adjusted or not; else null. */
function linearSource(wiring: Wiring, value: string): string | null {
  const node = wiring.producers.get(value);
  if (!node || !isVector(wiring, value)) return null;
  const moving = node.input.filter((name) => wiring.fromImage.has(name));
  if (adjusting.has(node.opType)) {
    const sources = new Set(
      moving.map((name) =>
        linearSource(
          wiring,
          skip(wiring, name, () => false),
        ),
      ),
    );
    return sources.size === 1 ? [...sources][0]! : null;
  }
  const linear = node.opType === "Gemm" || node.opType === "MatMul" || node.opType === "Conv";
  const [source] = moving;
  return linear && moving.length === 1 && isVector(wiring, source!) ? source! : null;
}

/** The width of a value that holds one vector for each image, [n, width] with any ones between; null for others. */
export function vectorWidth(shape: readonly number[]): number | null {
  const wide = shape.slice(1).filter((size) => size !== 1);
  return shape.length >= 2 && wide.length === 1 ? wide[0]! : null;
}

function isVector(wiring: Wiring, value: string): boolean {
  const shape = wiring.shapes.get(value) ?? [];
  return shape[0] === wiring.batch && (vectorWidth(shape) !== null || shape.length === 2);
}

/** The map whose average over height and width `value` is, or null. */
function pooledMap(wiring: Wiring, value: string): FeatureChoice["map"] {
  const node = wiring.producers.get(skip(wiring, value, () => false));
  const source = node?.input[0];
  const shape = wiring.shapes.get(source ?? "") ?? [];
  if (!node || source === undefined || shape.length !== 4) return null;
  const last = averagedLast(wiring, node, shape);
  return last === null ? null : { value: source, last };
}

/** Whether a node averages its map [n, c, h, w] (false) or [n, h, w, c] (true) over height and width; null when it does neither. */
function averagedLast(wiring: Wiring, node: NodeProto, shape: readonly number[]): boolean | null {
  if (node.opType === "GlobalAveragePool") return false;
  if (node.opType === "AveragePool") {
    const kernel = constantInts(wiring.model, node, "kernel_shape", -1) ?? [];
    const pads = constantInts(wiring.model, node, "pads", -1) ?? [];
    return kernel[0] === shape[2] && kernel[1] === shape[3] && pads.every((pad) => pad === 0) ? false : null;
  }
  if (node.opType !== "ReduceMean") return null;
  const axes = (constantInts(wiring.model, node, "axes", 1) ?? []).map((axis) => (axis + 4) % 4);
  const pair = axes.toSorted((a, b) => a - b).join();
  if (pair === "2,3") return false;
  return pair === "1,2" ? true : null;
}

/** A map without pooling behind it; its layout is that whose two equal sides are height and width. */
function poolMap(wiring: Wiring, value: string, shape: readonly number[]): FeatureChoice | null {
  const node = wiring.producers.get(value);
  const turned = node?.opType === "Transpose" && constantInts(wiring.model, node, "perm", -1)?.join() === "0,2,3,1";
  if (turned) return pooled(node.input[0]!, shape[3]!, false);
  const last = shape[1] === shape[2] && shape[2] !== shape[3];
  return pooled(value, shape[last ? 3 : 1]!, last);
}

function pooled(value: string, width: number, last: boolean): FeatureChoice {
  return { value, shaping: last ? "pool-last" : "pool", map: { value, last }, logits: null, width };
}

/** Tokens [n, t, width]: where t is a square they are patches and nothing else, and averaged; else the first is the class token. */
function poolTokens(value: string, [, tokens, width]: readonly number[], given?: TokenChoice): FeatureChoice {
  const choice = given ?? (Number.isInteger(Math.sqrt(tokens!)) ? "mean" : "first");
  return { value, shaping: `${choice}-token`, map: null, logits: null, width: width! };
}

function notPoolable(wiring: Wiring, outputs: readonly string[], named: string | undefined): Fault {
  const known = named === undefined || wiring.shapes.has(named);
  const describe = (name: string): string => `${name} [${wiring.shapes.get(name)?.join(", ") ?? "?"}]`;
  const vectors = [...wiring.shapes.keys()].filter(
    (name) => wiring.fromImage.has(name) && isVector(wiring, name) && wiring.shapes.get(name)!.at(-1)! >= leastWidth,
  );
  return new Fault("model-invalid", {
    what: known
      ? "the backbone has no output that can be pooled"
      : `the backbone has no value ${JSON.stringify(named)}`,
    expected: `one vector [n, width], map [n, c, h, w] or row of tokens [n, t, width] an image, ${leastWidth} or wider`,
    got: (named !== undefined && known ? [named] : outputs).map(describe).join(" and "),
    remedy: `name a value of the graph with --features${vectors.length > 0 ? `, such as ${listNames(vectors.slice(-3))}` : ""}`,
  });
}
