/** A converted network is run before it is believed: types, finite numbers, batches, the average that features claim to be, sizes. */
import { Fault } from "../core/index.js";
import { floats, type ModelProto, type Tensor } from "../onnx/index.js";
import type { Outputs } from "./import-outputs.js";
import { probeImages, relativeDifference, withSession } from "./probe.js";
import type { BackboneRow } from "./zoo.js";

/** Foreign networks change sides in this step: five halvings, the most that is usual, keep their padding. */
export const foreignSizeStep = 32;

/** Largest difference, relative to the largest feature, between an image alone and in a batch: sums may run in another order. */
const tolerance = 1e-3;

/** What running has shown. */
export interface Proof {
  readonly sizes: BackboneRow["sizes"];
  /** Whether the features are the average of the activations. */
  readonly averaged: boolean;
}

type Look = Pick<BackboneRow, "mean" | "deviation" | "view" | "input" | "width">;

/**
 * Runs the network on two pictures together, on one of them alone, and on another size.
 * Throws `model-invalid` for features that are not finite numbers or that depend on the other pictures of the batch.
 */
export async function prove(model: ModelProto, look: Look, outputs: Outputs): Promise<Proof> {
  const side = look.view.size;
  return withSession(model, async (run) => {
    const together = await run({ [look.input]: probeImages(2, side, look) });
    const alone = await run({ [look.input]: probeImages(1, side, look) });
    const features = floats(together[outputs.features]);
    checkFinite(features);
    checkVaried(features, look.width);
    if (relativeDifference(floats(alone[outputs.features]), features) > tolerance) throw fixedBatch();
    const larger = probeImages(1, side + foreignSizeStep, look);
    const other = await run({ [look.input]: larger }).catch(() => null);
    const free = other?.[outputs.features]?.dims.join() === `1,${look.width}`;
    return { sizes: free ? "free" : "fixed", averaged: isAverage(together, outputs) };
  });
}

export function fixedBatch(cause?: unknown): Fault {
  return new Fault("model-invalid", {
    what: "the backbone takes one picture at a time, and its graph cannot be freed from that",
    expected: "a free first dimension of the input",
    remedy: "export the network with a dynamic batch",
    cause,
  });
}

function checkFinite(features: Float32Array): void {
  const wrong = features.filter((value) => !Number.isFinite(value)).length;
  if (wrong > 0)
    throw new Fault("model-invalid", {
      what: "the backbone's features are no numbers",
      expected: "finite values",
      got: `NaN or infinity in ${wrong} of ${features.length}`,
      remedy: "check the network, and --mean, --std and --pixels",
    });
}

/** Features [2, width] of two different pictures must differ. */
function checkVaried(features: Float32Array, width: number): void {
  if (relativeDifference(features.subarray(width), features.subarray(0, width)) > 0) return;
  throw new Fault("model-invalid", {
    what: "the backbone's features are the same for every picture",
    expected: "features that tell pictures apart",
    remedy: "check the network, and --mean, --std and --pixels",
  });
}

/** Whether features [n, c] are the mean of activations [n, c, h, w]. */
function isAverage(answers: Readonly<Record<string, Tensor>>, { features, activations }: Outputs): boolean {
  if (activations === null) return false;
  const map = answers[activations]!;
  const [n, channels, height, width] = map.dims;
  const area = height! * width!;
  const values = floats(map);
  const means = Float32Array.from({ length: n! * channels! }, (_, i) => {
    let sum = 0;
    for (let at = i * area; at < (i + 1) * area; at++) sum += values[at]!;
    return sum / area;
  });
  const pooled = floats(answers[features]);
  return pooled.length === means.length && relativeDifference(pooled, means) < tolerance;
}
