/** The photograph: the drawing laid over its backdrop, then light, white balance, contrast and the noise of the sensor. */
import { type Random, random } from "../../core/index.js";
import { chance } from "../dice.js";

export interface Exposure {
  /** Brightness at the left, right, top and bottom edge; 1 changes nothing. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** How much the corners darken, in [0, 1]. */
  readonly vignette: number;
  /** Gains of red, green, blue. */
  readonly balance: readonly [number, number, number];
  /** Exponent of the tone curve; below 1 is lighter. */
  readonly gamma: number;
  /** Standard deviation of the noise, of 255. */
  readonly noise: number;
  /** Where in the noise table this picture begins. */
  readonly grain: number;
}

/** Light of shop windows, lamps and phone cameras. */
export function drawExposure(dice: Random): Exposure {
  const slope = dice.between(-0.22, 0.22);
  const fall = dice.between(-0.12, 0.26);
  const warm = dice.between(-0.1, 0.12);
  const level = dice.between(0.9, 1.14);
  return {
    left: level * (1 + slope),
    right: level * (1 - slope),
    top: 1 + fall,
    bottom: 1 - fall,
    vignette: dice.between(0, 0.3),
    balance: [1 + warm, 1 + dice.between(-0.03, 0.03), 1 - warm],
    gamma: dice.between(0.78, 1.12),
    noise: chance(dice, 0.75) ? dice.between(1, 5) : dice.between(5, 10),
    grain: dice.below(1 << 16),
  };
}

let table: Float32Array | undefined;

/** 65,536 standard normal numbers, the same in every run. */
function noiseTable(): Float32Array {
  if (!table) {
    const dice = random(0, "demo noise");
    table = Float32Array.from({ length: 1 << 16 }, () => dice.normal());
  }
  return table;
}

/** Brightness along one axis: from one edge to the other, less toward both. */
function gains(length: number, from: number, to: number, vignette: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const share = i / (length - 1);
    const off = 2 * share - 1;
    return (from + (to - from) * share) * (1 - vignette * off * off * 0.5);
  });
}

/** Light to pixel value, for light up to four times white; the gains of an exposure stay below that. */
function toneCurve(gamma: number): Uint8Array {
  return Uint8Array.from({ length: 1024 }, (_, i) => Math.round(255 * Math.min(1, i / 255) ** gamma));
}

/** Lays RGBA `drawing` over RGB `backdrop` and exposes it, in place of the backdrop; all [height, width, channels]. */
export function expose(
  drawing: Uint8Array,
  backdrop: Uint8Array,
  width: number,
  height: number,
  exposure: Exposure,
): void {
  const [normal, curve] = [noiseTable(), toneCurve(exposure.gamma)];
  const across = gains(width, exposure.left, exposure.right, exposure.vignette);
  const down = gains(height, exposure.top, exposure.bottom, exposure.vignette);
  const [red, green, blue] = exposure.balance;
  const photo = new Uint8ClampedArray(backdrop.buffer, backdrop.byteOffset, backdrop.length);
  const lay = (at: number, from: number, cover: number, gain: number): number => {
    const below = photo[at]!;
    return curve[((below + (drawing[from]! - below) * cover) * gain) & 1023]!;
  };
  for (let y = 0, at = 0, grain = exposure.grain; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3, grain++) {
      const from = (at / 3) * 4;
      const gain = down[y]! * across[x]!;
      const cover = drawing[from + 3]! * (1 / 255);
      const gray = normal[grain & 0xffff]! * exposure.noise * 0.75;
      const tint = normal[(grain * 3 + 977) & 0xffff]! * exposure.noise * 0.5;
      photo[at] = lay(at, from, cover, gain * red) + gray + tint;
      photo[at + 1] = lay(at + 1, from + 1, cover, gain * green) + gray - tint * 0.4;
      photo[at + 2] = lay(at + 2, from + 2, cover, gain * blue) + gray - tint;
    }
  }
}
