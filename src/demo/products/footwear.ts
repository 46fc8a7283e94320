/** Shoes and sneakers: leather on a thin sole with a heel, and cloth on a thick one. */
import type { Random } from "../../core/index.js";
import { goodsColor, hsl, leatherColor, type Rgb, tone, white } from "../color.js";
import { ellipse, polygon, round, smooth } from "../curve.js";
import { chance, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawLaces, drawLast, drawPair, drawSeam, type Last } from "./last.js";
import type { Painter } from "./product.js";

type ShoeKind = "derby" | "loafer" | "strap" | "court";

export const drawShoe: Painter = (pen, dice) => {
  const kind = weighted<ShoeKind>(dice, { derby: 4, loafer: 2.4, strap: 1, court: 1 });
  const upper = leatherColor(dice);
  const high = kind === "court";
  const last: Last = {
    upper,
    sole: chance(dice, 0.75) ? tone(upper, -0.55) : chance(dice, 0.4) ? white : hsl(28, 0.4, 0.4),
    ball: dice.between(3, 8),
    heel: high ? dice.between(14, 34) : dice.between(8, 14),
    block: high || chance(dice, 0.75),
    collar: high ? dice.between(34, 42) : dice.between(32, 43),
    throat: kind === "derby" ? dice.between(38, 48) : dice.between(27, 34),
    toe: dice.between(12, 18),
    throatX: kind === "court" || kind === "strap" ? dice.between(-26, -12) : dice.between(-4, 10),
  };
  return drawPair(pen, dice, () => {
    drawLast(pen, dice, last);
    shoeParts[kind](pen, dice, last);
    return Math.max(last.collar, last.throat) + 4;
  });
};

const shoeParts: Readonly<Record<ShoeKind, (pen: Pen, dice: Random, last: Last) => void>> = {
  derby: (pen, dice, last) => {
    drawSeam(
      pen,
      [
        [last.throatX - 22, -last.throat + 16],
        [last.throatX - 6, -last.ball - 14],
        [24, -last.ball - 12],
        [56, -last.heel - 12],
      ],
      last.upper,
    );
    if (chance(dice, 0.5))
      drawSeam(
        pen,
        [
          [-40, -last.ball - last.toe * 1.05],
          [-36, -last.ball - 8],
          [-38, -last.ball],
        ],
        last.upper,
      );
    drawLaces(
      pen,
      last,
      [last.throatX - 18, -last.throat + 9],
      [last.throatX, -last.throat + 2],
      3 + dice.below(2),
      chance(dice, 0.8) ? tone(last.upper, -0.4) : white,
    );
  },
  loafer: (pen, _dice, last) => {
    drawSeam(
      pen,
      [
        [-52, -last.ball - last.toe * 0.6],
        [-30, -last.ball - last.toe * 0.8],
        [last.throatX - 6, -last.throat + 4],
      ],
      last.upper,
    );
    const band = polygon([
      [last.throatX - 14, -last.throat + 2],
      [last.throatX + 2, -last.throat],
      [last.throatX + 6, -last.ball],
      [last.throatX - 12, -last.ball],
    ]);
    pen.fill(band, tone(last.upper, -0.22), 0.85);
    pen.stroke(band, tone(last.upper, -0.65), { width: 0.9, opacity: 0.6 });
  },
  strap: (pen, _dice, last) => {
    pen.stroke(
      smooth([
        [8, -last.ball - 8],
        [12, -last.collar + 4],
        [24, -last.collar - 2],
      ]),
      tone(last.upper, -0.15),
      { width: 6 },
    );
    pen.fill(ellipse(11, -last.collar + 9, 3, 3), hsl(42, 0.5, 0.6));
  },
  court: (pen, dice, last) => {
    if (chance(dice, 0.5)) pen.fill(ellipse(-30, -last.ball - last.toe - 2, 6, 3.4), tone(last.upper, -0.35));
  },
};

export const drawSneaker: Painter = (pen, dice) => {
  const upper = goodsColor(dice);
  const tall = chance(dice, 0.2);
  const thick = dice.between(11, 19);
  const last: Last = {
    upper,
    sole: chance(dice, 0.85) ? white : goodsColor(dice),
    ball: thick * dice.between(0.75, 0.95),
    heel: thick,
    block: false,
    collar: tall ? dice.between(62, 78) : dice.between(40, 50),
    throat: tall ? dice.between(66, 80) : dice.between(46, 56),
    toe: dice.between(15, 21),
    throatX: dice.between(4, 14),
  };
  return drawPair(pen, dice, () => {
    const tongue = smooth(
      [
        [last.throatX - 8, -last.throat + 10],
        [last.throatX + 2, -last.throat - 9],
        [last.throatX + 14, -last.throat - 6],
        [last.throatX + 10, -last.throat + 12],
      ],
      true,
    );
    pen.fill(tongue, tone(upper, -0.25));
    const outline = drawLast(pen, dice, last);
    drawSport(pen, dice, last, outline);
    return Math.max(last.collar, last.throat) + 10;
  });
};

/** Toe cap, side sign, midsole line and laces of a sneaker. */
function drawSport(pen: Pen, dice: Random, last: Last, outline: string): void {
  const accent = chance(dice, 0.5) ? white : goodsColor(dice);
  pen.inside(outline, () => {
    if (chance(dice, 0.6))
      pen.fill(ellipse(-62, -last.ball, 26, last.toe * 1.1), chance(dice, 0.5) ? white : tone(last.upper, -0.3), 0.9);
    if (chance(dice, 0.5)) pen.fill(ellipse(62, -last.collar * 0.5, 14, last.collar * 0.5), accent, 0.85);
    drawSideSign(pen, dice, last, accent);
  });
  pen.stroke(
    `M-58 ${round(-last.ball * 0.5)}Q0 ${round(-last.heel * 0.55)} 58 ${round(-last.heel * 0.55)}`,
    tone(last.sole, -0.45),
    { width: 1.2, opacity: 0.7 },
  );
  drawLaces(
    pen,
    last,
    [-24, -last.ball - last.toe - 4],
    [last.throatX - 1, -last.throat + 2],
    4 + dice.below(3),
    chance(dice, 0.7) ? white : accent,
  );
}

function drawSideSign(pen: Pen, dice: Random, last: Last, accent: Rgb): void {
  const y = -last.heel;
  const signs: readonly (() => string)[] = [
    () =>
      [0, 9, 18]
        .map((x) =>
          polygon([
            [x - 12, y - 2],
            [x - 6, y - 2],
            [x + 8, y - 30],
            [x + 3, y - 30],
          ]),
        )
        .join(""),
    () =>
      smooth(
        [
          [-22, y - 12],
          [-2, y - 4],
          [44, y - 28],
          [4, y - 14],
        ],
        true,
        0.9,
      ),
    () => ellipse(20, y - 16, 9, 9),
    () =>
      polygon([
        [-20, y - 6],
        [40, y - 12],
        [42, y - 20],
        [-14, y - 16],
      ]),
  ];
  if (chance(dice, 0.8)) pen.fill(dice.pick(signs)(), accent, 0.92);
}
