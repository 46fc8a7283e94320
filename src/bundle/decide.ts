/** From probabilities to the label. */

/** The class of the label: the largest probability, or the largest log probability with its bias added. */
export function decide(probabilities: Float32Array, bias: readonly number[] | null): number {
  return indexOfMax(bias === null ? probabilities : probabilities.map((value, i) => Math.log(value) + bias[i]!));
}

/** The index of the largest value; of equal ones the first. */
function indexOfMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
