/** The gradient of a batch: one session of the gradient graph a thread, micro-batches added up in their order. */
import {
  type Gradient,
  gradient,
  planTraining,
  replaceWeights,
  selectLowering,
  toHalfPrecision,
  type TrainingMemoryPlan,
  usualLossScale,
  valueShapes,
} from "../autodiff/index.js";
import { names } from "../backbone/index.js";
import { float32, floats, splitModel, type Tensor } from "../onnx/index.js";
import type { Crew } from "./crew.js";
import type { Network } from "./network.js";
import { trainableParameters } from "./network.js";
import type { ParameterMap } from "./parameters.js";
import type { Precision } from "./place.js";
import type { Settings } from "./settings.js";
import type { TrainedPart } from "./trained-part.js";

/** Images of one run of the graph. */
export interface MicroBatch {
  /** What enters the trained part, [n, …]. */
  readonly input: Tensor;
  /** Distributions over the classes, [n, classes]. */
  readonly targets: Float32Array;
}

export interface BatchGradient {
  /** Mean over the batch. */
  readonly loss: number;
  /** [n, classes], of the images in their order. */
  readonly logits: Float32Array;
}

/** AdamW's two moments; the averaged and the best weights. */
const optimizerAverages = 4;

export class Stepper {
  readonly parameters: ParameterMap;
  readonly #crew: Crew;
  readonly #graph: Gradient;
  readonly #part: TrainedPart;
  readonly #classes: number;
  /** The input of the loss scale; null in float32. */
  readonly #lossScale: string | null;

  private constructor(
    crew: Crew,
    graph: Gradient & { readonly lossScale?: string },
    part: TrainedPart,
    network: Network,
  ) {
    this.#crew = crew;
    this.#graph = graph;
    this.#lossScale = graph.lossScale ?? null;
    this.#part = part;
    this.#classes = network.classes;
    this.parameters = trainableParameters(network, part.model, new Set(graph.gradients.keys()));
  }

  /** Differentiates the trained part. Throws `gradient-unsupported`, `model-invalid` for weights that are not finite, `engine-failed`. */
  static async open(
    crew: Crew,
    network: Network,
    part: TrainedPart,
    { microBatch, labelSmoothing, classWeights, logitAdjustment }: Settings,
    precision: Precision = "float32",
  ): Promise<Stepper> {
    const { lowering } = await selectLowering(crew.device, crew.engine);
    const wanted = new Set(trainableParameters(network, part.model).ranges.map(({ name }) => name));
    const { input } = part;
    const graph = await gradient(part.model, {
      loss: {
        kind: "cross-entropy",
        logits: names.logits,
        classes: network.classes,
        targets: "distributions",
        labelSmoothing,
        ...(classWeights ? { classWeights } : {}),
        ...(logitAdjustment ? { logitAdjustment } : {}),
        reduction: "mean",
      },
      trainable: (name) => wanted.has(name),
      outputs: [names.logits],
      sizes: { [input.name]: input.dims },
      batch: microBatch,
      lowering,
      engine: crew.engine,
    });
    if (precision === "float32") return new Stepper(crew, graph, part, network);
    const shapes = await valueShapes(graph.model, {}, crew.engine);
    return new Stepper(crew, toHalfPrecision(graph, shapes(microBatch)), part, network);
  }

  /** Whether gradients may overflow although the loss does not: a matter of the loss scale. */
  get isMixed(): boolean {
    return this.#lossScale !== null;
  }

  /** What a thread needs for one micro-batch, and the optimizer once for all of them, as planned. */
  async planMemory(): Promise<TrainingMemoryPlan> {
    const shapes = await valueShapes(this.#graph.model, {}, this.#crew.engine);
    return planTraining(this.#graph, shapes(0), optimizerAverages);
  }

  /**
   * Loss and logits of a batch with the given weights; its gradient is written into `into`. Sums go by the order of the
   * micro-batches, so that the result is the same however the threads shared them. `lossScale` is of mixed precision. Throws `engine-failed`.
   */
  async run(
    weights: Float32Array,
    batch: readonly MicroBatch[],
    into: Float32Array,
    lossScale = usualLossScale.scale,
  ): Promise<BatchGradient> {
    const { model, gradients, loss, lossInputs } = this.#graph;
    const { ranges } = this.parameters;
    const session = await this.#crew.open(splitModel(replaceWeights(model, this.parameters.views(weights))), true);
    const images = batch.reduce((sum, { targets }) => sum + targets.length / this.#classes, 0);
    const scale = float32([], Float32Array.of(1 / images));
    const runs = batch.map(({ input, targets }) =>
      session.run({
        [this.#part.input.name]: input,
        [lossInputs.targets!]: float32([targets.length / this.#classes, this.#classes], targets),
        [lossInputs.scale!]: scale,
        ...(this.#lossScale === null ? {} : { [this.#lossScale]: float32([], Float32Array.of(lossScale)) }),
      }),
    );
    const settled = Promise.allSettled(runs); // at once: a later one may fail while an earlier one is awaited
    try {
      into.fill(0);
      const logits = new Float32Array(images * this.#classes);
      let [total, row] = [0, 0];
      for (const run of runs) {
        const outputs = await run;
        total += floats(outputs[loss])[0]!;
        logits.set(floats(outputs[names.logits]), row);
        row += outputs[names.logits]!.data.length;
        for (const { name, start } of ranges) addTo(into, start, floats(outputs[gradients.get(name)!]));
      }
      return { loss: total, logits };
    } finally {
      await settled;
      await session.release();
    }
  }
}

/** Rows of inputs [n, …] and targets [n, classes] as micro-batches of `size`, without copies of the inputs. */
export function divideBatch(input: Tensor, targets: Float32Array, classes: number, size: number): MicroBatch[] {
  const [images, ...dims] = input.dims as [number, ...number[]];
  const width = dims.reduce((a, b) => a * b, 1);
  return Array.from({ length: images / size }, (_, i) => {
    const data = input.data.subarray(i * size * width, (i + 1) * size * width);
    return {
      input: { type: input.type, dims: [size, ...dims], data } as Tensor,
      targets: targets.slice(i * size * classes, (i + 1) * size * classes),
    };
  });
}

function addTo(sum: Float32Array, start: number, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) sum[start + i]! += part[i]!;
}
