/** Class activation maps (Zhou 2016, 1512.04150): where in the picture the logit of a class comes from. Exact, since the head is linear. */
import { Fault } from "../core/index.js";
import { floats, type Tensor } from "../onnx/index.js";
import { type Grid, regrid } from "./grid.js";
import type { ExplainedHead } from "./model.js";

export interface ClassActivationMap extends Grid {
  /** What lies at no place: the bias, and the share of features that are no mean of a feature map. Mean of the map + this = the logit. */
  readonly elsewhere: number;
}

export interface ClassActivationInputs {
  readonly head: ExplainedHead;
  /** Outputs of one picture: `features` [1, width], and the feature map [1, c, h', w'] of each part of the head. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Index of the class. */
  readonly chosen: number;
}

/**
 * The map of a class on the finest grid among the branches: at each place the head's weights times the activations, added up over
 * the branches. Throws `not-explainable` where no branch has a feature map.
 */
export function classActivationMap({ head, outputs, chosen }: ClassActivationInputs): ClassActivationMap {
  checkExplainable(head);
  const features = floats(outputs.features);
  const weights = head.weight.subarray(chosen * features.length, (chosen + 1) * features.length);
  const grids = head.parts.map(({ offset, channels, activations }) =>
    weighActivations(outputs[activations]!, weights.subarray(offset, offset + channels)),
  );
  const [height, width] = [Math.max(...grids.map((grid) => grid.height)), Math.max(...grids.map((grid) => grid.width))];
  const values = new Float32Array(height * width);
  for (const grid of grids)
    for (const [cell, value] of regrid(grid, height, width).values.entries()) values[cell]! += value;
  const mapped = new Set(head.parts.flatMap(({ offset, channels }) => columns(offset, channels)));
  const unmapped = features.reduce((sum, value, i) => (mapped.has(i) ? sum : sum + value * weights[i]!), 0);
  return { height, width, values, elsewhere: head.bias[chosen]! + unmapped };
}

/** Throws `not-explainable`: every network of the model pools its features in another way than by a global average. */
export function checkExplainable({ parts }: ExplainedHead): void {
  if (parts.length === 0)
    throw new Fault("not-explainable", {
      what: "no network of this model averages a feature map, so no place has a share",
    });
}

/** [1, c, h', w'] times the weight of each channel → [h', w']. */
function weighActivations(activations: Tensor, weights: Float32Array): Grid {
  const [, channels, height, width] = activations.dims as [number, number, number, number];
  const data = floats(activations);
  const sums = new Float64Array(height * width);
  for (let channel = 0; channel < channels; channel++)
    for (let cell = 0; cell < sums.length; cell++)
      sums[cell]! += weights[channel]! * data[channel * sums.length + cell]!;
  return { height, width, values: Float32Array.from(sums) };
}

function columns(offset: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => offset + i);
}
