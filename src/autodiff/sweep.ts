/** The way back: from the loss through every node that it depends on to the sources (Griewank and Walther 2008, reverse mode). */
import { Fault, quoteName } from "../core/index.js";
import {
  consumers,
  type GraphBuilder,
  type NodeProto,
  producers,
  type Tensor,
  tensorData,
  type TensorProto,
  usedNames,
} from "../onnx/index.js";
import { Emitter } from "./emit.js";
import type { Lowering } from "./lowering.js";
import { operatorSetOf } from "./operator-set.js";
import { unsupported } from "./refusal.js";
import { placeGradients } from "./place-gradients.js";
import type { InputGradient, Step } from "./rule.js";
import { ruleOf } from "./rules.js";
import type { Knowledge, Shape, Value } from "./shape.js";

/** Adds the nodes of the gradient behind those of the graph. */
export class Sweep {
  readonly #builder: GraphBuilder;
  readonly #knowledge: Knowledge;
  readonly #lowering: Lowering;
  readonly #sources: readonly string[];
  readonly #emit: Emitter;
  readonly #makers: ReadonlyMap<string, NodeProto>;
  readonly #users: ReadonlyMap<string, readonly NodeProto[]>;
  readonly #weights: ReadonlyMap<string, TensorProto>;
  /** Values that change with a source. */
  readonly #reached: ReadonlySet<string>;
  /** Value → what the nodes that use it add to its gradient. */
  readonly #parts = new Map<string, string[]>();

  constructor(builder: GraphBuilder, knowledge: Knowledge, lowering: Lowering, sources: readonly string[]) {
    this.#builder = builder;
    this.#knowledge = knowledge;
    this.#lowering = lowering;
    this.#sources = sources;
    this.#emit = new Emitter(builder, operatorSetOf(builder.model));
    this.#makers = producers(builder.model.graph!);
    this.#users = consumers(builder.model.graph!);
    this.#weights = new Map(builder.model.graph!.initializer.map((tensor) => [tensor.name, tensor]));
    this.#reached = reachedFrom(builder.model.graph!.node, sources, knowledge.values);
  }

  /** Returns the output that holds the gradient of each source that the loss depends on; `seed` is ∂loss/∂loss. */
  run(loss: string, seed: string): ReadonlyMap<string, string> {
    this.#parts.set(loss, [seed]);
    const forward = new Set(this.#builder.model.graph!.node);
    for (const node of [...forward].toReversed()) this.#visit(node);
    const totals = this.#sources.flatMap((source) => {
      const total = this.#total(source);
      return total === null ? [] : [[source, total] as const];
    });
    return placeGradients(this.#builder, new Map(totals), (node) => !forward.has(node));
  }

  #visit(node: NodeProto): void {
    const needed = node.input.flatMap((name, i) => (this.#reached.has(name) ? [i] : []));
    if (needed.length === 0) return;
    const gradients = node.output.map((name) => this.#total(name));
    if (gradients.every((one) => one === null)) return;
    const parts = this.#backward(node, gradients);
    for (const i of needed) {
      const part = parts[i];
      const name = node.input[i]!;
      // A bound or a scale that is an initializer is a setting of the node, and no weight.
      if (!part && this.#weights.has(name)) continue;
      if (!part) throw unsupported(node, `has no gradient with respect to its input ${quoteName(name)}`);
      const made = part();
      if (made !== null) this.#parts.set(name, [...(this.#parts.get(name) ?? []), made]);
    }
  }

  #backward(node: NodeProto, gradients: readonly (string | null)[]): readonly (InputGradient | null)[] {
    const rule = ruleOf(node.opType, node.domain);
    if (!rule) throw unsupported(node, "cannot be differentiated");
    for (const name of [...node.input, ...node.output]) if (this.#reached.has(name)) this.#checkType(node, name);
    const step: Step = {
      node,
      gradients,
      emit: this.#emit,
      lowering: this.#lowering,
      g: gradients[0] ?? "",
      x: node.input,
      y: node.output[0]!,
      shapeOf: (name) => this.#shapeOf(name),
      ownProducer: (name) => (this.#users.get(name)?.length === 1 ? this.#makers.get(name) : undefined),
      constant: (name) => this.#constant(name),
    };
    return rule.backward(step);
  }

  #constant(name: string): Tensor | undefined {
    const tensor = this.#weights.get(name);
    return tensor ? tensorData(tensor) : this.#knowledge.constants.get(name);
  }

  #checkType(node: NodeProto, name: string): void {
    const type = this.#knowledge.values.get(name)?.type;
    if (type !== undefined && type !== "float32")
      throw unsupported(node, "is not computed in float32", { expected: "float32", got: type });
  }

  #shapeOf(name: string): Shape {
    const value = this.#knowledge.values.get(name);
    if (!value) throw new Fault("model-invalid", { what: `the shape of the value ${quoteName(name)} is not known` });
    return value.shape;
  }

  /** The whole gradient of a value; null where the loss does not depend on it. */
  #total(name: string): string | null {
    const parts = this.#parts.get(name);
    if (!parts || parts.length === 0) return null;
    const total = parts.length === 1 ? parts[0]! : this.#emit.op("Sum", parts);
    this.#parts.set(name, [total]);
    return total;
  }
}

const floatTypes: ReadonlySet<string> = new Set(["float32", "float16", "float64"]);

/** What changes continuously with the sources: whole numbers and truth values have no gradient. */
function reachedFrom(
  nodes: readonly NodeProto[],
  sources: readonly string[],
  values: ReadonlyMap<string, Value>,
): ReadonlySet<string> {
  const reached = new Set(sources);
  const isFloat = (name: string): boolean => floatTypes.has(values.get(name)?.type ?? "");
  for (const node of nodes)
    if (usedNames(node).some((name) => reached.has(name)))
      for (const name of node.output) if (name !== "" && isFloat(name)) reached.add(name);
  return reached;
}
