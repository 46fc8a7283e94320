/**
 * Forward graph → gradient graph, ONNX in and ONNX out, in operators that every ONNX Runtime has: one table of rules
 * (Griewank and Walther, Evaluating Derivatives, 2008). Docs: docs/autodiff.md.
 */
export { deviceTable } from "./device-table.js";
export { foldBatchNorm } from "./fold-batch-norm.js";
export { gradient, type Gradient, type GradientOptions } from "./gradient.js";
export { type HalfGradient, toHalfPrecision } from "./half-precision.js";
export { type LossScale, nextLossScale, usualLossScale } from "./loss-scale.js";
export { type CrossEntropyLoss, type Loss, type LossInputs, lossWeight, type ScalarLoss } from "./loss.js";
export { type Lowering, plainLowering } from "./lowering.js";
export {
  arenaFactor,
  kernelFactor,
  largestBatch,
  type MemoryPlan,
  planMemory,
  planTraining,
  type TrainingMemoryPlan,
  valueShapes,
  type ValueShapes,
} from "./memory.js";
export { makeResident, type ResidentModel } from "./resident.js";
export { type Operator, operators, rules } from "./rules.js";
export { refuseHalf, selectLowering, type SelectedLowering } from "./select-lowering.js";
export { operatorTable } from "./table.js";
export { readWeights, replaceWeights } from "./weights.js";
export { type Extent, inferShapes, type InputSizes, type Knowledge } from "./shape.js";

/** What is needed beside it to use the engine alone. */
export {
  Engine,
  float32,
  GraphBuilder,
  readModel,
  type Session,
  splitModel,
  type Tensor,
  writeModel,
} from "../onnx/index.js";
export type { Device, ModelProto } from "../onnx/index.js";
