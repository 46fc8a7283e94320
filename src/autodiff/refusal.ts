/** What cannot be differentiated, as faults that name operator, node and the way out. */
import { Fault, quoteName } from "../core/index.js";
import type { NodeProto } from "../onnx/index.js";

/** Names a node by its own name, or by what it makes where it has none. */
export function describeNode(node: NodeProto): string {
  return `${node.opType} (node ${quoteName(node.name || node.output[0] || "")})`;
}

export function unsupported(
  node: NodeProto,
  problem: string,
  details: { expected?: string; got?: string } = {},
): Fault {
  return new Fault("gradient-unsupported", {
    what: `${describeNode(node)} lies between the loss and a trainable weight and ${problem}`,
    ...details,
    remedy:
      "freeze the weights before that node, so that only what follows it is trained, or export the network otherwise",
  });
}
