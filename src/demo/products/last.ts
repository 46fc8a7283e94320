/** What all footwear is built on: a last from the side, toe to the left, cut by numbers, with its sole, seams and laces. */
import type { Random } from "../../core/index.js";
import { ink, type Rgb, tone, white } from "../color.js";
import { bends, ellipse, type Point, round, smooth } from "../curve.js";
import { chance, repeat } from "../dice.js";
import type { Pen } from "../pen.js";
import type { Extent } from "./product.js";

/** Numbers of one shoe; x from the toe at -60 to the heel at about 58; heights over the ground. */
export interface Last {
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

/** From the toe over the instep, along the opening and down the back. */
function upperPath({ ball, heel, collar, throat, toe, throatX }: Last): string {
  const heelY = Math.max(ball, heel);
  const ankle: Point[] =
    throat > 58
      ? [
          [throatX - 12, -ball - toe - 12],
          [throatX - 3, -46],
        ]
      : [];
  const over: Point[] = [
    [-61, -ball - toe * 0.4],
    [-52, -ball - toe],
    [-28, -ball - toe * 1.12],
    ...ankle,
    [throatX, -throat],
  ];
  const opening: Point[] = [
    [throatX, -throat],
    [(throatX + 52) / 2, -Math.min(throat, collar) + 5],
    [53, -collar],
  ];
  const back: Point[] = [
    [53, -collar],
    [59, -collar * 0.55 - heelY * 0.3],
    [57, -heelY + 2],
  ];
  return `M-60 ${round(-ball + 2)}L-61 ${round(-ball - toe * 0.4)}${bends(over, false, 0.9)}${bends(opening)}${bends(back)}Q10 ${round(-(ball + heelY) / 2 - 2)} -60 ${round(-ball + 2)}z`;
}

/** The sole with its heel, flat or with an arch before the block. */
function solePath({ ball, heel, block }: Last): string {
  const arch = block ? Math.max(1.5, heel - ball * 0.9) : 0;
  const gap = block ? `L26 0L25 ${round(-arch)}Q10 ${round(-arch * 0.9)} -8 0` : "";
  return `M-62 ${round(-ball)}Q0 ${round(-(ball + heel) / 2 - 1)} 60 ${round(-heel - 1)}L59 0${gap}L-52 0Q-66 ${round(-ball * 0.4)} -62 ${round(-ball)}z`;
}

/** Upper with its shading, the dark of the opening, and the sole. */
export function drawLast(pen: Pen, dice: Random, last: Last): string {
  const upper = upperPath(last);
  const opening = ellipse(
    (last.throatX + 53) / 2,
    -(last.throat + last.collar) / 2 + 2,
    Math.max(4, (53 - last.throatX) / 2),
    4 + Math.abs(last.throat - last.collar) * 0.3,
  );
  pen.fill(opening, tone(last.upper, -0.6));
  pen.fill(
    upper,
    pen.linear(
      [
        [0, tone(last.upper, 0.22)],
        [0.45, last.upper],
        [1, tone(last.upper, -0.48)],
      ],
      "down",
    ),
  );
  pen.inside(upper, () => {
    pen.stroke(
      smooth([
        [-50, -last.ball - last.toe * 0.72],
        [-36, -last.ball - last.toe * 0.86],
        [-20, -last.ball - last.toe * 0.9],
      ]),
      white,
      { width: last.toe * 0.2, opacity: dice.between(0.12, 0.5) },
    );
    pen.stroke(
      smooth([
        [57, -last.heel - 4],
        [52, -last.collar * 0.6],
        [48, -last.collar],
      ]),
      ink,
      { width: 8, opacity: 0.14 },
    );
  });
  pen.stroke(upper, tone(last.upper, -0.65), { width: 1, opacity: 0.6 });
  const sole = solePath(last);
  pen.fill(
    sole,
    pen.linear(
      [
        [0, tone(last.sole, 0.1)],
        [1, tone(last.sole, -0.42)],
      ],
      "down",
    ),
  );
  pen.stroke(sole, tone(last.sole, -0.6), { width: 0.8, opacity: 0.6 });
  return upper;
}

/** Laces as short bars up the throat. */
export function drawLaces(pen: Pen, last: Last, from: Point, to: Point, count: number, color: Rgb): void {
  const rows = repeat(
    count,
    (i): Point => [
      from[0] + ((to[0] - from[0]) * i) / Math.max(1, count - 1),
      from[1] + ((to[1] - from[1]) * i) / Math.max(1, count - 1),
    ],
  );
  pen.stroke(rows.map(([x, y]) => `M${round(x - 3)} ${round(y)}l11 5.5`).join(""), tone(color, -0.55), {
    width: 3.6,
    opacity: 0.8,
  });
  pen.stroke(rows.map(([x, y]) => `M${round(x - 3)} ${round(y)}l11 5.5`).join(""), color, { width: 2.4 });
  pen.fill(rows.map(([x, y]) => ellipse(x + 9, y + 6.5, 1.3, 1.3)).join(""), tone(last.upper, -0.7));
}

/** A seam with its row of stitches. */
export function drawSeam(pen: Pen, points: readonly Point[], color: Rgb): void {
  pen.stroke(smooth(points), tone(color, -0.6), { width: 1.1, opacity: 0.75 });
  pen.stroke(smooth(points.map(([x, y]): Point => [x + 1.6, y + 0.8])), tone(color, 0.5), {
    width: 0.7,
    opacity: 0.5,
    dash: [2, 1.6],
  });
}

/** A pair shows the second shoe behind the first, a little aside. */
export function drawPair(pen: Pen, dice: Random, draw: () => number): Extent {
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
