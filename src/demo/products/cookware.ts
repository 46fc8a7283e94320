/** Pans, pots and teapots: low with a long handle, high with two ears and a lid, round with a spout; saucepans lie between. */
import type { Random } from "../../core/index.js";
import { hsl, ink, metalColor, tone, white } from "../color.js";
import { ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawMaterial, hollowPaint, type Material, roundPaint, tube } from "./material.js";
import type { Extent, Painter } from "./product.js";
import { bandPath, decorate, drawTurned, type Profile, radiusAt, type TurnedBody } from "./turned.js";

/** Steel, enamel, copper, cast iron or coated aluminum. */
function drawCookMaterial(dice: Random): Material {
  if (chance(dice, 0.4)) return { finish: "metal", color: metalColor(dice) };
  if (chance(dice, 0.35))
    return { finish: "glaze", color: hsl(dice.between(200, 240), 0.05, dice.between(0.12, 0.25)) };
  return drawMaterial(dice, { glaze: 2, matte: 1 });
}

/** A long handle that leaves the rim to the right, rising with `slope`; returns its far end. */
function drawLongHandle(pen: Pen, dice: Random, from: Point, slope: number): Point {
  const length = dice.between(62, 104);
  const [dx, dy] = [Math.cos(slope), -Math.sin(slope)];
  const at = (along: number, aside: number): Point => [
    from[0] + dx * along - dy * aside,
    from[1] + dy * along + dx * aside,
  ];
  const wide = dice.between(4.5, 7.5);
  const color = chance(dice, 0.4) ? hsl(25, 0.4, 0.35) : chance(dice, 0.6) ? ink : metalColor(dice);
  const path = smooth(
    [
      at(0, -wide * 0.6),
      at(length * 0.35, -wide * 0.55),
      at(length * 0.9, -wide),
      at(length, 0),
      at(length * 0.9, wide),
      at(length * 0.35, wide * 0.55),
      at(0, wide * 0.6),
    ],
    true,
    0.7,
  );
  pen.fill(
    path,
    pen.linear(
      [
        [0, tone(color, 0.4)],
        [0.5, color],
        [1, tone(color, -0.5)],
      ],
      "down",
    ),
  );
  pen.stroke(polygon([at(length * 0.15, -wide * 0.25), at(length * 0.85, -wide * 0.5)], false), tone(color, 0.6), {
    width: 1.4,
    opacity: 0.6,
  });
  pen.fill(ellipse(...at(length * 0.9, 0), 2.2, 1.7), ink, 0.7);
  return at(length, 0);
}

export const drawPan: Painter = (pen, dice) => {
  const radius = dice.between(48, 68);
  const height = radius * dice.between(0.2, 0.52);
  const base = radius * dice.between(0.72, 0.94);
  const body: TurnedBody = {
    profile: [
      [0, base],
      [height, radius],
    ],
    material: drawCookMaterial(dice),
    tilt: dice.between(0.16, 0.62),
    open: true,
  };
  const end = drawLongHandle(
    pen,
    dice,
    [radius * 0.9, -height * 0.9 - radius * body.tilt * 0.2],
    dice.between(0, 0.55),
  );
  drawTurned(pen, body);
  drawPanFloor(pen, dice, body, base, height);
  const lid = chance(dice, 0.15) ? drawLid(pen, dice, body) : 0;
  return {
    left: -radius,
    right: end[0],
    top: Math.min(-height - radius * body.tilt - lid, end[1] - 6),
    bottom: base * body.tilt,
  };
};

/** The floor of a pan, seen past its near wall, and now and then a fried egg. */
function drawPanFloor(pen: Pen, dice: Random, { tilt, material }: TurnedBody, base: number, height: number): void {
  const floor = base * 0.9;
  const drop = Math.max(0, Math.min(height * 0.6, base * tilt * 0.5));
  const rim = ellipse(0, -height, base * 1.02, base * 1.02 * tilt);
  pen.inside(rim, () => {
    pen.fill(
      ellipse(0, -height + drop, floor, floor * tilt),
      pen.linear(
        [
          [0, tone(material.color, -0.45)],
          [1, tone(material.color, 0.15)],
        ],
        "aslant",
      ),
    );
    if (!chance(dice, 0.25)) return;
    const [x, y] = [dice.between(-0.3, 0.3) * floor, -height + drop];
    pen.fill(ellipse(x, y, floor * 0.4, floor * 0.36 * tilt), white);
    pen.fill(ellipse(x + 3, y - 1, floor * 0.16, floor * 0.15 * tilt + 1), hsl(42, 0.95, 0.55));
  });
}

export const drawPot: Painter = (pen, dice) => {
  const radius = dice.between(40, 60);
  const height = radius * dice.between(0.72, 1.55);
  const base = radius * dice.between(0.86, 1);
  const body: TurnedBody = {
    profile: [
      [0, base * 0.95],
      [4, base],
      [height * 0.6, radius * dice.between(0.98, 1.06)],
      [height, radius],
    ],
    material: drawCookMaterial(dice),
    tilt: dice.between(0.12, 0.45),
    open: true,
  };
  const extent = chance(dice, 0.12) ? drawSauceHandle(pen, dice, body) : drawEars(pen, dice, body);
  drawTurned(pen, body, (silhouette) => drawPotBand(pen, dice, body, silhouette));
  const lid = chance(dice, 0.68) ? drawLid(pen, dice, body) : 0;
  return { ...extent, top: Math.min(extent.top, -height - radius * body.tilt - lid), bottom: base * body.tilt };
};

function drawSauceHandle(pen: Pen, dice: Random, { profile }: TurnedBody): Extent {
  const [height, radius] = profile.at(-1)!;
  const end = drawLongHandle(pen, dice, [radius * 0.96, -height * 0.86], dice.between(0, 0.35));
  return { left: -radius * 1.06, right: end[0], top: end[1] - 6, bottom: 0 };
}

/** Two loops at the sides. */
function drawEars(pen: Pen, dice: Random, { profile, material }: TurnedBody): Extent {
  const [height, radius] = profile.at(-1)!;
  const [y, reach, drop] = [-height * dice.between(0.72, 0.9), dice.between(14, 26), dice.between(2, 14)];
  const color = chance(dice, 0.5) ? material.color : ink;
  for (const side of [-1, 1]) {
    const at = (x: number, dy: number): Point => [side * (radius * 0.98 + x), y + dy];
    tube(pen, smooth([at(-2, -4), at(reach, -3), at(reach, drop), at(-2, drop + 4)]), color, dice.between(5, 7));
  }
  return { left: -radius - reach - 4, right: radius + reach + 4, top: -height, bottom: 0 };
}

function drawPotBand(pen: Pen, dice: Random, body: TurnedBody, silhouette: string): void {
  if (chance(dice, 0.12)) return decorate(pen, dice, body, silhouette);
  const [height] = body.profile.at(-1)!;
  pen.inside(silhouette, () => pen.fill(bandPath(body.profile, body.tilt, height * 0.9, height * 0.95), white, 0.35));
}

/** A domed lid with a knob on the rim of a body; returns its height over the rim's far edge. */
export function drawLid(pen: Pen, dice: Random, { profile, material, tilt }: TurnedBody): number {
  const [height, radius] = profile.at(-1)!;
  const rise = radius * dice.between(0.16, 0.42);
  const clear = material.finish === "metal" && chance(dice, 0.35);
  const cover: Material = clear ? { finish: "glass", color: hsl(200, 0.1, 0.7) } : material;
  pen.fill(ellipse(0, -height, radius * 1.02, radius * 1.02 * tilt), hollowPaint(pen, material));
  const r = round(radius * 1.02);
  const dome = `M${-r} ${round(-height)}C${-r} ${round(-height - radius * tilt - rise)} ${r} ${round(-height - radius * tilt - rise)} ${r} ${round(-height)}A${r} ${round(r * tilt)} 0 0 1 ${-r} ${round(-height)}z`;
  pen.fill(dome, roundPaint(pen, cover));
  pen.stroke(dome, tone(material.color, -0.6), { width: 1.1, opacity: 0.6 });
  const [top, size] = [-height - (radius * tilt + rise) * 0.75, radius * dice.between(0.1, 0.16)];
  const knob: Profile = [
    [-top - 2, size * 0.6],
    [-top + size, size],
    [-top + size * 1.6, size * 0.7],
  ];
  drawTurned(pen, {
    profile: knob,
    material: chance(dice, 0.5) ? material : { finish: "matte", color: ink },
    tilt: 0.4,
    open: false,
  });
  return Math.max(0, -top + size * 2 - height - radius * tilt);
}

export const drawTeapot: Painter = (pen, dice) => {
  const [height, belly] = [dice.between(56, 92), dice.between(42, 58)];
  const rim = belly * dice.between(0.42, 0.66);
  const profile: Profile = [
    [0, belly * dice.between(0.5, 0.75)],
    [height * 0.4, belly],
    [height * 0.8, belly * 0.8],
    [height, rim],
  ];
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { matte: 3, glaze: 4, metal: 1.6, glass: 0.6 }),
    tilt: dice.between(0.1, 0.3),
    open: true,
  };
  const left = drawSpout(pen, dice, body, height);
  const bail = chance(dice, 0.22);
  const [reach, rise] = [dice.between(22, 36), dice.between(26, 48)];
  const handle = bail
    ? smooth([
        [-rim, -height],
        [-belly * 0.7, -height - rise * 0.8],
        [0, -height - rise * 1.3],
        [belly * 0.7, -height - rise * 0.8],
        [rim, -height],
      ])
    : smooth([
        [radiusAt(profile, height * 0.85) - 2, -height * 0.85],
        [belly + reach, -height * 0.9],
        [belly + reach * 0.8, -height * 0.45],
        [belly - 2, -height * 0.3],
      ]);
  tube(pen, handle, body.material.color, dice.between(5.5, 8.5));
  drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
  const lid = chance(dice, 0.85) ? drawLid(pen, dice, body) : 0;
  return {
    left,
    right: belly + (bail ? 0 : reach + 4),
    top: -height - Math.max(rim * body.tilt + lid, bail ? rise * 1.3 : 0),
    bottom: belly * 0.6 * body.tilt,
  };
};

/** A spout that rises to the left; returns its outermost x. */
function drawSpout(pen: Pen, dice: Random, { profile, material }: TurnedBody, height: number): number {
  const reach = dice.between(26, 46);
  const tip: Point = [-radiusAt(profile, height * 0.4) - reach, -height * dice.between(0.8, 1.08)];
  const [low, high] = [radiusAt(profile, height * 0.25) - 6, radiusAt(profile, height * 0.62) - 6];
  const path = smooth(
    [
      [-low, -height * 0.2],
      [-low - reach * 0.55, -height * 0.42],
      [tip[0], tip[1] + 2],
      [tip[0] + 9, tip[1] - 2],
      [-high - reach * 0.3, -height * 0.62],
      [-high, -height * 0.68],
    ],
    true,
    0.8,
  );
  pen.fill(
    path,
    pen.linear(
      [
        [0, tone(material.color, 0.3)],
        [0.5, material.color],
        [1, tone(material.color, -0.5)],
      ],
      "aslant",
    ),
  );
  pen.stroke(path, tone(material.color, -0.65), { width: 0.9, opacity: 0.5 });
  pen.fill(ellipse(tip[0] + 4, tip[1], 5.5, 2.4), tone(material.color, -0.6));
  return tip[0] - 2;
}
