/** Handbags and backpacks; satchels and flap rucksacks come close to each other. */
import type { Random } from "../../core/index.js";
import { goodsColor, ink, leatherColor, metalColor, type Rgb, tone } from "../color.js";
import { box, ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawPrint, type Print } from "./cloth.js";
import { panelPaint, tube } from "./material.js";
import type { Painter } from "./product.js";

/** Stitching along a path, just inside an edge. */
function stitch(pen: Pen, path: string, color: Rgb): void {
  pen.stroke(path, tone(color, 0.55), { width: 0.9, opacity: 0.7, dash: [3, 2.2] });
}

function panel(pen: Pen, path: string, color: Rgb, depth = 0.3): void {
  pen.fill(path, panelPaint(pen, color, depth));
  pen.stroke(path, tone(color, -0.65), { width: 1.1, opacity: 0.6 });
}

/** A body that narrows or widens toward the top, with soft corners and a shaded base. */
function bagBody(bottom: number, top: number, height: number, sag: number): string {
  return smooth(
    [
      [-top, -height],
      [-(top + bottom) / 2 - sag, -height * 0.5],
      [-bottom, -6],
      [-bottom + 8, 0],
      [bottom - 8, 0],
      [bottom, -6],
      [(top + bottom) / 2 + sag, -height * 0.5],
      [top, -height],
    ],
    true,
    0.55,
  );
}

type HandbagKind = "frame" | "flap" | "tote" | "satchel";

export const drawHandbag: Painter = (pen, dice) => {
  const kind = weighted<HandbagKind>(dice, { frame: 2, flap: 2, tote: 1.6, satchel: 1.4 });
  const color = chance(dice, 0.7) ? leatherColor(dice) : goodsColor(dice);
  const bottom = dice.between(46, 64);
  const top =
    bottom *
    (kind === "frame" ? dice.between(0.62, 0.85) : kind === "tote" ? dice.between(1, 1.22) : dice.between(0.88, 1.02));
  const height = kind === "tote" ? dice.between(74, 104) : dice.between(54, 82);
  const rise = dice.between(28, 62);
  const body = bagBody(bottom, top, height, dice.between(-2, 6));
  const [gap, strap] = [top * dice.between(0.4, 0.66), dice.between(4, 6.5)];
  const arc = smooth([
    [-gap, -height + 6],
    [-gap * 0.9, -height - rise * 0.7],
    [0, -height - rise],
    [gap * 0.9, -height - rise * 0.7],
    [gap, -height + 6],
  ]);
  if (kind !== "flap") pen.placed("translate(6 -4)", () => tube(pen, arc, tone(color, -0.3), strap));
  panel(pen, body, color, 0.4);
  if (kind === "tote")
    drawPrint(
      pen,
      dice,
      body,
      color,
      weighted<Print>(dice, { plain: 3, stripes: 1, flowers: 0.6, dots: 0.6, checks: 0.6 }),
    );
  handbagParts[kind](pen, dice, { color, bottom, top, height });
  tube(pen, arc, tone(color, -0.1), strap);
  return {
    left: -Math.max(bottom, top) - 4,
    right: Math.max(bottom, top) + 4,
    top: -height - rise,
    bottom: 0,
    outline: body,
  };
};

interface Bag {
  readonly color: Rgb;
  readonly bottom: number;
  readonly top: number;
  readonly height: number;
}

function drawFlap(pen: Pen, dice: Random, { color, top, height }: Bag, reach: number): void {
  const y = -height + height * reach;
  const path = smooth(
    [
      [-top - 1, -height],
      [-top + 1, (y - height) / 2],
      [-top * 0.62, y],
      [top * 0.62, y],
      [top - 1, (y - height) / 2],
      [top + 1, -height],
    ],
    true,
    0.6,
  );
  pen.fill(
    polygon([
      [-top + 3, y + 4],
      [top - 3, y + 4],
      [top - 3, y - 8],
      [-top + 3, y - 8],
    ]),
    ink,
    0.2,
  );
  panel(pen, path, tone(color, 0.06), 0.22);
  if (chance(dice, 0.6)) pen.placed("translate(0 -3) scale(.95 .97)", () => stitch(pen, path, color));
}

const handbagParts: Readonly<Record<HandbagKind, (pen: Pen, dice: Random, bag: Bag) => void>> = {
  frame: (pen, dice, { top, height, color }) => {
    const metal = metalColor(dice);
    pen.stroke(`M${round(-top)} ${round(-height)}Q0 ${round(-height - 7)} ${round(top)} ${round(-height)}`, metal, {
      width: 4.5,
    });
    pen.fill(`${ellipse(-3, -height - 6, 3.4, 3.4)}${ellipse(3, -height - 6, 3.4, 3.4)}`, tone(metal, 0.2));
    pen.stroke(
      smooth([
        [-top * 0.5, -height + 4],
        [-top * 0.55, -height * 0.5],
        [-top * 0.7, -8],
      ]),
      tone(color, -0.5),
      { width: 2.4, opacity: 0.4 },
    );
    pen.stroke(
      smooth([
        [top * 0.4, -height + 4],
        [top * 0.5, -height * 0.5],
        [top * 0.6, -8],
      ]),
      tone(color, -0.5),
      { width: 2.4, opacity: 0.4 },
    );
  },
  flap: (pen, dice, bag) => {
    const reach = dice.between(0.42, 0.72);
    drawFlap(pen, dice, bag, reach);
    const metal = metalColor(dice);
    panel(pen, box(-7, -bag.height * (1 - reach) - 8, 14, 13, 3), metal, 0.5);
  },
  tote: (pen, dice, { color, top, height }) => {
    pen.stroke(`M${round(-top + 2)} ${round(-height + 6)}H${round(top - 2)}`, tone(color, -0.5), {
      width: 1.2,
      opacity: 0.6,
      dash: [3, 2],
    });
    if (chance(dice, 0.4)) panel(pen, box(-12, -height * 0.6, 24, 15, 2), tone(color, -0.4));
  },
  satchel: (pen, dice, bag) => {
    drawFlap(pen, dice, bag, dice.between(0.5, 0.7));
    for (const x of [-0.5, 0.5]) drawBuckle(pen, dice, x * bag.top, -bag.height * 0.7, bag.color);
  },
};

/** A strap that runs down into a buckle. */
function drawBuckle(pen: Pen, dice: Random, x: number, y: number, color: Rgb): void {
  panel(pen, box(x - 4, y - 6, 8, dice.between(28, 40), 3), tone(color, -0.28));
  pen.stroke(box(x - 6, y + 10, 12, 9, 2), metalColor(dice), { width: 2.2 });
}

export const drawBackpack: Painter = (pen, dice) => {
  const color = chance(dice, 0.3) ? leatherColor(dice) : goodsColor(dice);
  const [width, height] = [dice.between(38, 52), dice.between(88, 126)];
  const dome = dice.between(0.72, 0.95);
  const body = smooth(
    [
      [-width * dome * 0.7, -height],
      [-width * dome, -height * 0.86],
      [-width, -height * 0.3],
      [-width * 0.96, -5],
      [-width * 0.8, 0],
      [width * 0.8, 0],
      [width * 0.96, -5],
      [width, -height * 0.3],
      [width * dome, -height * 0.86],
      [width * dome * 0.7, -height],
    ],
    true,
    0.75,
  );
  drawShoulderStraps(pen, dice, color, width, height);
  tube(pen, `M-9 ${round(-height + 4)}v-9c0 -9 18 -9 18 0v9`, tone(color, -0.3), 4.5);
  panel(pen, body, color, 0.42);
  if (chance(dice, 0.25))
    drawPrint(pen, dice, body, color, weighted<Print>(dice, { stripes: 1, dots: 1, flowers: 1, checks: 1, halves: 2 }));
  const bag: Bag = { color, bottom: width, top: width * dome, height };
  if (chance(dice, 0.35)) drawFlapPack(pen, dice, bag);
  else drawZipPack(pen, dice, bag);
  drawFrontPocket(pen, dice, bag);
  return { left: -width - 13, right: width + 13, top: -height - 12, bottom: 0, outline: body };
};

/** Straps that come out at the sides of the back, and bottle pockets now and then. */
function drawShoulderStraps(pen: Pen, dice: Random, color: Rgb, width: number, height: number): void {
  const bow = dice.between(4, 13);
  for (const side of [-1, 1]) {
    if (!chance(dice, 0.8)) continue;
    const at = (x: number, y: number): Point => [side * x, y];
    pen.stroke(
      smooth([at(width * 0.6, -height * 0.9), at(width + bow, -height * 0.55), at(width * 0.85, -8)]),
      tone(color, -0.45),
      { width: 7 },
    );
  }
}

function drawZipPack(pen: Pen, dice: Random, { color, bottom, top, height }: Bag): void {
  const zip = smooth([
    [-bottom * 0.97, -height * 0.5],
    [-top * 0.9, -height * 0.82],
    [0, -height * 0.93],
    [top * 0.9, -height * 0.82],
    [bottom * 0.97, -height * 0.5],
  ]);
  pen.stroke(zip, tone(color, -0.6), { width: 3.4 });
  pen.stroke(zip, metalColor(dice), { width: 1.3, dash: [1.6, 1.4] });
}

function drawFlapPack(pen: Pen, dice: Random, bag: Bag): void {
  drawFlap(pen, dice, bag, dice.between(0.38, 0.52));
  const straps = chance(dice, 0.5) ? [0] : [-0.45, 0.45];
  for (const x of straps) drawBuckle(pen, dice, x * bag.top, -bag.height * 0.72, bag.color);
}

function drawFrontPocket(pen: Pen, dice: Random, { color, bottom, height }: Bag): void {
  const [w, h] = [bottom * dice.between(0.6, 0.82), height * dice.between(0.26, 0.4)];
  const accent = chance(dice, 0.35) ? goodsColor(dice) : tone(color, chance(dice, 0.5) ? -0.18 : 0.12);
  const pocket = box(-w, -h - 6, 2 * w, h, 9);
  pen.fill(box(-w - 1, -h - 4, 2 * w + 2, h + 1, 9), ink, 0.28);
  panel(pen, pocket, accent);
  pen.stroke(`M${round(-w + 8)} ${round(-h)}H${round(w - 8)}`, tone(accent, -0.6), { width: 2.6 });
  if (chance(dice, 0.5)) pen.fill(box(w - 14, -h, 3, 9, 1.5), metalColor(dice));
}
