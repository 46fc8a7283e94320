/** The gradient of a batch: one session of the gradient graph a thread, micro-batches added up in their order, lane by lane. */
import {
  type Gradient,
  gradient,
  makeResident,
  planTraining,
  replaceWeights,
  selectLowering,
  toHalfPrecision,
  type TrainingMemoryPlan,
  usualLossScale,
  valueShapes,
} from "../autodiff/index.js";
import { names } from "../backbone/index.js";
import {
  addTo,
  type BoundInput,
  type Feeds,
  float32,
  floats,
  splitModel,
  type SummedOutput,
  type Tensor,
} from "../onnx/index.js";
import type { Crew, CrewSession } from "./crew.js";
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

/** Its sum, and what a run adds to it. */
const gradientsOfLane = 2;

export class Stepper {
  readonly parameters: ParameterMap;
  readonly #crew: Crew;
  readonly #graph: Gradient;
  readonly #part: TrainedPart;
  readonly #classes: number;
  /** The input of the loss scale; null in float32. */
  readonly #lossScale: string | null;
  /** The session of all steps, in which only the weights change, made with the first step; null where every step needs its own. */
  #resident: Promise<Resident | null> | null = null;
  /** For each lane, the sum of its gradients. */
  readonly #sums: readonly Float32Array[];

  private constructor(
    crew: Crew,
    graph: Gradient & { readonly lossScale?: string },
    part: TrainedPart,
    network: Network,
    lanes: number,
  ) {
    this.#crew = crew;
    this.#graph = graph;
    this.#lossScale = graph.lossScale ?? null;
    this.#part = part;
    this.#classes = network.classes;
    this.parameters = trainableParameters(network, part.model, new Set(graph.gradients.keys()));
    this.#sums = Array.from({ length: lanes }, () => this.parameters.make());
  }

  /** Differentiates the trained part. Throws `gradient-unsupported`, `model-invalid` for weights that are not finite, `engine-failed`. */
  static async open(
    crew: Crew,
    network: Network,
    part: TrainedPart,
    { microBatch, lanes, labelSmoothing, classWeights, logitAdjustment }: Settings,
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
    if (precision === "float32") return new Stepper(crew, graph, part, network, lanes);
    const shapes = await valueShapes(graph.model, {}, crew.engine);
    return new Stepper(crew, toHalfPrecision(graph, shapes(microBatch)), part, network, lanes);
  }

  /** Whether gradients may overflow although the loss does not: a matter of the loss scale. */
  get isMixed(): boolean {
    return this.#lossScale !== null;
  }

  /** What a thread needs for one micro-batch, and the optimizer once for all of them, as planned. */
  async planMemory(): Promise<TrainingMemoryPlan> {
    const shapes = await valueShapes(this.#graph.model, {}, this.#crew.engine);
    return planTraining(this.#graph, shapes(0), optimizerAverages + gradientsOfLane * this.#sums.length);
  }

  /**
   * Loss and logits of a batch with the given weights; its gradient is written into `into`. `lossScale` is of mixed precision. Throws
   * `engine-failed`.
   */
  async run(
    weights: Float32Array,
    batch: readonly MicroBatch[],
    into: Float32Array,
    lossScale = usualLossScale.scale,
  ): Promise<BatchGradient> {
    const { loss } = this.#graph;
    const images = batch.reduce((sum, { targets }) => sum + targets.length / this.#classes, 0);
    const feeds = batch.map((one) => this.#feeds(one, images, lossScale));
    const session = await this.#session(weights);
    const sums = lanesOf(feeds, this.#sums.length).map((runs, lane) =>
      session.sum(runs, [loss, names.logits], this.#summed(this.#sums[lane]!)),
    );
    const settled = Promise.allSettled(sums); // one may fail while another computes
    try {
      const outputs = (await Promise.all(sums)).flat();
      into.set(this.#sums[0]!);
      for (const sum of this.#sums.slice(1, sums.length)) addTo(into, sum);
      const logits = new Float32Array(images * this.#classes);
      let row = 0;
      for (const one of outputs) {
        logits.set(floats(one[names.logits]), row);
        row += one[names.logits]!.data.length;
      }
      return { loss: outputs.reduce((total, one) => total + floats(one[loss])[0]!, 0), logits };
    } finally {
      await settled;
      if (!(await this.#resident)) await session.release();
    }
  }

  #feeds({ input, targets }: MicroBatch, images: number, lossScale: number): Feeds {
    const { lossInputs } = this.#graph;
    return {
      [this.#part.input.name]: input,
      [lossInputs.targets!]: float32([targets.length / this.#classes, this.#classes], targets),
      [lossInputs.scale!]: float32([], Float32Array.of(1 / images)),
      ...(this.#lossScale === null ? {} : { [this.#lossScale]: float32([], Float32Array.of(lossScale)) }),
    };
  }

  /** The outputs that are gradients, and their places in a sum. */
  #summed(sum: Float32Array): SummedOutput[] {
    const { gradients } = this.#graph;
    return this.parameters.ranges.map(({ name, dims, start, end }) => ({
      name: gradients.get(name)!,
      dims,
      into: sum.subarray(start, end),
    }));
  }

  async #session(weights: Float32Array): Promise<CrewSession> {
    this.#resident ??= this.#openResident();
    const resident = await this.#resident;
    if (resident) {
      await resident.session.bind(resident.inputs, weights);
      return resident.session;
    }
    const model = replaceWeights(this.#graph.model, this.parameters.views(weights));
    return this.#crew.open(splitModel(model), { shortLived: true });
  }

  /** Null where the runtime does not allow it; another device makes its kernels anew in any case. */
  async #openResident(): Promise<Resident | null> {
    if (this.#crew.device !== "cpu" || this.isMixed) return null;
    const weights = this.parameters.ranges.map(({ name }) => name);
    const resident = await makeResident(this.#graph.model, weights, this.#crew.engine);
    if (resident === null) return null;
    return { session: await this.#crew.open(resident.model, { optimization: "disabled" }), inputs: resident.inputs };
  }
}

interface Resident {
  readonly session: CrewSession;
  readonly inputs: readonly BoundInput[];
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

/** Runs in equal shares, in their order; none is empty. */
function lanesOf<T>(runs: readonly T[], lanes: number): T[][] {
  const count = Math.min(lanes, runs.length);
  const first = (lane: number): number => Math.floor((lane * runs.length) / count);
  return Array.from({ length: count }, (_, lane) => runs.slice(first(lane), first(lane + 1)));
}
