/** Colors of goods and materials, as sRGB triples. Palettes are shared between the classes, so that color alone tells nothing. */
import type { Random } from "../core/index.js";
import { chance } from "./dice.js";

/** Red, green, blue in [0, 255]. */
export type Rgb = readonly [number, number, number];

export const white: Rgb = [250, 249, 246];
export const ink: Rgb = [28, 26, 28];

/** Hue in degrees, saturation and lightness in [0, 1] (CSS Color 4). */
export function hsl(hue: number, saturation: number, light: number): Rgb {
  const reach = saturation * Math.min(light, 1 - light);
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12;
    return 255 * (light - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

/** a at 0, b at 1. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** Darker below 0 (-1 is black), lighter above 0 (1 is white). */
export function tone(color: Rgb, amount: number): Rgb {
  return amount < 0 ? mix(color, [8, 6, 10], -amount) : mix(color, [255, 253, 250], amount);
}

/** "#rrggbb". */
export function css(color: Rgb): string {
  const digits = (value: number): string =>
    Math.round(Math.min(255, Math.max(0, value)))
      .toString(16)
      .padStart(2, "0");
  return `#${color.map(digits).join("")}`;
}

/** Relative lightness in [0, 1], enough to choose a contrasting color. */
export function lightness(color: Rgb): number {
  return (0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]) / 255;
}

/** Any color goods are sold in: a quarter neutral, the rest muted to vivid. */
export function goodsColor(dice: Random): Rgb {
  if (chance(dice, 0.3))
    return hsl(dice.between(20, 60), dice.between(0, 0.25), dice.pick([0.93, 0.85, 0.6, 0.35, 0.16]));
  return hsl(dice.between(0, 360), dice.between(0.2, 0.72), dice.between(0.28, 0.72));
}

/** A color that stands out from `color`. */
export function contrast(dice: Random, color: Rgb): Rgb {
  if (chance(dice, 0.4)) return lightness(color) > 0.5 ? tone(color, -0.65) : tone(color, 0.75);
  return hsl(dice.between(0, 360), dice.between(0.3, 0.8), lightness(color) > 0.5 ? 0.3 : 0.75);
}

/** Tanned, dyed or suede leather. */
export function leatherColor(dice: Random): Rgb {
  if (chance(dice, 0.25)) return goodsColor(dice);
  return hsl(dice.between(12, 36), dice.between(0.15, 0.6), dice.between(0.1, 0.5));
}

/** Steel, brass, copper or black iron. */
export function metalColor(dice: Random): Rgb {
  return dice.pick<Rgb>([
    hsl(dice.between(200, 230), 0.05, dice.between(0.55, 0.75)),
    hsl(dice.between(38, 46), 0.45, 0.52),
    hsl(dice.between(14, 22), 0.5, 0.5),
    hsl(220, 0.05, dice.between(0.14, 0.24)),
  ]);
}

/** From birch to walnut. */
export function woodColor(dice: Random): Rgb {
  return hsl(dice.between(18, 38), dice.between(0.25, 0.55), dice.between(0.22, 0.68));
}

/** Clear, green, brown or blue glass. */
export function glassColor(dice: Random): Rgb {
  return hsl(dice.pick([25, 95, 140, 200, 215]), dice.between(0.1, 0.6), dice.between(0.25, 0.7));
}
