/**
 * Reorderings that ONNX Runtime leaves between its blocked operators (domain com.microsoft.nchwc): out of blocks and straight into them again,
 * also where in between the images become channels, as the gradient of a depthwise weight has it.
 */
import { attribute, keepOutputs, type ModelProto, type NodeProto, producers, tensorData } from "../onnx/index.js";

const blocked = "com.microsoft.nchwc";

/** Blocks are of 8 or 16 channels: these fill them on every processor, so that images behind each other are channels behind each other. */
const largestBlock = 16;

/** Takes them out of an optimized graph, in place. */
export function joinReorders(model: ModelProto): void {
  const graph = model.graph!;
  const makers = producers(graph);
  const shapes = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const shapeOf = (name: string): readonly number[] => {
    const tensor = shapes.get(name);
    return tensor ? Array.from(tensorData(tensor).data, Number) : [];
  };
  for (const node of graph.node.filter((one) => isReorder(one, "ReorderInput"))) {
    const maker = makers.get(node.input[0]!);
    const reshape = maker?.opType === "Reshape" ? maker : null;
    const out = reshape ? makers.get(reshape.input[0]!) : maker;
    if (!out || !isReorder(out, "ReorderOutput")) continue;
    const channels = attribute(out, "channels", "int") ?? 0;
    if (channels % largestBlock !== 0) continue;
    if (reshape && !isMerged(shapeOf(reshape.input[1]!), channels)) continue;
    node.opType = reshape ? "Reshape" : "Identity";
    node.domain = "";
    node.attribute = [];
    node.input = [out.input[0]!, ...(reshape ? [reshape.input[1]!] : [])];
  }
  keepOutputs(
    model,
    graph.output.map(({ name }) => name),
  );
}

function isReorder(node: NodeProto, opType: string): boolean {
  return node.domain === blocked && node.opType === opType && (attribute(node, "channels_last", "int") ?? 0) === 0;
}

/** [1, images · channels, …] */
function isMerged([images, channels]: readonly number[], own: number): boolean {
  return images === 1 && channels !== undefined && channels % own === 0;
}
