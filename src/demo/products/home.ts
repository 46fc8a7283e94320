/** Lamps and clocks. Some lamp feet are vases; some clocks stand on feet with bells. */
import type { Random } from "../../core/index.js";
import { contrast, goodsColor, hsl, ink, lightness, metalColor, type Rgb, tone, white, woodColor } from "../color.js";
import { box, ellipse, type Point, polygon, round } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawMaterial, roundPaint, tube } from "./material.js";
import type { Extent, Painter } from "./product.js";
import { decorate, drawTurned, type Profile, turnedPath } from "./turned.js";

type LampKind = "table" | "pole" | "desk" | "pendant";

export const drawLamp: Painter = (pen, dice, stance) => {
  const kind = stance === "hang" ? "pendant" : weighted<LampKind>(dice, { table: 3, pole: 1.6, desk: 1.4 });
  return lampTable[kind](pen, dice);
};

/** A shade between two heights, lit from inside now and then. */
function drawShade(pen: Pen, dice: Random, foot: number, height: number, low: number, high: number): void {
  const cloth = chance(dice, 0.5)
    ? hsl(dice.between(30, 50), dice.between(0.1, 0.5), dice.between(0.7, 0.92))
    : goodsColor(dice);
  const profile: Profile = [
    [foot, low],
    [foot + height * 0.5, low + (high - low) * dice.between(0.45, 0.62)],
    [foot + height, high],
  ];
  const tilt = dice.between(0.06, 0.2);
  const lit = chance(dice, 0.4);
  drawTurned(pen, { profile, material: { finish: "matte", color: cloth }, tilt, open: false }, (path) => {
    if (lit)
      pen.fill(
        path,
        pen.radial(
          [
            [0, [255, 240, 190], 0.95],
            [0.6, [255, 214, 140], 0.5],
            [1, [255, 190, 110], 0.1],
          ],
          0.5,
          0.6,
          0.6,
        ),
      );
    if (chance(dice, 0.3))
      pen.stroke(
        turnedPath(
          [
            [foot + 3, low - 1],
            [foot + height - 3, high - 1],
          ],
          tilt,
        ),
        tone(cloth, -0.4),
        { width: 1.6, opacity: 0.6 },
      );
  });
  pen.fill(ellipse(0, -foot - height, high, high * tilt), lit ? [255, 236, 190] : tone(cloth, -0.4));
}

const lampTable: Readonly<Record<LampKind, (pen: Pen, dice: Random) => Extent>> = {
  table: (pen, dice) => {
    const [height, radius] = [dice.between(48, 82), dice.between(15, 32)];
    const profile: Profile = [
      [0, radius * dice.between(0.7, 1.1)],
      [height * 0.3, radius * dice.between(0.7, 1.1)],
      [height * 0.7, radius * dice.between(0.4, 0.9)],
      [height, 6],
    ];
    const body = {
      profile,
      material: drawMaterial(dice, { glaze: 3, metal: 2, matte: 2, glass: 1 }),
      tilt: dice.between(0.08, 0.24),
      open: false,
    };
    drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette));
    tube(pen, `M0 ${round(-height)}v-14`, metalColor(dice), 4);
    const [low, rise] = [dice.between(40, 62), dice.between(40, 64)];
    drawShade(pen, dice, height + 6, rise, low, low * dice.between(0.42, 0.95));
    return { left: -low, right: low, top: -height - rise - 10, bottom: radius * 0.2 };
  },
  pole: (pen, dice) => {
    const [height, foot] = [dice.between(100, 160), dice.between(22, 34)];
    const metal = metalColor(dice);
    drawTurned(pen, {
      profile: [
        [0, foot],
        [3, foot],
        [6, foot * 0.5],
      ],
      material: { finish: "metal", color: metal },
      tilt: 0.24,
      open: false,
    });
    tube(pen, `M0 -5V${round(-height)}`, chance(dice, 0.3) ? woodColor(dice) : metal, dice.between(3.5, 6.5));
    const [low, rise] = [dice.between(32, 52), dice.between(34, 54)];
    drawShade(pen, dice, height - rise * 0.4, rise, low, low * dice.between(0.5, 0.95));
    return { left: -low, right: low, top: -height - rise * 0.65, bottom: foot * 0.25 };
  },
  desk: drawDeskLamp,
  pendant: (pen, dice) => {
    const [low, rise, cord] = [dice.between(42, 64), dice.between(32, 64), dice.between(24, 60)];
    pen.stroke(`M0 ${round(-rise)}v${round(-cord - 140)}`, ink, { width: 1.8 });
    if (chance(dice, 0.5)) drawShade(pen, dice, 0, rise, low, low * dice.between(0.3, 0.8));
    else {
      const material = drawMaterial(dice, { metal: 2, glaze: 2, matte: 1, glass: 1 });
      drawTurned(pen, {
        profile: [
          [0, low],
          [rise * 0.4, low * 0.85],
          [rise * 0.8, low * 0.4],
          [rise, 7],
        ],
        material,
        tilt: 0.12,
        open: false,
      });
    }
    pen.fill(
      ellipse(0, 3, 9, 8),
      pen.radial([
        [0, [255, 252, 230]],
        [0.7, [255, 226, 160]],
        [1, [220, 180, 120]],
      ]),
    );
    return { left: -low, right: low, top: -rise - cord, bottom: 12 };
  },
};

/** Two rods, a joint and a cone that looks down to the left. */
function drawDeskLamp(pen: Pen, dice: Random): Extent {
  const color = chance(dice, 0.5) ? goodsColor(dice) : metalColor(dice);
  const elbow: Point = [dice.between(18, 38), -dice.between(52, 72)];
  const head: Point = [dice.between(-38, -8), elbow[1] - dice.between(28, 52)];
  drawTurned(pen, {
    profile: [
      [0, 30],
      [5, 29],
      [8, 12],
    ],
    material: { finish: "glaze", color },
    tilt: 0.26,
    open: false,
  });
  tube(pen, polygon([[4, -8], elbow, head], false), tone(color, -0.15), 4.5);
  pen.fill(ellipse(elbow[0], elbow[1], 5, 5), tone(color, -0.4));
  const turn = dice.between(20, 58);
  pen.placed(`translate(${round(head[0])} ${round(head[1])}) rotate(${round(turn)})`, () => {
    const cone = polygon([
      [-8, -14],
      [8, -14],
      [27, 26],
      [-27, 26],
    ]);
    pen.fill(cone, roundPaint(pen, { finish: "glaze", color }));
    pen.stroke(cone, tone(color, -0.6), { width: 1, opacity: 0.6 });
    pen.fill(ellipse(0, 26, 27, 8), chance(dice, 0.5) ? [255, 240, 190] : tone(color, -0.4));
  });
  return { left: Math.min(-32, head[0] - 40), right: elbow[0] + 12, top: head[1] - 18, bottom: 8 };
}

type Face = "round" | "square" | "octagon";

function facePath(face: Face, radius: number): string {
  if (face === "round") return ellipse(0, 0, radius, radius);
  if (face === "square") return box(-radius * 0.92, -radius * 0.92, radius * 1.84, radius * 1.84, radius * 0.14);
  return polygon(
    repeat(8, (i): Point => [Math.cos((i + 0.5) * 0.785) * radius * 1.04, Math.sin((i + 0.5) * 0.785) * radius * 1.04]),
  );
}

export const drawClock: Painter = (pen, dice, stance) => {
  const radius = dice.between(44, 60);
  const face = weighted<Face>(dice, { round: 6, square: 1.6, octagon: 1 });
  const alarm = stance === "stand";
  const lift = alarm ? radius + 10 : 0;
  const rim = chance(dice, 0.4) ? metalColor(dice) : chance(dice, 0.5) ? woodColor(dice) : goodsColor(dice);
  pen.placed(`translate(0 ${round(-lift)})`, () => {
    if (alarm) drawFeet(pen, dice, rim, radius);
    drawFace(pen, dice, face, rim, radius);
  });
  const top = alarm ? -lift - radius - 20 : -radius * 1.05;
  return {
    left: -radius * 1.05,
    right: radius * 1.05,
    top,
    bottom: alarm ? 2 : radius * 1.05,
    outline: facePath(face, radius),
  };
};

function drawFace(pen: Pen, dice: Random, face: Face, rim: Rgb, radius: number): void {
  const inner = radius * dice.between(0.8, 0.94);
  const dial = chance(dice, 0.65) ? tone(white, -dice.between(0, 0.1)) : goodsColor(dice);
  pen.fill(
    facePath(face, radius),
    pen.linear(
      [
        [0, tone(rim, 0.5)],
        [0.5, rim],
        [1, tone(rim, -0.6)],
      ],
      "aslant",
    ),
  );
  pen.fill(
    facePath(face, inner),
    pen.linear(
      [
        [0, tone(dial, -0.22)],
        [0.4, dial],
        [1, tone(dial, 0.1)],
      ],
      "aslant",
    ),
  );
  const mark = lightness(dial) > 0.5 ? tone(contrast(dice, dial), -0.4) : white;
  drawTicks(pen, dice, inner * 0.9, mark);
  drawHands(pen, dice, inner, mark);
  if (chance(dice, 0.5))
    pen.fill(
      polygon([
        [-inner * 0.6, -inner * 0.3],
        [-inner * 0.1, -inner * 0.7],
        [inner * 0.1, -inner * 0.6],
        [-inner * 0.5, inner * 0.1],
      ]),
      white,
      0.22,
    );
}

/** Hours as strokes or dots; numerals would need a font. */
function drawTicks(pen: Pen, dice: Random, radius: number, mark: Rgb): void {
  const style = dice.pick(["strokes", "dots", "quarters"] as const);
  const hours = repeat(12, (i) => i).filter((i) => style !== "quarters" || i % 3 === 0);
  const at = (hour: number, share: number): Point => [
    Math.sin(hour * 0.5236) * radius * share,
    -Math.cos(hour * 0.5236) * radius * share,
  ];
  if (style === "dots")
    return pen.fill(hours.map((i) => ellipse(...at(i, 0.92), i % 3 ? 1.6 : 2.8, i % 3 ? 1.6 : 2.8)).join(""), mark);
  pen.stroke(hours.map((i) => polygon([at(i, i % 3 ? 0.9 : 0.82), at(i, 1)], false)).join(""), mark, {
    width: dice.between(1.4, 3.4),
  });
}

function drawHands(pen: Pen, dice: Random, radius: number, mark: Rgb): void {
  const hour = dice.between(0, 12);
  const hand = (turn: number, length: number): string => {
    const [x, y] = [Math.sin(turn * 2 * Math.PI), -Math.cos(turn * 2 * Math.PI)];
    return polygon(
      [
        [-x * 5, -y * 5],
        [x * length, y * length],
      ],
      false,
    );
  };
  pen.stroke(hand(hour / 12, radius * 0.48), mark, { width: 3.6 });
  pen.stroke(hand(hour % 1, radius * 0.74), mark, { width: 2.4 });
  if (chance(dice, 0.5)) pen.stroke(hand(dice.next(), radius * 0.8), hsl(5, 0.75, 0.5), { width: 1 });
  pen.fill(ellipse(0, 0, 3.2, 3.2), mark);
}

/** Feet, and bells with a hammer on most, behind a standing clock. */
function drawFeet(pen: Pen, dice: Random, rim: Rgb, radius: number): void {
  const metal = chance(dice, 0.5) ? metalColor(dice) : rim;
  for (const side of [-1, 1])
    tube(
      pen,
      polygon(
        [
          [side * radius * 0.6, radius * 0.7],
          [side * radius * 0.82, radius + 9],
        ],
        false,
      ),
      metal,
      6,
    );
  if (chance(dice, 0.3)) return;
  for (const side of [-1, 1]) {
    pen.placed(`translate(${round(side * radius * 0.5)} ${round(-radius * 0.98)}) rotate(${side * 28})`, () =>
      drawTurned(pen, {
        profile: [
          [-4, 17],
          [6, 14],
          [12, 4],
        ],
        material: { finish: "metal", color: metal },
        tilt: 0.12,
        open: false,
      }),
    );
  }
  pen.stroke(`M0 ${round(-radius)}v-14`, metal, { width: 3 });
}
