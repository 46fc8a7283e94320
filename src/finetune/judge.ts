/** How well weights do on photographs: their logits, and the smooth measure that candidates are chosen by. */
import { replaceWeights } from "../autodiff/index.js";
import { names } from "../backbone/index.js";
import { fitTemperature } from "../calibrate/index.js";
import { mapBounded } from "../core/index.js";
import { accuracyOf } from "../metrics/index.js";
import { floats, splitModel } from "../onnx/index.js";
import type { Crew } from "./crew.js";
import type { Inputs } from "./inputs.js";
import type { ParameterMap } from "./parameters.js";
import type { TrainedPart } from "./trained-part.js";

export interface Judged {
  /** Mean negative log-likelihood at the best temperature, in nats: smoothed labels make a network unsure, not worse. */
  readonly loss: number;
  readonly accuracy: number;
}

/** Images in a run of the forward graph. */
const batchSize = 2;

/** Batches under way, so that reading and computing overlap. */
const atATime = 4;

/** Logits [n, classes] of photographs as they are judged. */
export async function predictLogits(
  weights: Float32Array,
  images: readonly number[],
  { crew, part, parameters, inputs }: JudgeParts,
  classes: number,
): Promise<Float32Array> {
  const session = await crew.open(splitModel(replaceWeights(part.model, parameters.views(weights))));
  const logits = new Float32Array(images.length * classes);
  const batches = Array.from({ length: Math.ceil(images.length / batchSize) }, (_, batch) => batch * batchSize);
  try {
    await mapBounded(batches, atATime, async (from) => {
      const input = await inputs.load(images.slice(from, from + batchSize), null);
      const outputs = await session.run({ [part.input.name]: input }, [names.logits]);
      inputs.giveBack(input);
      logits.set(floats(outputs[names.logits]), from * classes);
    });
  } finally {
    await session.release();
  }
  return logits;
}

export interface JudgeParts {
  readonly crew: Crew;
  readonly part: TrainedPart;
  readonly parameters: ParameterMap;
  readonly inputs: Inputs;
}

export function judge(logits: Float32Array, labels: Int32Array, classes: number): Judged {
  const smoothing = 1 / (labels.length + 2);
  return {
    loss: fitTemperature(logits, labels, classes, smoothing).nllAfter,
    accuracy: accuracyOf(logits, labels, classes),
  };
}
