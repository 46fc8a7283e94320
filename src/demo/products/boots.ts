/** Boots: a high shaft, laced, with elastic sides, smooth or rugged. */
import type { Random } from "../../core/index.js";
import { goodsColor, hsl, leatherColor, tone } from "../color.js";
import { ellipse, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawLaces, drawLast, drawPair, drawSeam, type Last } from "./last.js";
import type { Painter } from "./product.js";

type BootKind = "laced" | "chelsea" | "tall" | "work";

export const drawBoot: Painter = (pen, dice) => {
  const kind = weighted<BootKind>(dice, { laced: 2.5, chelsea: 2, tall: 2, work: 1.5 });
  const upper = kind === "tall" && chance(dice, 0.3) ? goodsColor(dice) : leatherColor(dice);
  const shaft = kind === "tall" ? dice.between(100, 140) : dice.between(74, 104);
  const last: Last = {
    upper,
    sole: chance(dice, 0.75) ? tone(upper, -0.6) : hsl(30, 0.35, 0.45),
    ball: dice.between(5, 12),
    heel: dice.between(11, 22),
    block: chance(dice, 0.8),
    collar: shaft,
    throat: shaft + dice.between(-4, 6),
    toe: dice.between(15, 20),
    throatX: dice.between(2, 12),
  };
  return drawPair(pen, dice, () => {
    drawLast(pen, dice, last);
    bootParts[kind](pen, dice, last);
    return shaft + 12;
  });
};

function drawBootLaces(pen: Pen, dice: Random, last: Last): void {
  const color = chance(dice, 0.6) ? tone(last.upper, -0.5) : hsl(42, 0.5, 0.6);
  drawLaces(pen, last, [-16, -last.ball - last.toe - 8], [last.throatX, -last.throat + 6], 5 + dice.below(3), color);
}

const bootParts: Readonly<Record<BootKind, (pen: Pen, dice: Random, last: Last) => void>> = {
  laced: (pen, dice, last) => {
    drawSeam(
      pen,
      [
        [-38, -last.ball - last.toe],
        [-26, -last.ball - 10],
        [-24, -last.ball],
      ],
      last.upper,
    );
    drawBootLaces(pen, dice, last);
  },
  work: (pen, dice, last) => {
    const teeth = repeat(12, (i) =>
      polygon([
        [-54 + i * 9.4, -2],
        [-49 + i * 9.4, -2],
        [-50 + i * 9.4, 3],
        [-53 + i * 9.4, 3],
      ]),
    );
    pen.fill(teeth.join(""), tone(last.sole, -0.4));
    pen.stroke(
      smooth([
        [last.throatX - 2, -last.throat + 2],
        [30, -last.collar + 5],
        [53, -last.collar + 2],
      ]),
      tone(last.upper, -0.45),
      { width: 8 },
    );
    drawBootLaces(pen, dice, last);
  },
  chelsea: (pen, _dice, last) => {
    const elastic = smooth(
      [
        [22, -last.collar + 2],
        [38, -last.collar + 2],
        [34, -last.heel - 22],
        [28, -last.heel - 22],
      ],
      true,
      0.5,
    );
    pen.fill(elastic, tone(last.upper, -0.55));
    pen.stroke(`M51 ${round(-last.collar + 2)}c-3 -12 8 -12 5 0`, tone(last.upper, -0.3), { width: 3 });
  },
  tall: (pen, dice, last) => {
    drawSeam(
      pen,
      [
        [30, -last.collar + 3],
        [33, -last.collar * 0.5],
        [36, -last.heel],
      ],
      last.upper,
    );
    if (!chance(dice, 0.5)) return;
    const y = dice.between(30, 50);
    pen.stroke(
      `M${round(last.throatX - 2)} ${round(-y)}Q30 ${round(-y + 8)} 56 ${round(-y)}`,
      tone(last.upper, -0.35),
      { width: 5 },
    );
    pen.fill(ellipse(20, -y + 4, 4, 4), hsl(42, 0.5, 0.6));
  },
};
