/** How a network is fine-tuned, and what is usual. */

/** Learning rates at the largest point of the schedule. */
export interface Rates {
  /** Of the deepest trained layer, next to the pixels. */
  readonly bottom: number;
  /** Of the last layer before the head; between them rates grow geometrically with depth (Howard and Ruder 2018, 1801.06146). */
  readonly top: number;
  readonly head: number;
}

export interface Settings {
  readonly optimizer: "adamw" | "sgd";
  readonly rates: Rates;
  /** Decoupled (Loshchilov and Hutter 2019, 1711.05101); none on biases and scales. */
  readonly weightDecay: number;
  /** Of SGD. */
  readonly momentum: number;
  /** Largest norm of the gradient of a step (Pascanu 2013, 1211.5063). */
  readonly clipNorm: number;
  /** Half a cosine to 0, or a tenth after each third of the steps; both after a linear warm-up. */
  readonly schedule: "cosine" | "step";
  /** Share of all steps that warm up. */
  readonly warmUp: number;
  readonly epochs: number;
  /** Images of an optimizer's step. */
  readonly batch: number;
  /** Images of one run of the gradient graph; they add up to the batch. */
  readonly microBatch: number;
  /**
   * Sums of gradients that are made side by side, each of its share of the micro-batches in their order, and added up in their order: the
   * result depends on their number and not on how many threads make them.
   */
  readonly lanes: number;
  readonly labelSmoothing: number;
  /** One for each class; null: all alike. */
  readonly classWeights: readonly number[] | null;
  /** Added to the logits while training; null: nothing. */
  readonly logitAdjustment: readonly number[] | null;
  /** Parameter of mixup's Beta distribution (Zhang 2018, 1710.09412), of what enters the trained part; 0: none. */
  readonly mixup: number;
  /** Least and largest share of a photograph that a random view shows. */
  readonly area: readonly [least: number, largest: number];
  /** Of brightness, contrast and saturation. */
  readonly jitter: number;
  /** Random views made of each photograph; later epochs use them again. As many as epochs: all are new. */
  readonly draws: number;
  /** Epochs without a better loss on the selection photographs before training ends. */
  readonly patience: number;
  /** Of the averaged weights, for each step (Polyak and Juditsky 1992); 0: none are kept. */
  readonly averaging: number;
  /** Epochs after which the next lower part of the network is trained too; 0: all from the start. */
  readonly unfreezeEvery: number;
}

export const usualSettings: Settings = {
  optimizer: "adamw",
  rates: { bottom: 5e-4, top: 5e-4, head: 5e-4 },
  weightDecay: 0.01,
  momentum: 0.9,
  clipNorm: 1,
  schedule: "cosine",
  warmUp: 0.06,
  epochs: 8,
  batch: 32,
  microBatch: 4,
  lanes: 2,
  labelSmoothing: 0.1,
  classWeights: null,
  logitAdjustment: null,
  mixup: 0,
  area: [0.35, 1],
  jitter: 0.2,
  draws: 4,
  patience: 3,
  averaging: 0.99,
  unfreezeEvery: 0,
};
