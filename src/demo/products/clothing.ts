/** T-shirts and shirts: one pattern, told apart by neck, collar, placket and sleeves; hung, laid flat or folded. */
import type { Random } from "../../core/index.js";
import { tone } from "../color.js";
import { ellipse } from "../curve.js";
import { chance } from "../dice.js";
import { type Cut } from "./garment.js";
import type { Painter } from "./product.js";
import {
  drawCollar,
  drawCut,
  drawFolded,
  drawNeckRib,
  drawPlacket,
  drawPocket,
  drawUpper,
  type Weights,
} from "./upper.js";

const shortSleeve = (dice: Random): Cut["sleeve"] => ({
  length: dice.between(26, 42),
  angle: dice.between(0.35, 0.95),
  cuff: dice.between(21, 28),
  puff: dice.between(0, 5),
});
const longSleeve = (dice: Random): Cut["sleeve"] => ({
  length: dice.between(88, 112),
  angle: dice.between(0.95, 1.42),
  cuff: dice.between(13, 19),
  puff: dice.between(2, 8),
});
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
  const cut = drawCut(dice, {
    sleeve: chance(dice, 0.92) ? shortSleeve(dice) : longSleeve(dice),
    drop: depth,
    pointed,
  });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    drawNeckRib(pen, cloth, cut.neck, cut.top, depth, pointed);
    if (chance(dice, 0.06)) drawPlacket(pen, dice, cloth, cut.top + depth, cut.top + depth + 30);
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
  const cut = drawCut(dice, {
    sleeve: chance(dice, 0.84) ? longSleeve(dice) : shortSleeve(dice),
    drop: 12,
    pointed: true,
    neck: dice.between(13, 17),
  });
  return drawUpper(pen, dice, stance, cut, weights, (cloth) => {
    drawPlacket(pen, dice, cloth, cut.top + 12, chance(dice, 0.07) ? cut.top + 46 : cut.bottom);
    if (chance(dice, 0.45)) drawPocket(pen, cloth);
    drawCollar(pen, dice, cloth, cut.neck, cut.top);
  });
};
