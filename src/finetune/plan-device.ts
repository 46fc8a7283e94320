/** What training and judging a network would take of a device's memory, planned from the lifetimes of tensors; nothing is run. */
import {
  gradient,
  kernelFactor,
  largestBatch,
  plainLowering,
  planMemory,
  toHalfPrecision,
  valueShapes,
} from "../autodiff/index.js";
import { type Branch, names } from "../backbone/index.js";
import { Engine, type ModelProto } from "../onnx/index.js";
import { joinNetwork, trainableParameters } from "./network.js";
import type { Precision } from "./place.js";
import { divide } from "./trained-part.js";

/** What a network's training and its use would take of a device with so much memory, as planned. */
export interface DeviceMemoryPlan {
  readonly network: string;
  readonly limitBytes: number;
  /** Photographs of the largest micro-batch that fits; 0: none does. */
  readonly microBatch: number;
  /** Of that micro-batch, or of a single photograph where none fits. */
  readonly trainingBytes: number;
  /** Of a single photograph that is judged. */
  readonly judgingBytes: number;
}

/** Larger ones bring nothing: an optimizer's step has no more photographs. */
const mostImages = 64;

/** Plans training of all layers in mixed precision, as it is on such a device, with room for what kernels take. Throws as `gradient`. */
export async function planWithin(branch: Branch, classes: number, limitBytes: number): Promise<DeviceMemoryPlan> {
  const { training, judging } = await planDevice(branch, classes, "mixed");
  const bytesAt = (images: number): number => kernelFactor * training(images);
  const microBatch = largestBatch(bytesAt, limitBytes, mostImages);
  return {
    network: branch.backbone.row.name,
    limitBytes,
    microBatch,
    trainingBytes: bytesAt(Math.max(1, microBatch)),
    judgingBytes: kernelFactor * judging(1),
  };
}

/** Planned bytes of weights and of what is alive at once, by photographs in a run. */
export interface DevicePlan {
  /** One micro-batch with gradients of all layers; the optimizer is not on the device. */
  readonly training: (images: number) => number;
  readonly judging: (images: number) => number;
}

/** Plans for a network with a head of so many classes. Throws as `gradient`. */
export async function planDevice(branch: Branch, classes: number, precision: Precision): Promise<DevicePlan> {
  const { width } = branch.backbone.row;
  const head = { weight: new Float32Array(classes * width), bias: new Float32Array(classes) };
  const network = joinNetwork(branch, head);
  const { model, input } = divide(network, branch.size, null);
  const trained = new Set(trainableParameters(network, model).ranges.map(({ name }) => name));
  const sizes = { [input.name]: input.dims };
  const engine = new Engine();
  try {
    const full = await gradient(model, {
      loss: { kind: "cross-entropy", logits: names.logits, classes, targets: "distributions", reduction: "mean" },
      trainable: (name) => trained.has(name),
      sizes,
      lowering: plainLowering,
      engine,
    });
    const plan = async (graph: ModelProto): Promise<(images: number) => number> => {
      const shapes = await valueShapes(graph, sizes, engine);
      return (images) => {
        const { weightsBytes, peakActivationBytes } = planMemory(graph, shapes(images));
        return weightsBytes + peakActivationBytes;
      };
    };
    const shapes = await valueShapes(full.model, sizes, engine);
    const graph = precision === "mixed" ? toHalfPrecision(full, shapes(1)).model : full.model;
    return { training: await plan(graph), judging: await plan(model) };
  } finally {
    await engine.close();
  }
}
