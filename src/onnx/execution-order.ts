/** The order in which ONNX Runtime runs the nodes of a graph: what is alive at the same time follows from it. */
import type { GraphProto, NodeProto } from "./proto.js";
import { producers, usedNames } from "./topology.js";

/**
 * Depth first from the nodes that nothing follows, the last of them first; of what a node needs, the node that stands last first
 * (ONNX Runtime, GraphViewer and Graph::ReverseDFSFrom). Its optimizations add and merge nodes before that.
 */
export function executionOrder(graph: GraphProto): NodeProto[] {
  const place = new Map(graph.node.map((node, at) => [node, at]));
  const makers = producers(graph);
  const needs = new Map(graph.node.map((node) => [node, makersOf(node, makers)]));
  const followed = new Set([...needs.values()].flat());
  const stack = graph.node.filter((node) => !followed.has(node)).map((node) => ({ node, isReady: false }));
  const seen = new Set<NodeProto>();
  const order: NodeProto[] = [];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, isReady } = entry;
    if (isReady) order.push(node);
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, isReady: true });
    const before = needs.get(node)!.toSorted((a, b) => place.get(a)! - place.get(b)!);
    stack.push(...before.map((one) => ({ node: one, isReady: false })));
  }
  return order;
}

function makersOf(node: NodeProto, makers: ReadonlyMap<string, NodeProto>): NodeProto[] {
  return [...new Set(usedNames(node).flatMap((name) => makers.get(name) ?? []))];
}
