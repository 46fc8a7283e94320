/** Data and measures that the tests of the head share. */
import { encodeFloat16Array, type HalfMatrix, random } from "../core/index.js";
import { logitLosses } from "../metrics/index.js";
import type { HeadOptions } from "./index.js";

export interface Clouds extends HeadOptions {
  /** The only view. */
  readonly features: HalfMatrix;
}

/** Rows of `classes` clouds; `distance` 0 leaves nothing to learn. */
export function drawClouds(rows: number, width: number, classes: number, distance: number, seed: number): Clouds {
  const generator = random(seed, "clouds");
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const data = Float64Array.from({ length: rows * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    return generator.normal() + (column % classes === labels[row] ? distance : 0);
  });
  const groups = Array.from({ length: rows }, (_, row) => `photo ${row}`);
  const features = { rows, width, data: encodeFloat16Array(data) };
  return { features, views: [features], labels, classes, groups, seed: 1, threads: 1 };
}

export function meanLoss(logits: Float32Array, labels: Int32Array, classes: number): number {
  return logitLosses(logits, labels, classes).reduce((a, b) => a + b, 0) / labels.length;
}

export function centered(logits: ArrayLike<number>, classes: number): number[] {
  return Array.from(logits, (value, at) => {
    const from = at - (at % classes);
    let mean = 0;
    for (let k = 0; k < classes; k++) mean += logits[from + k]! / classes;
    return value - mean;
  });
}
