/** Mugs, cups, jugs and bowls: near relatives that differ in proportion, handle, lip and saucer. */
import type { Random } from "../../core/index.js";
import { hsl, tone } from "../color.js";
import { ellipse, type Point, polygon, smooth } from "../curve.js";
import { chance, repeat } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawMaterial, roundPaint, tube } from "./material.js";
import type { Painter } from "./product.js";
import { decorate, drawTurned, type Profile, radiusAt, type TurnedBody } from "./turned.js";

/** How far from above tableware is photographed. */
function drawTilt(dice: Random): number {
  return dice.between(0.08, 0.42);
}

/** A looped handle at the right of a body between two heights: ear, square or ring. Returns how far it reaches. */
function drawHandle(pen: Pen, dice: Random, body: TurnedBody, low: number, high: number, reach: number): number {
  const width = dice.between(5, 9);
  const [bottom, top] = [radiusAt(body.profile, low) - 2, radiusAt(body.profile, high) - 2];
  const outer = Math.max(bottom, top) + reach;
  const shapes: readonly (() => string)[] = [
    () =>
      smooth([
        [top, -high],
        [outer - reach * 0.2, -high - 3],
        [outer, -(high * 0.62 + low * 0.38)],
        [outer - reach * 0.45, -low - 2],
        [bottom, -low],
      ]),
    () =>
      polygon(
        [
          [top, -high],
          [outer, -high],
          [outer, -low],
          [bottom, -low],
        ],
        false,
      ),
    () =>
      smooth([
        [top, -high],
        [outer, -high * 0.85 - low * 0.15],
        [outer, -high * 0.15 - low * 0.85],
        [bottom, -low],
      ]),
  ];
  tube(pen, dice.pick(shapes)(), body.material.color, width);
  return outer + width / 2;
}

/** Coffee, tea or milk in a vessel, below its rim. */
function drawDrink(pen: Pen, dice: Random, body: TurnedBody): void {
  const [height, radius] = body.profile.at(-1)!;
  const drink = dice.pick([hsl(22, 0.6, 0.16), hsl(28, 0.75, 0.36), hsl(38, 0.4, 0.8), hsl(30, 0.4, 0.55)]);
  const inner = radius * 0.84;
  pen.fill(
    ellipse(0, -height + radius * body.tilt * 0.14, inner, inner * body.tilt * 0.8),
    pen.linear([
      [0, tone(drink, -0.3)],
      [1, tone(drink, 0.2)],
    ]),
  );
}

export const drawMug: Painter = (pen, dice) => {
  const height = dice.between(70, 106);
  const radius = dice.between(32, 44);
  const [taper, belly] = [dice.between(-0.08, 0.22), chance(dice, 0.35) ? dice.between(0.04, 0.16) : 0];
  const base = radius * (1 - taper);
  const profile: Profile = [
    [0, base * 0.93],
    [3, base],
    [height * 0.5, ((base + radius) / 2) * (1 + belly)],
    [height * 0.94, radius],
    [height, radius],
  ];
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { matte: 4, glaze: 5, metal: 0.6, glass: 0.6 }),
    tilt: drawTilt(dice),
    open: true,
  };
  const right = drawHandle(
    pen,
    dice,
    body,
    height * dice.between(0.14, 0.3),
    height * dice.between(0.7, 0.88),
    dice.between(16, 32),
  );
  drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
  if (chance(dice, 0.35)) drawDrink(pen, dice, body);
  return { left: -radius * (1 + belly), right, top: -height - radius * body.tilt, bottom: base * body.tilt };
};

export const drawCup: Painter = (pen, dice) => {
  const height = dice.between(40, 62);
  const radius = dice.between(35, 54);
  const base = radius * dice.between(0.42, 0.74);
  const bulge = dice.between(0.62, 0.95);
  const profile: Profile = [
    [0, base * 0.9],
    [4, base * 0.84],
    [9, base],
    [height * 0.45, base + (radius - base) * bulge],
    [height, radius],
  ];
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { matte: 3, glaze: 6, metal: 0.2, glass: 0.8 }),
    tilt: drawTilt(dice),
    open: true,
  };
  const saucer = chance(dice, 0.72) ? radius * dice.between(1.3, 1.65) : 0;
  if (saucer > 0) drawSaucer(pen, body, saucer);
  const right = drawHandle(
    pen,
    dice,
    body,
    height * dice.between(0.25, 0.4),
    height * dice.between(0.75, 0.9),
    dice.between(12, 24),
  );
  drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
  if (chance(dice, 0.6)) drawDrink(pen, dice, body);
  const side = Math.max(saucer, radius);
  return {
    left: -side,
    right: Math.max(right, saucer),
    top: -height - radius * body.tilt,
    bottom: Math.max(saucer * body.tilt + 3, base * body.tilt),
  };
};

function drawSaucer(pen: Pen, { material, tilt }: TurnedBody, radius: number): void {
  pen.fill(ellipse(0, 3, radius, radius * tilt), tone(material.color, -0.45));
  pen.fill(ellipse(0, 0, radius, radius * tilt), roundPaint(pen, { ...material, finish: "matte" }));
  pen.fill(ellipse(0, 1, radius * 0.62, radius * 0.62 * tilt), tone(material.color, -0.3), 0.55);
  pen.stroke(ellipse(0, -0.5, radius * 0.95, radius * 0.95 * tilt), tone(material.color, 0.5), {
    width: 1.1,
    opacity: 0.7,
  });
}

export const drawJug: Painter = (pen, dice) => {
  const height = dice.between(104, 154);
  const belly = dice.between(34, 50);
  const neck = belly * dice.between(0.55, 0.92);
  const rim = neck * dice.between(1, 1.22);
  const waist = dice.between(0.25, 0.45);
  const profile: Profile = [
    [0, belly * dice.between(0.62, 0.9)],
    [height * waist, belly],
    [height * 0.76, neck],
    [height, rim],
  ];
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { matte: 3, glaze: 4, metal: 1, glass: 2 }),
    tilt: drawTilt(dice) * 0.8,
    open: true,
  };
  const right = drawHandle(
    pen,
    dice,
    body,
    height * dice.between(0.28, 0.42),
    height * dice.between(0.8, 0.93),
    dice.between(18, 34),
  );
  const lip = dice.between(11, 22);
  drawLip(pen, body, lip);
  drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
  drawSpoutShade(pen, body, lip);
  return {
    left: -Math.max(belly, rim + lip),
    right,
    top: -height - Math.max(rim * body.tilt, 4),
    bottom: belly * body.tilt,
  };
};

/** The pouring lip at the left of the rim. */
function drawLip(pen: Pen, { profile, material, tilt }: TurnedBody, reach: number): void {
  const [height, radius] = profile.at(-1)!;
  const path = smooth(
    [
      [-radius * 0.4, -height - radius * tilt],
      [-radius - reach, -height - 4],
      [-radius * 0.97, -height * 0.83],
      [-radius * 0.5, -height * 0.8],
    ],
    true,
    0.8,
  );
  pen.fill(path, roundPaint(pen, material));
  pen.stroke(path, tone(material.color, -0.6), { width: 0.9, opacity: 0.5 });
}

/** The inside of the lip, seen past the rim. */
function drawSpoutShade(pen: Pen, { profile, material, tilt }: TurnedBody, reach: number): void {
  const [height, radius] = profile.at(-1)!;
  const path: Point[] = [
    [-radius * 0.75, -height - radius * tilt * 0.5],
    [-radius - reach * 0.8, -height - 3],
    [-radius * 0.75, -height + radius * tilt * 0.5],
  ];
  pen.fill(smooth(path, true, 0.7), tone(material.color, -0.42), material.finish === "glass" ? 0.5 : 0.95);
}

export const drawBowl: Painter = (pen, dice) => {
  const height = dice.between(34, 66);
  const radius = dice.between(50, 76);
  const base = radius * dice.between(0.35, 0.6);
  const profile: Profile = [
    [0, base * 0.95],
    [5, base * 0.9],
    [8, base],
    [height * 0.5, base + (radius - base) * dice.between(0.6, 0.92)],
    [height, radius],
  ];
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { matte: 4, glaze: 5, metal: 1, glass: 1 }),
    tilt: drawTilt(dice) + 0.06,
    open: true,
  };
  drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
  const heap = chance(dice, 0.35) ? drawFruit(pen, dice, body) : 0;
  return { left: -radius, right: radius, top: -height - Math.max(radius * body.tilt, heap), bottom: base * body.tilt };
};

/** A heap of fruit in a bowl; returns its height over the rim. */
function drawFruit(pen: Pen, dice: Random, body: TurnedBody): number {
  const [height, radius] = body.profile.at(-1)!;
  const color = hsl(dice.pick([8, 28, 45, 80, 110]), 0.7, 0.45);
  const size = radius * dice.between(0.2, 0.32);
  const paint = pen.radial(
    [
      [0, tone(color, 0.5)],
      [0.5, color],
      [1, tone(color, -0.45)],
    ],
    0.35,
    0.3,
    0.75,
  );
  const spots = repeat(
    4 + dice.below(3),
    (i): Point => [dice.between(-0.5, 0.5) * radius, -height - (i % 2) * size * 0.8 + radius * body.tilt * 0.2],
  );
  for (const [x, y] of spots) pen.fill(ellipse(x, y, size, size), paint);
  return size * 2;
}
