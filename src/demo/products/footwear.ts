/** Shoes, sneakers and boots from the side, toe to the left: one last, told apart by sole, collar and lacing. */
import type { Random } from "../../core/index.js";
import { goodsColor, hsl, ink, leatherColor, type Rgb, tone, white } from "../color.js";
import { bends, ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import type { Extent, Painter } from "./product.js";

/** Numbers of one shoe; x from the toe at -60 to the heel at about 58; heights over the ground. */
interface Last {
  readonly upper: Rgb;
  readonly sole: Rgb;
  /** Thickness of the sole at the ball and at the heel. */
  readonly ball: number;
  readonly heel: number;
  /** A heel block with a gap before it. */
  readonly block: boolean;
  /** Height of the collar at the back, of the throat, and of the toe. */
  readonly collar: number;
  readonly throat: number;
  readonly toe: number;
  /** Where the vamp meets the opening. */
  readonly throatX: number;
}

function upperPath({ ball, heel, collar, throat, toe, throatX }: Last): string {
  const heelY = Math.max(ball, heel);
  const ankle: Point[] = throat > 58 ? [[throatX - 12, -ball - toe - 12], [throatX - 3, -46]] : [];
  const over: Point[] = [[-61, -ball - toe * 0.4], [-52, -ball - toe], [-28, -ball - toe * 1.12], ...ankle, [throatX, -throat]];
  const opening: Point[] = [[throatX, -throat], [(throatX + 52) / 2, -Math.min(throat, collar) + 5], [53, -collar]];
  const back: Point[] = [[53, -collar], [59, -collar * 0.55 - heelY * 0.3], [57, -heelY + 2]];
  return `M-60 ${round(-ball + 2)}L-61 ${round(-ball - toe * 0.4)}${bends(over, false, 0.9)}${bends(opening)}${bends(back)}Q10 ${round(-(ball + heelY) / 2 - 2)} -60 ${round(-ball + 2)}z`;
}

function solePath({ ball, heel, block }: Last): string {
  const arch = block ? Math.max(1.5, heel - ball * 0.9) : 0;
  const gap = block ? `L26 0L25 ${round(-arch)}Q10 ${round(-arch * 0.9)} -8 0` : "";
  return `M-62 ${round(-ball)}Q0 ${round(-(ball + heel) / 2 - 1)} 60 ${round(-heel - 1)}L59 0${gap}L-52 0Q-66 ${round(-ball * 0.4)} -62 ${round(-ball)}z`;
}

/** Upper with its shading, the dark of the opening, and the sole. */
function drawLast(pen: Pen, dice: Random, last: Last): string {
  const upper = upperPath(last);
  const opening = ellipse((last.throatX + 53) / 2, -(last.throat + last.collar) / 2 + 2, Math.max(4, (53 - last.throatX) / 2), 4 + Math.abs(last.throat - last.collar) * 0.3);
  pen.fill(opening, tone(last.upper, -0.6));
  pen.fill(upper, pen.linear([[0, tone(last.upper, 0.22)], [0.45, last.upper], [1, tone(last.upper, -0.48)]], "down"));
  pen.inside(upper, () => {
    pen.stroke(smooth([[-50, -last.ball - last.toe * 0.72], [-36, -last.ball - last.toe * 0.86], [-20, -last.ball - last.toe * 0.9]]), white, { width: last.toe * 0.2, opacity: dice.between(0.12, 0.5) });
    pen.stroke(smooth([[57, -last.heel - 4], [52, -last.collar * 0.6], [48, -last.collar]]), ink, { width: 8, opacity: 0.14 });
  });
  pen.stroke(upper, tone(last.upper, -0.65), { width: 1, opacity: 0.6 });
  const sole = solePath(last);
  pen.fill(sole, pen.linear([[0, tone(last.sole, 0.1)], [1, tone(last.sole, -0.42)]], "down"));
  pen.stroke(sole, tone(last.sole, -0.6), { width: 0.8, opacity: 0.6 });
  return upper;
}

/** Laces as short bars up the throat. */
function drawLaces(pen: Pen, last: Last, from: Point, to: Point, count: number, color: Rgb): void {
  const rows = repeat(count, (i): Point => [from[0] + ((to[0] - from[0]) * i) / Math.max(1, count - 1), from[1] + ((to[1] - from[1]) * i) / Math.max(1, count - 1)]);
  pen.stroke(rows.map(([x, y]) => `M${round(x - 3)} ${round(y)}l11 5.5`).join(""), tone(color, -0.55), { width: 3.6, opacity: 0.8 });
  pen.stroke(rows.map(([x, y]) => `M${round(x - 3)} ${round(y)}l11 5.5`).join(""), color, { width: 2.4 });
  pen.fill(rows.map(([x, y]) => ellipse(x + 9, y + 6.5, 1.3, 1.3)).join(""), tone(last.upper, -0.7));
}

function seam(pen: Pen, points: readonly Point[], color: Rgb): void {
  pen.stroke(smooth(points), tone(color, -0.6), { width: 1.1, opacity: 0.75 });
  pen.stroke(smooth(points.map(([x, y]): Point => [x + 1.6, y + 0.8])), tone(color, 0.5), { width: 0.7, opacity: 0.5, dash: [2, 1.6] });
}

/** A pair shows the second shoe behind the first, a little aside. */
function drawPair(pen: Pen, dice: Random, draw: () => number): Extent {
  const art = { height: 0 };
  const shoe = pen.aside(() => {
    art.height = draw();
  });
  const pair = chance(dice, 0.5);
  const [dx, dy] = pair ? [dice.between(14, 36), -dice.between(8, 18)] : [0, 0];
  if (pair) pen.placed(`translate(${round(dx)} ${round(dy)})`, () => pen.paste(shoe));
  pen.paste(shoe);
  return { left: -64, right: 62 + dx, top: -art.height + dy, bottom: 0 };
}

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
    seam(pen, [[last.throatX - 22, -last.throat + 16], [last.throatX - 6, -last.ball - 14], [24, -last.ball - 12], [56, -last.heel - 12]], last.upper);
    if (chance(dice, 0.5)) seam(pen, [[-40, -last.ball - last.toe * 1.05], [-36, -last.ball - 8], [-38, -last.ball]], last.upper);
    drawLaces(pen, last, [last.throatX - 18, -last.throat + 9], [last.throatX, -last.throat + 2], 3 + dice.below(2), chance(dice, 0.8) ? tone(last.upper, -0.4) : white);
  },
  loafer: (pen, _dice, last) => {
    seam(pen, [[-52, -last.ball - last.toe * 0.6], [-30, -last.ball - last.toe * 0.8], [last.throatX - 6, -last.throat + 4]], last.upper);
    const band = polygon([[last.throatX - 14, -last.throat + 2], [last.throatX + 2, -last.throat], [last.throatX + 6, -last.ball], [last.throatX - 12, -last.ball]]);
    pen.fill(band, tone(last.upper, -0.22), 0.85);
    pen.stroke(band, tone(last.upper, -0.65), { width: 0.9, opacity: 0.6 });
  },
  strap: (pen, _dice, last) => {
    pen.stroke(smooth([[8, -last.ball - 8], [12, -last.collar + 4], [24, -last.collar - 2]]), tone(last.upper, -0.15), { width: 6 });
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
    const tongue = smooth([[last.throatX - 8, -last.throat + 10], [last.throatX + 2, -last.throat - 9], [last.throatX + 14, -last.throat - 6], [last.throatX + 10, -last.throat + 12]], true);
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
    if (chance(dice, 0.6)) pen.fill(ellipse(-62, -last.ball, 26, last.toe * 1.1), chance(dice, 0.5) ? white : tone(last.upper, -0.3), 0.9);
    if (chance(dice, 0.5)) pen.fill(ellipse(62, -last.collar * 0.5, 14, last.collar * 0.5), accent, 0.85);
    drawSideSign(pen, dice, last, accent);
  });
  pen.stroke(`M-58 ${round(-last.ball * 0.5)}Q0 ${round(-last.heel * 0.55)} 58 ${round(-last.heel * 0.55)}`, tone(last.sole, -0.45), { width: 1.2, opacity: 0.7 });
  drawLaces(pen, last, [-24, -last.ball - last.toe - 4], [last.throatX - 1, -last.throat + 2], 4 + dice.below(3), chance(dice, 0.7) ? white : accent);
}

function drawSideSign(pen: Pen, dice: Random, last: Last, accent: Rgb): void {
  const y = -last.heel;
  const signs: readonly (() => string)[] = [
    () => [0, 9, 18].map((x) => polygon([[x - 12, y - 2], [x - 6, y - 2], [x + 8, y - 30], [x + 3, y - 30]])).join(""),
    () => smooth([[-22, y - 12], [-2, y - 4], [44, y - 28], [4, y - 14]], true, 0.9),
    () => ellipse(20, y - 16, 9, 9),
    () => polygon([[-20, y - 6], [40, y - 12], [42, y - 20], [-14, y - 16]]),
  ];
  if (chance(dice, 0.8)) pen.fill(dice.pick(signs)(), accent, 0.92);
}

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
    seam(pen, [[-38, -last.ball - last.toe], [-26, -last.ball - 10], [-24, -last.ball]], last.upper);
    drawBootLaces(pen, dice, last);
  },
  work: (pen, dice, last) => {
    const teeth = repeat(12, (i) => polygon([[-54 + i * 9.4, -2], [-49 + i * 9.4, -2], [-50 + i * 9.4, 3], [-53 + i * 9.4, 3]]));
    pen.fill(teeth.join(""), tone(last.sole, -0.4));
    pen.stroke(smooth([[last.throatX - 2, -last.throat + 2], [30, -last.collar + 5], [53, -last.collar + 2]]), tone(last.upper, -0.45), { width: 8 });
    drawBootLaces(pen, dice, last);
  },
  chelsea: (pen, _dice, last) => {
    const elastic = smooth([[22, -last.collar + 2], [38, -last.collar + 2], [34, -last.heel - 22], [28, -last.heel - 22]], true, 0.5);
    pen.fill(elastic, tone(last.upper, -0.55));
    pen.stroke(`M51 ${round(-last.collar + 2)}c-3 -12 8 -12 5 0`, tone(last.upper, -0.3), { width: 3 });
  },
  tall: (pen, dice, last) => {
    seam(pen, [[30, -last.collar + 3], [33, -last.collar * 0.5], [36, -last.heel]], last.upper);
    if (!chance(dice, 0.5)) return;
    const y = dice.between(30, 50);
    pen.stroke(`M${round(last.throatX - 2)} ${round(-y)}Q30 ${round(-y + 8)} 56 ${round(-y)}`, tone(last.upper, -0.35), { width: 5 });
    pen.fill(ellipse(20, -y + 4, 4, 4), hsl(42, 0.5, 0.6));
  },
};
