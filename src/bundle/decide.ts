/** From probabilities to the label. */
import { decide as decideRows } from "../calibrate/index.js";

/** The class of the label: the largest probability, or the largest log probability with its bias added. */
export function decide(probabilities: Float32Array, bias: readonly number[] | null): number {
  return decideRows(probabilities, bias ?? new Float64Array(probabilities.length))[0]!;
}
