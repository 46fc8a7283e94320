/** Fittings and light in the picture: shelf boards and their tags, rails, glare and hard shadows. */
import type { Random } from "../../core/index.js";
import { hsl, ink, metalColor, tone, white, woodColor } from "../color.js";
import { box, type Point, polygon, round } from "../curve.js";
import { chance, repeat } from "../dice.js";
import type { Pen } from "../pen.js";

/** The picture's size and the row on which things stand. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly ground: number;
}

/** The dark line where a wall meets a surface. */
export function drawCrease(pen: Pen, { width, height }: Frame, horizon: number): void {
  const reach = height * 0.05;
  pen.fill(
    box(-4, horizon - reach * 0.3, width + 8, reach * 1.3),
    pen.linear(
      [
        [0, ink, 0],
        [0.23, ink, 0.42],
        [1, ink, 0],
      ],
      "down",
    ),
  );
}

/** The board that a product stands on, with its front edge, and the shade of the one above. */
export function drawShelf(pen: Pen, dice: Random, { width, height, ground }: Frame): void {
  const color = chance(dice, 0.6) ? woodColor(dice) : hsl(210, 0.05, dice.between(0.3, 0.92));
  const [top, edge] = [ground - dice.between(0.06, 0.16) * height, ground + dice.between(0.03, 0.08) * height];
  const thick = dice.between(0.03, 0.06) * height;
  pen.fill(
    box(-4, top, width + 8, edge - top),
    pen.linear(
      [
        [0, tone(color, -0.35)],
        [1, tone(color, 0.05)],
      ],
      "down",
    ),
  );
  pen.fill(
    box(-4, edge, width + 8, thick),
    pen.linear(
      [
        [0, tone(color, 0.3)],
        [0.2, color],
        [1, tone(color, -0.35)],
      ],
      "down",
    ),
  );
  pen.fill(
    box(-4, edge + thick, width + 8, height),
    pen.linear(
      [
        [0, ink, 0.75],
        [0.5, ink, 0.5],
        [1, ink, 0.35],
      ],
      "down",
    ),
  );
  if (chance(dice, 0.5)) {
    const y = dice.between(0, 0.1) * height;
    pen.fill(box(-4, -4, width + 8, y), color);
    pen.fill(
      box(-4, y, width + 8, height * 0.22),
      pen.linear(
        [
          [0, ink, 0.55],
          [1, ink, 0],
        ],
        "down",
      ),
    );
  }
  if (chance(dice, 0.3)) drawShelfTag(pen, dice, dice.between(0.1, 0.8) * width, edge, width * 0.15, thick * 1.2);
}

/** A paper tag with bars, as on the edge of a shelf. */
export function drawShelfTag(pen: Pen, dice: Random, x: number, y: number, width: number, height: number): void {
  const paper = chance(dice, 0.7) ? white : hsl(dice.pick([50, 5, 130]), 0.85, 0.6);
  pen.fill(box(x + 2, y + 2, width, height, 2), ink, 0.3);
  pen.fill(box(x, y, width, height, 2), paper);
  const bars = repeat(
    9,
    (i) => `M${round(x + width * (0.1 + i * 0.05))} ${round(y + height * 0.3)}v${round(height * 0.45)}`,
  );
  pen.stroke(bars.join(""), ink, { width: width * 0.02 });
  pen.fill(
    box(x + width * 0.62, y + height * 0.25, width * 0.3, height * 0.5, 1),
    dice.pick([ink, hsl(5, 0.8, 0.45), hsl(210, 0.6, 0.35)]),
  );
}

/** The rail that hangers hang from. */
export function drawRail(pen: Pen, dice: Random, { width }: Frame, y: number): void {
  const metal = metalColor(dice);
  const path = `M-9 ${round(y)}H${width + 9}`;
  pen.stroke(path, tone(metal, -0.6), { width: 8 });
  pen.stroke(path, metal, { width: 6 });
  pen.stroke(`M-9 ${round(y - 1.5)}H${width + 9}`, white, { width: 1.4, opacity: 0.7 });
}

/** A reflection on glass or film across the picture, or the hard edge of a shadow or of sunlight. */
export function drawGlare(pen: Pen, dice: Random, { width, height }: Frame): void {
  const [x, wide, lean] = [
    dice.between(-0.2, 1) * width,
    dice.between(0.1, 0.5) * width,
    dice.between(-0.6, 0.6) * height,
  ];
  const band: Point[] = [
    [x, -5],
    [x + wide, -5],
    [x + wide + lean, height + 5],
    [x + lean, height + 5],
  ];
  const bright = chance(dice, 0.5);
  pen.fill(polygon(band), bright ? white : ink, bright ? dice.between(0.08, 0.3) : dice.between(0.12, 0.38));
}
