/** Everything inside a model, however deeply nested: graphs, nodes and tensors (onnx.proto: attributes hold graphs and tensors too). */
import type { AttributeProto, GraphProto, SparseTensorProto } from "./onnx_pb.js";
import type { ModelProto, NodeProto, TensorProto } from "./proto.js";

/** The graphs that the attributes of a node hold: the branches of an If, the body of a Loop. */
export function subgraphs(node: NodeProto): readonly GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));
}

/** A graph and all graphs below it. */
export function* graphsWithin(graph: GraphProto): Generator<GraphProto> {
  yield graph;
  for (const node of graph.node) for (const inner of subgraphs(node)) yield* graphsWithin(inner);
}

/** Every tensor of a model: initializers and attributes of its graph, of all graphs below, of its functions. */
export function* tensorsWithin(model: ModelProto): Generator<TensorProto> {
  const graphs = model.graph ? [...graphsWithin(model.graph)] : [];
  const functionNodes = model.functions.flatMap(({ node }) => node);
  for (const node of functionNodes) for (const inner of subgraphs(node)) graphs.push(...graphsWithin(inner));
  for (const graph of graphs) {
    yield* graph.initializer;
    yield* sparseParts(graph.sparseInitializer);
    for (const node of graph.node) yield* attributeTensors(node.attribute);
  }
  for (const node of functionNodes) yield* attributeTensors(node.attribute);
}

function* attributeTensors(attributes: readonly AttributeProto[]): Generator<TensorProto> {
  for (const { t, tensors, sparseTensor, sparseTensors } of attributes) {
    if (t) yield t;
    yield* tensors;
    yield* sparseParts(sparseTensor ? [sparseTensor, ...sparseTensors] : sparseTensors);
  }
}

function* sparseParts(tensors: readonly SparseTensorProto[]): Generator<TensorProto> {
  for (const { values, indices } of tensors) {
    if (values) yield values;
    if (indices) yield indices;
  }
}
