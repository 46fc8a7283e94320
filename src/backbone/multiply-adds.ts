/** The work of a network, counted from the shapes that it really had. */
import type { NodeProto } from "../onnx/index.js";
import type { Wiring } from "./wiring.js";

type Shape = readonly number[];
type Count = (node: NodeProto, inputs: readonly Shape[], output: Shape) => number;

const product = (shape: Shape): number => shape.reduce((total, size) => total * size, 1);

/** [c_out, c_in / group, k…]: every output number takes one multiply-add for each weight of its channel. */
const convolution =
  (weight: number): Count =>
  (_node, inputs, output) =>
    product(output) * product((inputs[weight] ?? []).slice(1));

/** Multiply-adds by operator; all others are free in comparison. */
const counts: Readonly<Record<string, Count>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1),
  FusedConv: convolution(1),
  QLinearConv: convolution(3),
  // [c_in, c_out / group, k…]: every input number is spread over the weights of its channel.
  ConvTranspose: (_node, [input, weight]) => product(input ?? []) * product((weight ?? []).slice(1)),
  Gemm: (node, [a], output) => product(output) * (a?.[node.attribute.some(isTransposedA) ? 0 : 1] ?? 0),
  MatMul: (_node, [a], output) => product(output) * (a?.at(-1) ?? 0),
  MatMulInteger: (_node, [a], output) => product(output) * (a?.at(-1) ?? 0),
  QLinearMatMul: (_node, [a], output) => product(output) * (a?.at(-1) ?? 0),
};

function isTransposedA({ name, i }: NodeProto["attribute"][number]): boolean {
  return name === "transA" && i === 1n;
}

/** Multiply-adds of a node from the shapes of its inputs and of its first output; 0 for what is cheap. */
export function nodeMultiplyAdds(node: NodeProto, inputs: readonly Shape[], output: Shape): number {
  return counts[node.opType]?.(node, inputs, output) ?? 0;
}

/** Multiply-adds of one image in the convolutions and matrix products that lead to `output`. */
export function countMultiplyAdds(wiring: Wiring, output: string): number {
  const needed = new Set([output]);
  let total = 0;
  for (const node of wiring.model.graph!.node.toReversed()) {
    if (!node.output.some((name) => needed.has(name))) continue;
    for (const name of node.input) needed.add(name);
    const shape = wiring.shapes.get(node.output[0] ?? "");
    if (!shape || !wiring.fromImage.has(node.output[0]!)) continue;
    const inputs = node.input.map((name) => wiring.shapes.get(name) ?? constantShape(wiring, name));
    total += nodeMultiplyAdds(node, inputs, shape);
  }
  return total / wiring.batch;
}

function constantShape(wiring: Wiring, name: string): Shape {
  return wiring.model.graph!.initializer.find((tensor) => tensor.name === name)?.dims.map(Number) ?? [];
}
