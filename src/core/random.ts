/** Seeded pseudo-random numbers: sfc32 (Chris Doty-Humphrey, PractRand), seeded by SHA-256 of a text, so that streams are named. */
import { createHash } from "node:crypto";

export interface Random {
  /** Uniform in [0, 1) with 32 random bits. */
  readonly next: () => number;
  /** Uniform in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** Uniform integer in [0, count). */
  readonly below: (count: number) => number;
  /** Standard normal by Box and Muller. */
  readonly normal: () => number;
  readonly pick: <T>(items: readonly T[]) => T;
  /** A shuffled copy (Fisher and Yates). */
  readonly shuffle: <T>(items: readonly T[]) => T[];
}

/** A generator whose stream follows from the seed and the names alone: `random(7, "split", "train")`. */
export function random(seed: number, ...names: readonly (string | number)[]): Random {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, ...names]))
    .digest();
  const next = sfc32(digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12));
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      if (items.length === 0) throw new RangeError("pick from an empty list");
      return items[below(items.length)]!;
    },
    shuffle: (items) => {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
  };
}

/** The bare sfc32 step; the first 12 numbers mix the seed and are dropped. */
export function sfc32(a: number, b: number, c: number, counter: number): () => number {
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) step();
  return step;
}
