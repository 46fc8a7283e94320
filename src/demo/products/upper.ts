/** What upper garments share: the cut, the way they are laid out, prints, and the parts sewn on in front. */
import { type Random, random } from "../../core/index.js";
import { contrast, type Rgb, tone, white } from "../color.js";
import { ellipse, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { clothColor, drawPrint, type Print } from "./cloth.js";
import {
  bodyPath,
  type Cut,
  drawFoldedCloth,
  drawGarment,
  drawHanger,
  drawSeams,
  onBothSides,
  sleevePath,
} from "./garment.js";
import type { Extent, Stance } from "./product.js";

/** How often each print is chosen. */
export type Weights = Readonly<Partial<Record<Print, number>>>;

/** Lengths and widths that all three share. */
export function drawCut(dice: Random, own: Partial<Cut> & Pick<Cut, "sleeve" | "drop" | "pointed">): Cut {
  const chest = dice.between(38, 48);
  return {
    neck: dice.between(13, 18),
    shoulder: chest * dice.between(0.88, 1.02),
    chest,
    waist: chest * dice.between(0.86, 1),
    hem: chest * dice.between(0.9, 1.1),
    top: -62,
    bottom: dice.between(52, 72),
    ...own,
  };
}

/** A garment laid out, on its hanger where it hangs, with what its kind adds in front. */
export function drawUpper(
  pen: Pen,
  dice: Random,
  stance: Stance,
  cut: Cut,
  weights: Weights,
  front: (cloth: Rgb) => void,
): Extent {
  const cloth = clothColor(dice);
  const rise = stance === "hang" ? drawHanger(pen, dice, cut) : 4;
  const print = drawPrintOnce(pen, dice, cloth, weights);
  drawGarment(pen, dice, cut, cloth, print);
  drawSeams(pen, cut, cloth);
  front(cloth);
  const reach = Math.max(cut.hem, cut.shoulder + Math.cos(cut.sleeve.angle) * cut.sleeve.length);
  const low = Math.max(cut.bottom + 4, cut.top + Math.sin(cut.sleeve.angle) * cut.sleeve.length + 22);
  const outline = `${bodyPath(cut)}${sleevePath(cut)}`;
  return { left: -reach, right: reach, top: cut.top - rise, bottom: low, outline };
}

/** One print for body and sleeves: the same colors and spacing wherever it is drawn; chest prints go on the body, which comes last. */
function drawPrintOnce(pen: Pen, dice: Random, cloth: Rgb, weights: Weights): (outline: string) => void {
  const kind = weighted(dice, weights);
  const roll = dice.below(2 ** 31);
  const onBody = kind === "chest" || kind === "halves";
  let calls = 0;
  return (outline) => {
    calls++;
    if (!onBody || calls > 1) drawPrint(pen, random(roll, "print"), outline, cloth, kind);
  };
}

/** A folded garment with what its kind shows at the neck. */
export function drawFolded(pen: Pen, dice: Random, weights: Weights, neck: (cloth: Rgb) => void): Extent {
  const cloth = clothColor(dice);
  const outline = drawFoldedCloth(pen, dice, cloth, (path) =>
    drawPrint(pen, dice, path, cloth, weighted(dice, weights)),
  );
  pen.placed("translate(0 6)", () => neck(cloth));
  return { left: -56, right: 56, top: -70, bottom: 76, outline };
}

/** Buttons down a placket from y to y. */
export function drawPlacket(pen: Pen, dice: Random, cloth: Rgb, from: number, to: number): void {
  const lines = `M-4 ${round(from)}V${round(to)}M4 ${round(from)}V${round(to)}`;
  pen.stroke(lines, tone(cloth, -0.6), { width: 1, opacity: 0.6 });
  const count = 4 + dice.below(4);
  const spots = repeat(count, (i) => ellipse(0, from + ((i + 0.6) * (to - from)) / count, 2.2, 2.2));
  pen.fill(spots.join(""), chance(dice, 0.6) ? tone(white, -0.08) : contrast(dice, cloth));
  pen.stroke(spots.join(""), tone(cloth, -0.7), { width: 0.6, opacity: 0.7 });
}

/** Two collar leaves that meet at the throat. */
export function drawCollar(pen: Pen, dice: Random, cloth: Rgb, neck: number, top: number): void {
  const color = chance(dice, 0.2) ? white : tone(cloth, 0.12);
  const length = dice.between(18, 28);
  const leaf = polygon([
    [-1, top + 11],
    [neck + 1, top - 5],
    [neck + 5, top + 3],
    [neck * 0.72, top + length + 4],
  ]);
  const paint = pen.linear(
    [
      [0, tone(color, 0.12)],
      [1, tone(color, -0.26)],
    ],
    "down",
  );
  onBothSides(pen, () => {
    pen.fill(leaf, paint);
    pen.stroke(leaf, tone(cloth, -0.65), { width: 1, opacity: 0.6 });
  });
}

/** The ribbed edge of a round or pointed neckline. */
export function drawNeckRib(pen: Pen, cloth: Rgb, neck: number, top: number, drop: number, pointed: boolean): void {
  const path = pointed
    ? polygon(
        [
          [-neck, top],
          [0, top + drop],
          [neck, top],
        ],
        false,
      )
    : smooth([
        [-neck, top],
        [-neck * 0.55, top + drop * 0.82],
        [0, top + drop],
        [neck * 0.55, top + drop * 0.82],
        [neck, top],
      ]);
  pen.stroke(path, tone(cloth, -0.22), { width: 4.4 });
  pen.stroke(path, tone(cloth, 0.12), { width: 1.2, opacity: 0.5 });
}

/** A patch pocket on the chest. */
export function drawPocket(pen: Pen, cloth: Rgb): void {
  const path = polygon([
    [12, -36],
    [30, -36],
    [30, -17],
    [21, -12],
    [12, -17],
  ]);
  pen.fill(path, tone(cloth, 0.06), 0.6);
  pen.stroke(path, tone(cloth, -0.6), { width: 0.9, opacity: 0.6 });
}
