/** What a rule is: from the gradient of a node's outputs to that of its inputs. */
import { attribute, type NodeProto, type Tensor } from "../onnx/index.js";
import type { Emitter } from "./emit.js";
import type { Lowering } from "./lowering.js";
import { unsupported } from "./refusal.js";
import { isFixed, type Shape } from "./shape.js";

/** One node on the way back from the loss. Names: x inputs, y first output, g = ∂loss/∂y. */
export interface Step {
  readonly node: NodeProto;
  readonly emit: Emitter;
  readonly lowering: Lowering;
  /** ∂loss/∂output for each output, null where the loss does not depend on it. */
  readonly gradients: readonly (string | null)[];
  readonly g: string;
  readonly x: readonly string[];
  readonly y: string;
  readonly shapeOf: (name: string) => Shape;
  /** The one node that makes a value which only `node` uses; undefined where there is none such. */
  readonly ownProducer: (name: string) => NodeProto | undefined;
  /** The numbers of an initializer. */
  readonly constant: (name: string) => Tensor | undefined;
}

/** Emits the gradient of one input; called only where it is needed. */
export type Lazy = () => string;

/** The same, or null where another input of the node carries it all. */
export type InputGradient = () => string | null;

export interface Rule {
  /** The gradient of each input, for people: stands in docs/autodiff.md. */
  readonly formula: string;
  /** What of the operator is not covered, for people. */
  readonly except?: string;
  /** One entry an input; null where an input has no gradient (a shape, indices). */
  readonly backward: (step: Step) => readonly (InputGradient | null)[];
}

/** Emits something at most once, for what the gradients of several inputs share. */
export function once(make: Lazy): Lazy {
  let made: string | undefined;
  return () => (made ??= make());
}

export function intOf({ node }: Step, name: string, otherwise: number): number {
  return attribute(node, name, "int") ?? otherwise;
}

export function floatOf({ node }: Step, name: string, otherwise: number): number {
  return attribute(node, name, "float") ?? otherwise;
}

export function stringOf({ node }: Step, name: string, otherwise: string): string {
  return attribute(node, name, "string") ?? otherwise;
}

/** Whole numbers that are an attribute in some operator sets and a constant input in others; undefined where they are left out. */
export function intsOf(step: Step, name: string, index: number): readonly number[] | undefined {
  const own = attribute(step.node, name, "ints");
  if (own) return own;
  const input = step.x[index];
  if (!input) return undefined;
  const constant = step.constant(input);
  if (!constant) throw unsupported(step.node, `its ${name} are computed`, { expected: "constants" });
  return Array.from(constant.data as ArrayLike<number | bigint>, Number);
}

/** The one number of an optional constant input; undefined where it is left out. */
export function numberOf(step: Step, name: string, index: number): number | undefined {
  const input = step.x[index];
  if (!input) return undefined;
  const constant = step.constant(input);
  if (!constant) throw unsupported(step.node, `its ${name} is computed`, { expected: "a constant" });
  return Number(constant.data[0]);
}

export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The sizes of dimensions that must not depend on the batch. */
export function fixedSizes(step: Step, shape: Shape): number[] {
  if (!shape.every(isFixed)) throw unsupported(step.node, "works along the batch there");
  return shape.map((extent) => extent.fixed);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
