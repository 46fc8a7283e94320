/**
 * The table of rules: operator → gradient. Reverse mode (Griewank and Walther 2008) over ONNX operators (onnx.ai/onnx/operators).
 * The list is what real image backbones are made of; a name without a rule does not compile.
 */
import type { Rule } from "./rule.js";
import { activation } from "./rules-activation.js";
import { arithmetic } from "./rules-arithmetic.js";
import { linear } from "./rules-linear.js";
import { movement } from "./rules-movement.js";
import { normalization } from "./rules-normalization.js";
import { pooling } from "./rules-pooling.js";
import { reduction } from "./rules-reduction.js";
import { resizing } from "./rules-resize.js";

/** Operators that can be differentiated. */
export const operators = [
  ...(["Conv", "MatMul", "Gemm"] as const),
  ...(["Add", "Sum", "Sub", "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Exp", "Log", "Neg", "Abs", "Where"] as const),
  ...(["Relu", "LeakyRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf", "Gelu"] as const),
  ...(["Softmax", "LogSoftmax", "ReduceMean", "ReduceSum", "ReduceMax"] as const),
  ...(["GlobalAveragePool", "AveragePool", "MaxPool", "BatchNormalization", "LayerNormalization"] as const),
  ...(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout", "Cast"] as const),
  ...(["Concat", "Split", "Slice", "Pad", "Expand", "Gather", "Resize"] as const),
];

export type Operator = (typeof operators)[number];

export const rules: { readonly [O in Operator]: Rule } = {
  ...linear,
  ...arithmetic,
  ...activation,
  ...reduction,
  ...pooling,
  ...normalization,
  ...movement,
  ...resizing,
};

/** The rule of a node's operator; undefined where there is none. */
export function ruleOf(opType: string, domain: string): Rule | undefined {
  const isStandard = domain === "" || domain === "ai.onnx";
  return isStandard && Object.hasOwn(rules, opType) ? rules[opType as Operator] : undefined;
}
