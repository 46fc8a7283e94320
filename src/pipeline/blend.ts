/** A tuned network beside the frozen ones: the mean of their logits, as one head on the features of both. */
import type { Branch, Recipe } from "../backbone/index.js";
import { fitTemperature } from "../calibrate/index.js";
import type { HeadWeights } from "../finetune/index.js";

/** Logits [images, classes] at their best temperature: models differ in how sure they are, and calibration takes that away. */
export interface Cooled {
  readonly logits: Float32Array;
  readonly temperature: number;
  /** Mean negative log-likelihood. */
  readonly loss: number;
}

export function cool(logits: Float32Array, labels: Int32Array, classes: number): Cooled {
  const { temperature, nllAfter } = fitTemperature(logits, labels, classes, 1 / (labels.length + 2));
  return { logits: logits.map((logit) => logit / temperature), temperature, loss: nllAfter };
}

/** The frozen networks' recipe, and the tuned network as one more branch of it. */
export function blendedRecipe(frozen: Recipe, tuned: Branch): Recipe {
  return { ...frozen, branches: [...frozen.branches, tuned] };
}

/** Weights of the tuned network that are tried: few, since they are chosen by photographs that the report shows too. */
const shares: readonly number[] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

/** The weight of the tuned network's logits, in (0, 1), at which the mean of both has the least log loss; both as `cool` gives them. */
export function chooseShare(frozen: Cooled, tuned: Cooled, labels: Int32Array, classes: number): number {
  const losses = shares.map((share) => {
    const mean = frozen.logits.map((logit, i) => (1 - share) * logit + share * tuned.logits[i]!);
    return cool(mean, labels, classes).loss;
  });
  return shares[losses.indexOf(Math.min(...losses))]!;
}

export interface BlendPart {
  readonly head: HeadWeights;
  readonly temperature: number;
}

/** The head on the features of both, the tuned network's last, whose logits are the weighted mean of the cooled logits of both. */
export function blendHeads(frozen: BlendPart, tuned: BlendPart, share: number): HeadWeights {
  const [a, b] = [(1 - share) / frozen.temperature, share / tuned.temperature];
  const classes = frozen.head.bias.length;
  const widths = [frozen.head.weight.length / classes, tuned.head.weight.length / classes] as const;
  const width = widths[0] + widths[1];
  const weight = new Float32Array(classes * width);
  for (let k = 0; k < classes; k++) {
    const row = k * width;
    for (let i = 0; i < widths[0]; i++) weight[row + i] = a * frozen.head.weight[k * widths[0] + i]!;
    for (let i = 0; i < widths[1]; i++) weight[row + widths[0] + i] = b * tuned.head.weight[k * widths[1] + i]!;
  }
  return { weight, bias: frozen.head.bias.map((bias, k) => a * bias + b * tuned.head.bias[k]!) };
}
