/** Blouses: the same pattern with billowing or bell sleeves, a waist, and bows, ruffles or round collars. */
import type { Random } from "../../core/index.js";
import { contrast, type Rgb, tone, white } from "../color.js";
import { box, type Point, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { type Cut, onBothSides } from "./garment.js";
import type { Painter } from "./product.js";
import { drawCollar, drawCut, drawPlacket, drawUpper, type Weights } from "./upper.js";

const blouseSleeve = (dice: Random): Cut["sleeve"] =>
  chance(dice, 0.5)
    ? {
        length: dice.between(34, 66),
        angle: dice.between(0.55, 1.1),
        cuff: dice.between(12, 20),
        puff: dice.between(20, 36),
      }
    : {
        length: dice.between(56, 92),
        angle: dice.between(0.7, 1.2),
        cuff: dice.between(34, 50),
        puff: dice.between(-8, 4),
      };

type BlouseFront = "bow" | "ruffle" | "buttons" | "pan" | "bare" | "collar";

/** What a blouse wears at the neck. */
const blouseFronts: Readonly<Record<BlouseFront, (pen: Pen, dice: Random, cloth: Rgb, cut: Cut) => void>> = {
  bare: (pen, _dice, cloth, cut) =>
    pen.stroke(`M0 ${round(cut.top + cut.drop)}v${round(cut.drop * 0.5)}`, tone(cloth, -0.6), {
      width: 1,
      opacity: 0.6,
    }),
  buttons: (pen, dice, cloth, cut) => drawPlacket(pen, dice, cloth, cut.top + cut.drop, cut.bottom),
  collar: (pen, dice, cloth, cut) => {
    drawPlacket(pen, dice, cloth, cut.top + cut.drop, cut.bottom);
    drawCollar(pen, dice, cloth, cut.neck, cut.top);
  },
  bow: (pen, dice, cloth, { top, drop }) => {
    const ribbon = chance(dice, 0.5) ? contrast(dice, cloth) : tone(cloth, -0.2);
    const y = top + drop;
    const loops = `${smooth(
      [
        [0, y],
        [22, y - 12],
        [24, y + 10],
      ],
      true,
    )}${smooth(
      [
        [0, y],
        [-22, y - 12],
        [-24, y + 10],
      ],
      true,
    )}`;
    const tails = polygon([
      [-2, y],
      [-10, y + 36],
      [-3, y + 38],
      [1, y + 4],
      [6, y + 40],
      [13, y + 36],
      [3, y],
    ]);
    pen.fill(`${tails}${loops}`, ribbon);
    pen.stroke(`${tails}${loops}`, tone(cloth, -0.6), { width: 1, opacity: 0.6 });
  },
  ruffle: (pen, dice, cloth, { top, drop, bottom }) => {
    const [from, wide] = [top + drop, dice.between(6, 12)];
    const wave = repeat(12, (i): Point => [i % 2 ? wide : wide * 0.5, from + (i * (bottom - from - 20)) / 12]);
    const path = smooth([...wave, ...wave.toReversed().map(([x, y]): Point => [-x, y])], true, 0.9);
    pen.fill(path, chance(dice, 0.4) ? white : tone(cloth, 0.25));
    pen.stroke(path, tone(cloth, -0.55), { width: 1, opacity: 0.5 });
  },
  pan: (pen, dice, cloth, { neck, top }) => {
    const color = chance(dice, 0.6) ? white : tone(cloth, 0.1);
    const leaf = smooth(
      [
        [0, top + 12],
        [neck * 0.7, top + 6],
        [neck + 2, top - 3],
        [neck + 13, top + 8],
        [neck * 0.9, top + 24],
        [4, top + 22],
      ],
      true,
      0.8,
    );
    onBothSides(pen, () => {
      pen.fill(leaf, color);
      pen.stroke(leaf, tone(cloth, -0.6), { width: 1, opacity: 0.6 });
    });
  },
};

export const drawBlouse: Painter = (pen, dice, stance) => {
  const weights: Weights = { plain: 3.4, flowers: 2.4, dots: 1.8, pinstripes: 0.4, stripes: 0.2, checks: 0.2 };
  const front = weighted<BlouseFront>(dice, { bow: 2.4, ruffle: 2, buttons: 0.4, pan: 2, bare: 0.5, collar: 0.3 });
  const pointed = front !== "pan" && chance(dice, 0.5);
  const chest = dice.between(35, 44);
  const waist = chest * dice.between(0.66, 0.88);
  const cut = drawCut(dice, {
    sleeve: blouseSleeve(dice),
    drop: dice.between(12, 26),
    pointed,
    chest,
    waist,
    shoulder: chest * dice.between(0.8, 0.95),
    hem: waist * dice.between(1.15, 1.55),
    bottom: dice.between(30, 56),
  });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    if (chance(dice, 0.5)) pen.fill(box(-waist, 4, 2 * waist, 7, 2), tone(cloth, -0.4), 0.8);
    blouseFronts[front](pen, dice, cloth, cut);
  });
};
