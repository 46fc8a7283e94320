/** The trained weights of a network as one run of numbers, so that an optimizer is one loop. */
import { Fault, quoteName } from "../core/index.js";

export interface ParameterRange {
  readonly name: string;
  readonly dims: readonly number[];
  /** First of its numbers, and the one after the last. */
  readonly start: number;
  readonly end: number;
}

/** Which numbers belong to which weight, from the pixels to the head. */
export class ParameterMap {
  readonly ranges: readonly ParameterRange[];
  /** All numbers together. */
  readonly length: number;

  constructor(weights: Iterable<readonly [name: string, dims: readonly number[]]>) {
    let start = 0;
    this.ranges = [...weights].map(([name, dims]) => {
      const end = start + dims.reduce((size, length) => size * length, 1);
      const range = { name, dims, start, end };
      start = end;
      return range;
    });
    this.length = start;
  }

  /** Memory that the engine's threads see too: weights are handed to them without a copy here. */
  make(): Float32Array {
    return new Float32Array(new SharedArrayBuffer(this.length * 4));
  }

  /** The weights by name, in the memory of `flat`. */
  views(flat: Float32Array): Map<string, Float32Array> {
    return new Map(this.ranges.map(({ name, start, end }) => [name, flat.subarray(start, end)]));
  }

  /** Copies weights into `flat`. Throws `internal` where one is missing or of another size. */
  fill(flat: Float32Array, weights: ReadonlyMap<string, Float32Array>): void {
    for (const { name, start, end } of this.ranges) {
      const values = weights.get(name);
      if (values?.length !== end - start)
        throw new Fault("internal", {
          what: `the weight ${quoteName(name)}`,
          expected: `${end - start} numbers`,
          got: String(values?.length),
        });
      flat.set(values, start);
    }
  }
}
