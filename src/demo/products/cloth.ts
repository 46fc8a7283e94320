/** Woven and printed cloth: stripes, checks, dots, flowers and chest prints, and the folds of worn fabric. */
import type { Random } from "../../core/index.js";
import { contrast, hsl, ink, type Rgb, tone, white } from "../color.js";
import { ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance, repeat } from "../dice.js";
import type { Pen } from "../pen.js";
import { motifPath } from "./turned.js";

export type Print = "plain" | "stripes" | "pinstripes" | "checks" | "dots" | "flowers" | "chest" | "halves";

/** The half width and height of the area that prints must fill, around the origin. */
const reach = 72;

type DrawPrint = (pen: Pen, dice: Random, color: Rgb) => void;

const prints: Readonly<Record<Exclude<Print, "plain">, DrawPrint>> = {
  stripes: (pen, dice, color) => {
    const [gap, share] = [dice.between(8, 22), dice.between(0.25, 0.6)];
    const lines = repeat(
      Math.ceil((2 * reach) / gap),
      (i) => `M-90 ${round(-reach + i * gap)}q90 ${round(dice.between(2, 5))} 180 0`,
    );
    pen.stroke(lines.join(""), color, { width: gap * share, opacity: 0.85 });
  },
  pinstripes: (pen, dice, color) => {
    const gap = dice.between(4.5, 9);
    const lines = repeat(Math.ceil((2 * reach) / gap), (i) => `M${round(-reach + i * gap)} -90v180`);
    pen.stroke(lines.join(""), color, { width: dice.between(0.7, 2), opacity: 0.65 });
  },
  checks: (pen, dice, color) => {
    const [gap, width] = [dice.between(9, 20), dice.between(2, 6)];
    const count = Math.ceil((2 * reach) / gap);
    pen.stroke(repeat(count, (i) => `M${round(-reach + i * gap)} -90v180`).join(""), color, { width, opacity: 0.45 });
    pen.stroke(repeat(count, (i) => `M-90 ${round(-reach + i * gap)}h180`).join(""), color, { width, opacity: 0.45 });
  },
  dots: (pen, dice, color) => {
    const [gap, size] = [dice.between(11, 19), dice.between(1.4, 3.4)];
    const count = Math.ceil((2 * reach) / gap);
    const spots = repeat(count * count, (i) => {
      const [row, column] = [Math.floor(i / count), i % count];
      return ellipse(-reach + (column + (row % 2) / 2) * gap, -reach + row * gap, size, size);
    });
    pen.fill(spots.join(""), color, 0.85);
  },
  flowers: (pen, dice, color) => {
    const spots = repeat(16, (): Point => [dice.between(-reach * 0.8, reach * 0.8), dice.between(-reach, reach)]);
    const size = dice.between(3, 6);
    const petals = spots.flatMap(([x, y]) =>
      [0, 1.26, 2.51, 3.77, 5.03].map((a) =>
        ellipse(x + Math.cos(a) * size, y + Math.sin(a) * size, size * 0.66, size * 0.66),
      ),
    );
    pen.fill(petals.join(""), color, 0.9);
    pen.fill(spots.map(([x, y]) => ellipse(x, y, size * 0.5, size * 0.5)).join(""), tone(color, -0.5));
  },
  chest: (pen, dice, color) =>
    pen.fill(motifPath(dice, dice.between(-4, 4), dice.between(-26, -4), dice.between(10, 23)), color, 0.9),
  halves: (pen, dice, color) => {
    const y = dice.between(-30, 25);
    pen.fill(
      polygon([
        [-90, y],
        [90, y],
        [90, 95],
        [-90, 95],
      ]),
      color,
      0.9,
    );
  },
};

/** Prints a cloth inside its outline. */
export function drawPrint(pen: Pen, dice: Random, outline: string, cloth: Rgb, print: Print): void {
  if (print === "plain") return;
  const color = contrast(dice, cloth);
  pen.inside(outline, () => prints[print](pen, dice, color));
}

/** Creases: soft dark valleys with light ridges beside them. */
export function drawFolds(pen: Pen, dice: Random, width: number, top: number, bottom: number): void {
  const lines = repeat(3 + dice.below(3), (): Point[] => {
    const [x, lean] = [dice.between(-0.8, 0.8) * width, dice.between(-14, 14)];
    const from = dice.between(top + 20, bottom - 20);
    const to = from + dice.between(20, 60);
    return [
      [x, from],
      [x + lean * 0.2, (from + to) / 2],
      [x + lean, Math.min(to, bottom - 3)],
    ];
  });
  const path = (shift: number): string =>
    lines.map((points) => smooth(points.map(([x, y]): Point => [x + shift, y]))).join("");
  pen.stroke(path(0), ink, { width: 4.6, opacity: 0.09 });
  pen.stroke(path(0.8), ink, { width: 1.7, opacity: 0.15 });
  pen.stroke(path(pen.light * 2.6), white, { width: 2, opacity: 0.16 });
}

/** Any color a garment is dyed in; a third are pale. */
export function clothColor(dice: Random): Rgb {
  if (chance(dice, 0.34)) return hsl(dice.between(0, 360), dice.between(0, 0.3), dice.between(0.8, 0.95));
  if (chance(dice, 0.25)) return hsl(dice.between(200, 240), dice.between(0, 0.4), dice.between(0.12, 0.3));
  return hsl(dice.between(0, 360), dice.between(0.15, 0.65), dice.between(0.25, 0.7));
}
