/** ONNX graphs read, written and edited, and sessions of ONNX Runtime in worker threads (onnx.ai/onnx; onnxruntime.ai). */
export { graft, type GraftOptions } from "./graft.js";
export * from "./graph.js";
export { expandHalf, packHalf } from "./half.js";
export {
  type Attributes,
  type Dimension,
  makeModel,
  type ModelProto,
  type NodeProto,
  parseModel,
  serializeModel,
  type TensorProto,
  valueDims,
  type ValueShape,
} from "./proto.js";
export type { SessionOptions } from "./protocol.js";
export { Engine, openSession, runtimeVersion, Session, SessionPool } from "./session.js";
export * from "./tensor.js";
