/** ONNX graphs read, written and edited, and sessions of ONNX Runtime in worker threads (onnx.ai/onnx; onnxruntime.ai). */
export { type Adapter, adapterOf, findAdapter } from "./adapter.js";
export { attribute, type AttributeKind } from "./attribute.js";
export { checkDevice, type ChosenDevice, chooseDevice, type DeviceCheck } from "./choose-device.js";
export { foldConstants, shareConstants } from "./constants.js";
export { type Device, type DeviceChoice, deviceChoices, devices, isKnownHere, readDevice } from "./device.js";
export { executionOrder } from "./execution-order.js";
export { readModel, writeModel, type WriteOptions } from "./files.js";
export { graft, type GraftOptions, renameValues } from "./graft.js";
export * from "./graph.js";
export { expandHalf, packHalf } from "./half.js";
export { type PoolOptions, SessionPool } from "./pool.js";
export { probeShapes, type ValueProbe } from "./probe.js";
export {
  type Attributes,
  copyModel,
  type Dimension,
  elementType,
  type GraphProto,
  makeModel,
  makeNode,
  makeTensor,
  makeValue,
  type ModelProto,
  type NodeProto,
  parseModel,
  resizeValue,
  revise,
  serializeModel,
  type TensorProto,
  valueDims,
  type ValueShape,
} from "./proto.js";
export type { BoundInput, ModelSource, Placed, SessionOptions, SummedOutput } from "./protocol.js";
export { Engine, type EngineOptions, openSession, runtimeVersion, Session } from "./session.js";
export { splitModel, type SplitModel } from "./split.js";
export * from "./tensor.js";
export { tensorData } from "./tensor-data.js";
export { checkOrder, consumers, freshNames, producers, usedNames } from "./topology.js";
