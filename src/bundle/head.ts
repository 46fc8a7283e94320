/** The linear head read back from model.onnx, for explanations. */
import { activationsName, names } from "../backbone/index.js";
import { Fault } from "../core/index.js";
import type { ExplainedHead, HeadPart } from "../explain/index.js";
import { expandHalf, floats, type ModelProto, producers, readModel, tensorData, valueDims } from "../onnx/index.js";

/** Weights, bias and the branches with feature maps of a model of `branches` networks. Throws `model-invalid`. */
export async function readHead(path: string, branches: number): Promise<ExplainedHead> {
  const model = await readModel(path);
  expandHalf(model);
  const graph = model.graph!;
  const gemm = producers(graph).get(names.logits);
  const [weight, bias] = [1, 2].map((input) => graph.initializer.find(({ name }) => name === gemm?.input[input]));
  if (gemm?.opType !== "Gemm" || !weight || !bias)
    throw new Fault("model-invalid", {
      what: `${path} has no linear head`,
      expected: "logits by a Gemm of stored weights",
    });
  const width = Number(weight.dims[1]);
  return {
    weight: floats(tensorData(weight)),
    bias: floats(tensorData(bias)),
    parts: findParts(path, mapChannels(model, branches), width),
  };
}

/** Channels of each branch's feature map; null for a branch without one. */
function mapChannels({ graph }: ModelProto, branches: number): (number | null)[] {
  return Array.from({ length: branches }, (_, branch) => {
    const output = graph!.output.find(({ name }) => name === activationsName(branch));
    return output ? Number(valueDims(output)[1]) : null;
  });
}

/** Features of the branches stand side by side, so the width of one that has no map is what the others leave. */
function findParts(path: string, channels: readonly (number | null)[], width: number): HeadPart[] {
  const known = channels.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (known > 0 && channels.filter((count) => count === null).length > 1)
    throw new Fault("not-explainable", { what: `${path} has several networks that average no feature map` });
  let offset = 0;
  return channels.flatMap((count, branch) => {
    const start = offset;
    offset += count ?? width - known;
    return count === null ? [] : [{ offset: start, channels: count, activations: activationsName(branch) }];
  });
}
