/** T-shirts, shirts and blouses: one pattern, told apart by collar, placket and sleeves; hung, laid flat or folded. */
import type { Random } from "../../core/index.js";
import { contrast, type Rgb, tone, white } from "../color.js";
import { box, ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { clothColor, drawPrint, type Print } from "./cloth.js";
import { bodyPath, type Cut, drawFoldedCloth, drawGarment, drawHanger, drawSeams, onBothSides, sleevePath } from "./garment.js";
import type { Extent, Painter, Stance } from "./product.js";

type Weights = Readonly<Partial<Record<Print, number>>>;

/** Lengths and widths that all three share. */
function drawCut(dice: Random, own: Partial<Cut> & Pick<Cut, "sleeve" | "drop" | "pointed">): Cut {
  const chest = dice.between(38, 48);
  return { neck: dice.between(13, 18), shoulder: chest * dice.between(0.88, 1.02), chest, waist: chest * dice.between(0.86, 1), hem: chest * dice.between(0.9, 1.1), top: -62, bottom: dice.between(52, 72), ...own };
}

const shortSleeve = (dice: Random): Cut["sleeve"] => ({ length: dice.between(26, 42), angle: dice.between(0.35, 0.95), cuff: dice.between(21, 28), puff: dice.between(0, 5) });
const longSleeve = (dice: Random): Cut["sleeve"] => ({ length: dice.between(88, 112), angle: dice.between(0.95, 1.42), cuff: dice.between(13, 19), puff: dice.between(2, 8) });
const blouseSleeve = (dice: Random): Cut["sleeve"] =>
  chance(dice, 0.5)
    ? { length: dice.between(34, 66), angle: dice.between(0.55, 1.1), cuff: dice.between(12, 20), puff: dice.between(20, 36) }
    : { length: dice.between(56, 92), angle: dice.between(0.7, 1.2), cuff: dice.between(34, 50), puff: dice.between(-8, 4) };

/** A garment laid out, on its hanger where it hangs, with what its kind adds in front. */
function drawUpper(pen: Pen, dice: Random, stance: Stance, cut: Cut, weights: Weights, front: (cloth: Rgb) => void): Extent {
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

/** The same print on the body and the sleeves, without drawing its colors anew. */
function drawPrintOnce(pen: Pen, dice: Random, cloth: Rgb, weights: Weights): (outline: string) => void {
  const kind = weighted(dice, weights);
  const everywhere = kind !== "chest" && kind !== "halves";
  let calls = 0;
  return (outline) => {
    calls++;
    if (everywhere || calls > 1) drawPrint(pen, dice, outline, cloth, { [kind]: 1 });
  };
}

/** A folded garment with what its kind shows at the neck. */
function drawFolded(pen: Pen, dice: Random, weights: Weights, neck: (cloth: Rgb) => void): Extent {
  const cloth = clothColor(dice);
  const outline = drawFoldedCloth(pen, dice, cloth, (path) => drawPrint(pen, dice, path, cloth, weights));
  pen.placed("translate(0 6)", () => neck(cloth));
  return { left: -56, right: 56, top: -70, bottom: 76, outline };
}

/** Buttons down a placket from y to y. */
function drawPlacket(pen: Pen, dice: Random, cloth: Rgb, from: number, to: number): void {
  const lines = `M-4 ${round(from)}V${round(to)}M4 ${round(from)}V${round(to)}`;
  pen.stroke(lines, tone(cloth, -0.6), { width: 1, opacity: 0.6 });
  const count = 4 + dice.below(4);
  const spots = repeat(count, (i) => ellipse(0, from + ((i + 0.6) * (to - from)) / count, 2.2, 2.2));
  pen.fill(spots.join(""), chance(dice, 0.6) ? tone(white, -0.08) : contrast(dice, cloth));
  pen.stroke(spots.join(""), tone(cloth, -0.7), { width: 0.6, opacity: 0.7 });
}

/** Two collar leaves that meet at the throat. */
function drawCollar(pen: Pen, dice: Random, cloth: Rgb, neck: number, top: number): void {
  const color = chance(dice, 0.2) ? white : tone(cloth, 0.12);
  const length = dice.between(18, 28);
  const leaf = polygon([[-1, top + 11], [neck + 1, top - 5], [neck + 5, top + 3], [neck * 0.72, top + length + 4]]);
  const paint = pen.linear([[0, tone(color, 0.12)], [1, tone(color, -0.26)]], "down");
  onBothSides(pen, () => {
    pen.fill(leaf, paint);
    pen.stroke(leaf, tone(cloth, -0.65), { width: 1, opacity: 0.6 });
  });
}

/** The ribbed edge of a round or pointed neckline. */
function drawNeckRib(pen: Pen, cloth: Rgb, neck: number, top: number, drop: number, pointed: boolean): void {
  const path = pointed ? polygon([[-neck, top], [0, top + drop], [neck, top]], false) : smooth([[-neck, top], [-neck * 0.55, top + drop * 0.82], [0, top + drop], [neck * 0.55, top + drop * 0.82], [neck, top]]);
  pen.stroke(path, tone(cloth, -0.22), { width: 4.4 });
  pen.stroke(path, tone(cloth, 0.12), { width: 1.2, opacity: 0.5 });
}

function drawPocket(pen: Pen, cloth: Rgb): void {
  const path = polygon([[12, -36], [30, -36], [30, -17], [21, -12], [12, -17]]);
  pen.fill(path, tone(cloth, 0.06), 0.6);
  pen.stroke(path, tone(cloth, -0.6), { width: 0.9, opacity: 0.6 });
}

export const drawTshirt: Painter = (pen, dice, stance) => {
  const weights: Weights = { plain: 3, chest: 4, stripes: 1.6, halves: 0.5, dots: 0.15, flowers: 0.15 };
  const [pointed, drop] = [chance(dice, 0.25), dice.between(9, 17)];
  const depth = pointed ? drop * 1.7 : drop;
  if (stance === "lie" && chance(dice, 0.2)) {
    return drawFolded(pen, dice, weights, (cloth) => {
      pen.fill(ellipse(0, -58, 15, 8), tone(cloth, -0.5));
      drawNeckRib(pen, cloth, 15, -60, depth, pointed);
    });
  }
  const cut = drawCut(dice, { sleeve: chance(dice, 0.92) ? shortSleeve(dice) : longSleeve(dice), drop: depth, pointed });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    drawNeckRib(pen, cloth, cut.neck, cut.top, depth, pointed);
    if (chance(dice, 0.12)) drawPlacket(pen, dice, cloth, cut.top + depth, cut.top + depth + 30);
    if (chance(dice, 0.15)) drawPocket(pen, cloth);
  });
};

export const drawShirt: Painter = (pen, dice, stance) => {
  const weights: Weights = { plain: 3.4, pinstripes: 2, checks: 2.4, stripes: 0.2, dots: 0.3, flowers: 0.25 };
  if (stance === "lie" && chance(dice, 0.22)) {
    return drawFolded(pen, dice, weights, (cloth) => {
      drawPlacket(pen, dice, cloth, -46, 50);
      drawCollar(pen, dice, cloth, 17, -62);
    });
  }
  const cut = drawCut(dice, { sleeve: chance(dice, 0.76) ? longSleeve(dice) : shortSleeve(dice), drop: 12, pointed: true, neck: dice.between(13, 17) });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    drawPlacket(pen, dice, cloth, cut.top + 12, chance(dice, 0.14) ? cut.top + 46 : cut.bottom);
    if (chance(dice, 0.45)) drawPocket(pen, cloth);
    drawCollar(pen, dice, cloth, cut.neck, cut.top);
  });
};

type BlouseFront = "bow" | "ruffle" | "buttons" | "pan" | "bare" | "collar";

/** What a blouse wears at the neck. */
const blouseFronts: Readonly<Record<BlouseFront, (pen: Pen, dice: Random, cloth: Rgb, cut: Cut) => void>> = {
  bare: (pen, _dice, cloth, cut) => pen.stroke(`M0 ${round(cut.top + cut.drop)}v${round(cut.drop * 0.5)}`, tone(cloth, -0.6), { width: 1, opacity: 0.6 }),
  buttons: (pen, dice, cloth, cut) => drawPlacket(pen, dice, cloth, cut.top + cut.drop, cut.bottom),
  collar: (pen, dice, cloth, cut) => {
    drawPlacket(pen, dice, cloth, cut.top + cut.drop, cut.bottom);
    drawCollar(pen, dice, cloth, cut.neck, cut.top);
  },
  bow: (pen, dice, cloth, { top, drop }) => {
    const ribbon = chance(dice, 0.5) ? contrast(dice, cloth) : tone(cloth, -0.2);
    const y = top + drop;
    const loops = `${smooth([[0, y], [22, y - 12], [24, y + 10]], true)}${smooth([[0, y], [-22, y - 12], [-24, y + 10]], true)}`;
    const tails = polygon([[-2, y], [-10, y + 36], [-3, y + 38], [1, y + 4], [6, y + 40], [13, y + 36], [3, y]]);
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
    const leaf = smooth([[0, top + 12], [neck * 0.7, top + 6], [neck + 2, top - 3], [neck + 13, top + 8], [neck * 0.9, top + 24], [4, top + 22]], true, 0.8);
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
  const cut = drawCut(dice, { sleeve: blouseSleeve(dice), drop: dice.between(12, 26), pointed, chest, waist, shoulder: chest * dice.between(0.8, 0.95), hem: waist * dice.between(1.15, 1.55), bottom: dice.between(30, 56) });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    if (chance(dice, 0.5)) pen.fill(box(-waist, 4, 2 * waist, 7, 2), tone(cloth, -0.4), 0.8);
    blouseFronts[front](pen, dice, cloth, cut);
  });
};
