/**
 * The loss as a part of the graph. Cross-entropy of softmax with label smoothing (Szegedy 2016), class weights and logit adjustment
 * (Menon 2021), on labels or on any distribution over the classes (mixup, distillation).
 */
import { Fault } from "../core/index.js";
import { type GraphBuilder, freshNames } from "../onnx/index.js";

/** A value of the graph with one element, to be made small as it is. */
export interface ScalarLoss {
  readonly kind: "value";
  readonly value: string;
}

/**
 * L = s · Σᵢ Σ_c −w_c · t_ic · ln softmax(zᵢ + a)_c with t = (1 − ε) · target + ε/k. The sum has s = 1; the mean takes s as an input, so that
 * micro-batches of any size add up to the mean of the whole batch: feed 1 / `lossWeight` of all its images.
 */
export interface CrossEntropyLoss {
  readonly kind: "cross-entropy";
  /** Value [n, classes] of the graph, before any softmax. */
  readonly logits: string;
  readonly classes: number;
  /** Labels are int64 [n]; distributions are float32 [n, classes]. */
  readonly targets: "labels" | "distributions";
  /** ε, in [0, 1). */
  readonly labelSmoothing?: number;
  /** w, one for each class. */
  readonly classWeights?: readonly number[];
  /** a, added to the logits in training only: τ · ln of the class frequencies. */
  readonly logitAdjustment?: readonly number[];
  readonly reduction: "sum" | "mean";
}

export type Loss = ScalarLoss | CrossEntropyLoss;

/** Inputs that the loss adds to the graph, by what they are; null where it adds none. */
export interface LossInputs {
  readonly targets: string | null;
  readonly scale: string | null;
}

export interface AddedLoss {
  /** The value to differentiate: one element. */
  readonly value: string;
  readonly inputs: LossInputs;
}

/** Adds the loss behind the nodes of a graph, in place. Throws `usage` for settings that make no sense. */
export function addLoss(graph: GraphBuilder, loss: Loss, batch: number | string): AddedLoss {
  if (loss.kind === "value") return { value: loss.value, inputs: { targets: null, scale: null } };
  check(loss);
  const name = freshNames(graph.model.graph!);
  const isLabels = loss.targets === "labels";
  const targets = graph.input({
    name: name("targets"),
    type: isLabels ? "int64" : "float32",
    dims: isLabels ? [batch] : [batch, loss.classes],
  });
  const scale = loss.reduction === "mean" ? graph.input({ name: name("loss_scale"), type: "float32", dims: [] }) : null;
  const expected = weigh(graph, smooth(graph, isLabels ? oneHot(graph, targets, loss.classes) : targets, loss), loss);
  const { logits, logitAdjustment } = loss;
  const adjusted = logitAdjustment ? graph.node("Add", [logits, graph.floats(logitAdjustment)]) : logits;
  const surprise = graph.node("Mul", [expected, graph.node("LogSoftmax", [adjusted], { axis: -1n })]);
  const total = graph.node("Neg", [graph.node("ReduceSum", [surprise], { keepdims: 0n })]);
  const value = scale === null ? total : graph.node("Mul", [total, scale]);
  return { value, inputs: { targets, scale } };
}

function oneHot(graph: GraphBuilder, labels: string, classes: number): string {
  const depth = graph.constant({ type: "int64", dims: [], data: BigInt64Array.of(BigInt(classes)) });
  return graph.node("OneHot", [labels, depth, graph.floats([0, 1])], { axis: -1n });
}

function smooth(graph: GraphBuilder, targets: string, { labelSmoothing = 0, classes }: CrossEntropyLoss): string {
  if (labelSmoothing === 0) return targets;
  const kept = graph.node("Mul", [targets, graph.floats([1 - labelSmoothing], [])]);
  return graph.node("Add", [kept, graph.floats([labelSmoothing / classes], [])]);
}

function weigh(graph: GraphBuilder, targets: string, { classWeights }: CrossEntropyLoss): string {
  return classWeights ? graph.node("Mul", [targets, graph.floats(classWeights)]) : targets;
}

/**
 * What the sum is divided by for the mean: Σᵢ w of the label, or the number of distributions, as PyTorch's CrossEntropyLoss does. Over
 * micro-batches, add up.
 */
export function lossWeight(loss: CrossEntropyLoss, targets: ArrayLike<number | bigint>): number {
  if (loss.targets === "distributions") return targets.length / loss.classes;
  const labels = Array.from(targets, Number);
  return labels.reduce((total, label) => total + (loss.classWeights?.[label] ?? 1), 0);
}

function check(loss: CrossEntropyLoss): void {
  const { classes, labelSmoothing = 0, classWeights, logitAdjustment } = loss;
  const wrong = (what: string, expected: string, got: number): Fault =>
    new Fault("usage", { what, expected, got: String(got) });
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw wrong("the label smoothing", "0 or more and below 1", labelSmoothing);
  for (const [what, values] of Object.entries({ "class weights": classWeights, "logit adjustments": logitAdjustment }))
    if (values && values.length !== classes) throw wrong(`the number of ${what}`, String(classes), values.length);
}
