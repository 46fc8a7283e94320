/** Surfaces of goods: how a color becomes a shaded gradient on a round or flat body. */
import type { Random } from "../../core/index.js";
import { glassColor, goodsColor, metalColor, mix, type Rgb, tone, white } from "../color.js";
import { weighted } from "../dice.js";
import type { Pen, Stop } from "../pen.js";

export type Finish = "matte" | "glaze" | "metal" | "glass";

export interface Material {
  readonly finish: Finish;
  readonly color: Rgb;
}

const colorOf: Readonly<Record<Finish, (dice: Random) => Rgb>> = {
  matte: goodsColor,
  glaze: goodsColor,
  metal: metalColor,
  glass: glassColor,
};

/** A finish drawn by weight, in a color that it comes in. */
export function drawMaterial(dice: Random, weights: Readonly<Partial<Record<Finish, number>>>): Material {
  const finish = weighted(dice, weights);
  return { finish, color: colorOf[finish](dice) };
}

/** Shades of a round body from the lit edge to the dark one. */
const roundStops: Readonly<Record<Finish, (color: Rgb) => Stop[]>> = {
  matte: (c) => [
    [0, tone(c, -0.22)],
    [0.28, tone(c, 0.14)],
    [0.6, tone(c, -0.08)],
    [0.93, tone(c, -0.48)],
    [1, tone(c, -0.36)],
  ],
  glaze: (c) => [
    [0, tone(c, -0.3)],
    [0.2, tone(c, 0.12)],
    [0.3, tone(c, 0.3)],
    [0.42, tone(c, 0.05)],
    [0.75, tone(c, -0.2)],
    [0.94, tone(c, -0.5)],
    [1, tone(c, -0.25)],
  ],
  metal: (c) => [
    [0, tone(c, -0.5)],
    [0.1, tone(c, 0.25)],
    [0.24, tone(c, 0.75)],
    [0.36, tone(c, 0.1)],
    [0.55, tone(c, -0.35)],
    [0.7, tone(c, -0.1)],
    [0.84, tone(c, 0.45)],
    [1, tone(c, -0.55)],
  ],
  glass: (c) => [
    [0, tone(c, -0.35), 0.85],
    [0.1, tone(c, 0.3), 0.55],
    [0.22, tone(c, 0.6), 0.5],
    [0.5, tone(c, 0.1), 0.38],
    [0.85, tone(c, -0.15), 0.6],
    [1, tone(c, -0.45), 0.88],
  ],
};

/** The paint of a round body. */
export function roundPaint(pen: Pen, material: Material): string {
  return pen.linear(roundStops[material.finish](material.color));
}

/** The paint of the inside of an opening: dark toward the light, lit on the far side. */
export function hollowPaint(pen: Pen, material: Material): string {
  const see = material.finish === "glass" ? 0.45 : 1;
  const inner = material.finish === "metal" ? mix(material.color, white, 0.15) : material.color;
  return pen.linear(
    [
      [0, tone(inner, -0.62), see],
      [0.55, tone(inner, -0.3), see],
      [1, tone(inner, 0.08), see],
    ],
    "aslant",
  );
}

/** The paint of a flat or padded panel lit from above. */
export function panelPaint(pen: Pen, color: Rgb, depth = 0.3): string {
  return pen.linear(
    [
      [0, tone(color, depth * 0.5)],
      [0.45, color],
      [1, tone(color, -depth)],
    ],
    "aslant",
  );
}

/** A bent rod or tube, such as a handle: dark edge, body, light ridge. */
export function tube(pen: Pen, path: string, color: Rgb, width: number): void {
  pen.stroke(path, tone(color, -0.5), { width: width + 1.4 });
  pen.stroke(path, tone(color, -0.1), { width: width - 0.6 });
  pen.stroke(path, tone(color, 0.45), { width: width * 0.28, opacity: 0.8 });
}
