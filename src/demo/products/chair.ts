/** Chairs in three-quarter view: a seat of four corners, legs, and a back of slats, spindles, a panel, a shell or a cushion. */
import type { Random } from "../../core/index.js";
import { goodsColor, ink, metalColor, type Rgb, tone, woodColor } from "../color.js";
import { ellipse, type Point, polygon, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { panelPaint } from "./material.js";
import type { Painter } from "./product.js";

/** Corners of the seat: front left, front right, back right, back left. */
type Seat = readonly [Point, Point, Point, Point];

function drawSeatCorners(dice: Random): Seat {
  const [height, depth, skew] = [dice.between(50, 64), dice.between(10, 24), dice.between(-20, 20)];
  const [front, back] = [dice.between(32, 42), dice.between(27, 36)];
  const slope = skew * 0.16;
  return [
    [-front - skew * 0.3, -height + slope],
    [front - skew * 0.3, -height - slope],
    [back + skew, -height - depth - slope],
    [-back + skew, -height - depth + slope],
  ];
}

function post(pen: Pen, from: Point, to: Point, color: Rgb, width: number): void {
  const path = polygon([from, to], false);
  pen.stroke(path, tone(color, -0.55), { width: width + 1.2 });
  pen.stroke(path, color, { width });
  pen.stroke(
    polygon(
      [
        [from[0] - width * 0.2, from[1]],
        [to[0] - width * 0.2, to[1]],
      ],
      false,
    ),
    tone(color, 0.4),
    { width: width * 0.3, opacity: 0.7 },
  );
}

type Back = "slats" | "spindles" | "panel" | "shell" | "cushion";

export const drawChair: Painter = (pen, dice) => {
  const seat = drawSeatCorners(dice);
  const color = chance(dice, 0.6) ? woodColor(dice) : goodsColor(dice);
  const frame = chance(dice, 0.25) ? metalColor(dice) : color;
  const rise = dice.between(48, 86);
  const width = dice.between(4, 7);
  const lean = dice.between(0, 8) * Math.sign(seat[2][0] + seat[3][0] || 1);
  const kind = weighted<Back>(dice, { slats: 2.4, spindles: 1.6, panel: 1.4, shell: 1.8, cushion: 1.4 });
  const tops: [Point, Point] = [
    [seat[3][0] + lean, seat[3][1] - rise],
    [seat[2][0] + lean, seat[2][1] - rise],
  ];
  drawLegs(pen, dice, seat, frame, width);
  if (kind !== "shell") for (const [i, top] of tops.entries()) post(pen, seat[3 - i]!, top, frame, width);
  backTable[kind](pen, dice, { seat, tops, color, width });
  drawSeat(pen, dice, seat, kind === "shell" || chance(dice, 0.6) ? color : goodsColor(dice));
  const xs = [...seat, ...tops].map(([x]) => x);
  return {
    left: Math.min(...xs) - 8,
    right: Math.max(...xs) + 8,
    top: Math.min(tops[0][1], tops[1][1]) - 6,
    bottom: 4,
  };
};

/** Four legs that splay a little; the rear ones end higher up. A third have rungs. */
function drawLegs(pen: Pen, dice: Random, seat: Seat, color: Rgb, width: number): void {
  const splay = dice.between(0, 0.2);
  const back = (seat[0][1] - seat[3][1]) * 0.9;
  const feet = seat.map(([x], i): Point => [x * (1 + splay), i < 2 ? 0 : -back]);
  for (const i of [3, 2, 0, 1]) post(pen, seat[i]!, feet[i]!, i > 1 ? tone(color, -0.25) : color, width);
  if (!chance(dice, 0.4)) return;
  const middle = (i: number): Point => [(seat[i]![0] + feet[i]![0]) / 2, (seat[i]![1] + feet[i]![1]) / 2];
  post(pen, middle(0), middle(1), tone(color, -0.1), width * 0.6);
  post(pen, middle(1), middle(2), tone(color, -0.2), width * 0.6);
}

function drawSeat(pen: Pen, dice: Random, seat: Seat, color: Rgb): void {
  const thick = dice.between(4, 11);
  const [fl, fr, br, bl] = seat;
  const edge = polygon([fl, fr, br, [br[0], br[1] + thick], [fr[0], fr[1] + thick], [fl[0], fl[1] + thick]]);
  pen.fill(edge, tone(color, -0.42));
  const soft = chance(dice, 0.5);
  const path = soft
    ? smooth(
        [
          fl,
          [(fl[0] + fr[0]) / 2, (fl[1] + fr[1]) / 2 + 2],
          fr,
          br,
          [(bl[0] + br[0]) / 2, (bl[1] + br[1]) / 2 - 2],
          bl,
        ],
        true,
        0.5,
      )
    : polygon(seat);
  pen.fill(path, panelPaint(pen, tone(color, 0.1), 0.25));
  pen.stroke(path, tone(color, -0.6), { width: 1, opacity: 0.5 });
}

interface BackParts {
  readonly seat: Seat;
  readonly tops: readonly [Point, Point];
  readonly color: Rgb;
  readonly width: number;
}

/** A point of the back: `across` from left to right, `up` from the seat to the top. */
function onBack({ seat, tops }: BackParts, across: number, up: number): Point {
  const [left, right] = [seat[3], seat[2]];
  const between = (a: number, b: number, share: number): number => a + (b - a) * share;
  return [
    between(between(left[0], tops[0][0], up), between(right[0], tops[1][0], up), across),
    between(between(left[1], tops[0][1], up), between(right[1], tops[1][1], up), across),
  ];
}

function patch(parts: BackParts, x0: number, x1: number, y0: number, y1: number, round = 0.25): string {
  const at = (x: number, y: number): Point => onBack(parts, x, y);
  return smooth(
    [at(x0, y0), at(x0, y1), at((x0 + x1) / 2, y1 + 0.03), at(x1, y1), at(x1, y0), at((x0 + x1) / 2, y0 + 0.03)],
    true,
    round,
  );
}

const backTable: Readonly<Record<Back, (pen: Pen, dice: Random, parts: BackParts) => void>> = {
  slats: (pen, dice, parts) => {
    const count = 2 + dice.below(3);
    const paths = repeat(count, (i) => patch(parts, 0, 1, 0.98 - i * (0.72 / count) - 0.14, 0.98 - i * (0.72 / count)));
    pen.fill(paths.join(""), panelPaint(pen, parts.color));
    pen.stroke(paths.join(""), tone(parts.color, -0.6), { width: 0.9, opacity: 0.6 });
  },
  spindles: (pen, dice, parts) => {
    const count = 3 + dice.below(4);
    for (let i = 0; i < count; i++)
      post(
        pen,
        onBack(parts, (i + 1) / (count + 1), 0),
        onBack(parts, (i + 1) / (count + 1), 0.92),
        tone(parts.color, -0.08),
        parts.width * 0.5,
      );
    pen.fill(patch(parts, -0.08, 1.08, 0.86, 1.04), panelPaint(pen, parts.color));
  },
  panel: (pen, dice, parts) => {
    const path = patch(parts, 0, 1, dice.between(0.05, 0.4), 1);
    pen.fill(path, panelPaint(pen, parts.color, 0.4));
    pen.stroke(path, tone(parts.color, -0.6), { width: 1, opacity: 0.6 });
  },
  shell: (pen, dice, parts) => {
    const path = patch(parts, -0.12, 1.12, -0.08, dice.between(0.85, 1), 0.8);
    pen.fill(path, panelPaint(pen, parts.color, 0.45));
    pen.stroke(path, tone(parts.color, -0.55), { width: 1.2, opacity: 0.6 });
    pen.fill(ellipse(...onBack(parts, 0.3, 0.65), 7, 14), tone(parts.color, 0.5), 0.25);
  },
  cushion: (pen, dice, parts) => {
    const color = chance(dice, 0.6) ? goodsColor(dice) : parts.color;
    const path = patch(parts, -0.02, 1.02, 0.14, 1, 0.5);
    pen.fill(path, panelPaint(pen, color, 0.4));
    pen.stroke(path, tone(color, -0.6), { width: 1, opacity: 0.6 });
    const buttons = [0.3, 0.7].flatMap((x) => [0.4, 0.75].map((y) => ellipse(...onBack(parts, x, y), 1.8, 1.8)));
    if (chance(dice, 0.5)) pen.fill(buttons.join(""), ink, 0.4);
  },
};
