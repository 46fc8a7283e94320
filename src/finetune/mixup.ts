/** Mixup (Zhang 2018, 1710.09412): each image with another, and their labels alike. Of frozen activations: Verma 2019, 1806.05236. */
import { decodeFloat16, encodeFloat16 } from "../core/index.js";
import type { Tensor } from "../onnx/index.js";

export interface Mixture {
  /** For each image of the batch the one that it is mixed with. */
  readonly partners: readonly number[];
  /** Of the image itself. */
  readonly share: number;
}

/** Rows of pixels or half-precision activations, mixed; null leaves them alone. */
export function mixInput(input: Tensor, mixture: Mixture | null): Tensor {
  if (mixture === null) return input;
  if (input.type === "uint8") return { ...input, data: mixRows(input.data, mixture, Number, Math.round) };
  if (input.type === "float16") return { ...input, data: mixRows(input.data, mixture, decodeFloat16, encodeFloat16) };
  throw new TypeError(`cannot mix ${input.type}`);
}

function mixRows<T extends Uint8Array | Uint16Array>(
  rows: T,
  { partners, share }: Mixture,
  read: (stored: number) => number,
  write: (value: number) => number,
): T {
  const mixed = rows.slice() as T;
  const width = rows.length / partners.length;
  for (const [row, partner] of partners.entries())
    for (let i = 0; i < width; i++) {
      const [own, other] = [read(rows[row * width + i]!), read(rows[partner * width + i]!)];
      mixed[row * width + i] = write(share * own + (1 - share) * other);
    }
  return mixed;
}

/** Distributions over the classes, [n, classes]. */
export function mixTargets(labels: readonly number[], classes: number, mixture: Mixture | null): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  const add = (row: number, label: number, share: number): void => {
    targets[row * classes + label]! += share;
  };
  for (const [row, label] of labels.entries()) {
    add(row, label, mixture?.share ?? 1);
    if (mixture) add(row, labels[mixture.partners[row]!]!, 1 - mixture.share);
  }
  return targets;
}
