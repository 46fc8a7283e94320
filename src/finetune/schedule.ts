/** Learning rates: over the steps of a training, and over the depth of a network. */
import type { Group } from "./optimizer.js";
import type { ParameterMap } from "./parameters.js";
import type { Settings } from "./settings.js";

/** Factor of every learning rate in a step, counted from 0: a linear warm-up, then half a cosine (1608.03983) or thirds. */
export function rateFactor({ schedule, warmUp }: Pick<Settings, "schedule" | "warmUp">, step: number, steps: number) {
  const warming = Math.round(warmUp * steps);
  if (step < warming) return (step + 1) / (warming + 1);
  const progress = (step - warming) / Math.max(1, steps - warming);
  return schedule === "cosine" ? (1 + Math.cos(Math.PI * progress)) / 2 : 0.1 ** Math.floor(3 * progress);
}

/** Lowest part of the network, 0 at the pixels to 1 at the head, that is trained in an epoch. */
export function lowestTrained({ unfreezeEvery, epochs }: Pick<Settings, "unfreezeEvery" | "epochs">, epoch: number) {
  if (unfreezeEvery === 0) return 0;
  const parts = Math.max(1, Math.ceil(epochs / unfreezeEvery / 2)); // the second half trains everything
  return Math.max(0, 1 - (1 + Math.floor(epoch / unfreezeEvery)) / parts);
}

/**
 * Every parameter's rate and decay. Weights come from the pixels to the head, whose names are given; rates grow geometrically with
 * depth, and what lies below `lowest` is not trained.
 */
export function groupsOf(
  { ranges }: ParameterMap,
  head: ReadonlySet<string>,
  { rates, weightDecay }: Pick<Settings, "rates" | "weightDecay">,
  factor: number,
  lowest = 0,
): Group[] {
  const layers = ranges.filter(({ name }) => !head.has(name)).length;
  return ranges.flatMap(({ name, dims, start, end }, layer) => {
    const depth = layers > 1 ? layer / (layers - 1) : 1;
    if (!head.has(name) && depth < lowest) return [];
    const rate = head.has(name) ? rates.head : rates.bottom * (rates.top / rates.bottom) ** depth;
    return [{ start, end, rate: rate * factor, weightDecay: dims.length > 1 ? weightDecay : 0 }];
  });
}
