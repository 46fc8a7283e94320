/** Things that are no products: boxes, plants, balls, books, and tags and stickers without words; behind a product or in front of it. */
import type { Random } from "../../core/index.js";
import { goodsColor, hsl, ink, tone, white } from "../color.js";
import { box, ellipse, type Point, polygon, round } from "../curve.js";
import { chance, repeat } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawRail, drawShelfTag, type Frame } from "./clutter.js";
import { leafPath } from "../products/index.js";

type Prop = (pen: Pen, dice: Random, x: number, y: number, size: number) => void;

const drawBox: Prop = (pen, dice, x, y, size) => {
  const color = chance(dice, 0.5) ? hsl(32, 0.4, 0.55) : goodsColor(dice);
  const [w, h, d] = [size * dice.between(0.6, 1.2), size * dice.between(0.4, 1.1), size * dice.between(0.15, 0.4)];
  pen.fill(
    box(x - w / 2, y - h, w, h),
    pen.linear(
      [
        [0, tone(color, 0.1)],
        [1, tone(color, -0.25)],
      ],
      "down",
    ),
  );
  pen.fill(
    polygon([
      [x - w / 2, y - h],
      [x - w / 2 + d, y - h - d * 0.5],
      [x + w / 2 + d, y - h - d * 0.5],
      [x + w / 2, y - h],
    ]),
    tone(color, 0.3),
  );
  pen.fill(
    polygon([
      [x + w / 2, y - h],
      [x + w / 2 + d, y - h - d * 0.5],
      [x + w / 2 + d, y - d * 0.5],
      [x + w / 2, y],
    ]),
    tone(color, -0.45),
  );
  if (chance(dice, 0.6))
    pen.fill(box(x - w * 0.3, y - h * 0.7, w * 0.6, h * 0.35, 2), tone(goodsColor(dice), 0.2), 0.85);
};

const drawPlant: Prop = (pen, dice, x, y, size) => {
  const green = hsl(dice.between(75, 150), dice.between(0.25, 0.55), dice.between(0.2, 0.45));
  const leaves = repeat(8, (i) =>
    leafPath(
      [x + dice.between(-4, 4), y - size * 0.1],
      -Math.PI * (0.08 + 0.105 * i) + dice.between(-0.15, 0.15),
      size * dice.between(0.6, 1.1),
    ),
  );
  pen.fill(leaves.slice(0, 4).join(""), tone(green, -0.25));
  pen.fill(
    leaves.slice(4).join(""),
    pen.linear(
      [
        [0, tone(green, 0.3)],
        [1, tone(green, -0.3)],
      ],
      "down",
    ),
  );
};

const drawBall: Prop = (pen, dice, x, y, size) => {
  const color = goodsColor(dice);
  const r = size * dice.between(0.2, 0.4);
  pen.fill(ellipse(x, y, r * 1.1, r * 0.25), ink, 0.35);
  pen.fill(
    ellipse(x, y - r, r, r),
    pen.radial(
      [
        [0, tone(color, 0.6)],
        [0.5, color],
        [1, tone(color, -0.5)],
      ],
      0.35,
      0.3,
      0.75,
    ),
  );
};

const drawBooks: Prop = (pen, dice, x, y, size) => {
  let [at, left] = [y, 2 + dice.below(3)];
  while (left-- > 0) {
    const [w, h, color] = [size * dice.between(0.7, 1.2), size * dice.between(0.1, 0.2), goodsColor(dice)];
    pen.fill(
      box(x - w / 2, at - h, w, h, 2),
      pen.linear(
        [
          [0, tone(color, 0.2)],
          [1, tone(color, -0.35)],
        ],
        "down",
      ),
    );
    pen.fill(box(x + w * 0.3, at - h * 0.85, w * 0.16, h * 0.7), tone(color, 0.5), 0.8);
    at -= h;
  }
};

/** Something that is no product of ours, standing at a point. */
export function drawProp(pen: Pen, dice: Random, x: number, y: number, size: number): void {
  dice.pick<Prop>([drawBox, drawPlant, drawBall, drawBooks])(pen, dice, x, y, size);
}

/** A tag on a string, with a hole. */
const drawHangTag: Prop = (pen, dice, x, y, size) => {
  const paper = chance(dice, 0.5) ? hsl(35, 0.35, 0.7) : white;
  const [w, h] = [size * 0.3, size * 0.5];
  pen.stroke(
    `M${round(x)} ${round(y)}q${round(size * 0.1)} ${round(-size * 0.3)} ${round(size * 0.25)} ${round(-size * 0.5)}`,
    tone(paper, -0.6),
    { width: 1.4 },
  );
  pen.fill(
    polygon([
      [x - w / 2, y + w * 0.2],
      [x - w * 0.2, y - w * 0.2],
      [x + w * 0.2, y - w * 0.2],
      [x + w / 2, y + w * 0.2],
      [x + w / 2, y + h],
      [x - w / 2, y + h],
    ]),
    pen.linear(
      [
        [0, tone(paper, 0.3)],
        [1, tone(paper, -0.2)],
      ],
      "aslant",
    ),
  );
  pen.fill(ellipse(x, y, w * 0.09, w * 0.09), ink, 0.7);
  pen.fill(box(x - w * 0.3, y + h * 0.45, w * 0.6, h * 0.12), goodsColor(dice), 0.9);
  pen.fill(box(x - w * 0.3, y + h * 0.68, w * 0.4, h * 0.06), ink, 0.6);
};

/** A round sticker with a jagged edge, as for reduced goods. */
const drawSticker: Prop = (pen, dice, x, y, size) => {
  const r = size * 0.5;
  const edge = repeat(
    28,
    (i): Point => [
      x + Math.cos(i * 0.2244) * r * (i % 2 ? 0.86 : 1),
      y + Math.sin(i * 0.2244) * r * (i % 2 ? 0.86 : 1),
    ],
  );
  pen.fill(polygon(edge), hsl(dice.pick([0, 8, 48, 130, 205]), 0.8, 0.5));
  pen.stroke(
    polygon(
      [
        [x - r * 0.4, y + r * 0.4],
        [x + r * 0.4, y - r * 0.4],
      ],
      false,
    ),
    white,
    { width: r * 0.12 },
  );
  pen.stroke(
    `${ellipse(x - r * 0.3, y - r * 0.25, r * 0.16, r * 0.16)}${ellipse(x + r * 0.3, y + r * 0.25, r * 0.16, r * 0.16)}`,
    white,
    { width: r * 0.1 },
  );
};

/** Something in front of a product: a tag on it, a card on a stand, leaves, a rail or a box corner; covers a part of it. */
export function drawOccluder(pen: Pen, dice: Random, frame: Frame, x: number, y: number, size: number): void {
  const occluders: readonly (() => void)[] = [
    () => drawHangTag(pen, dice, x, y, size * dice.between(0.5, 0.75)),
    () => drawSticker(pen, dice, x, y, size * dice.between(0.2, 0.4)),
    () =>
      pen.placed(`rotate(${round(dice.between(-25, 25))} ${round(x)} ${round(y)})`, () =>
        drawShelfTag(pen, dice, x - size * 0.22, y - size * 0.1, size * 0.44, size * 0.26),
      ),
    () =>
      drawPlant(
        pen,
        dice,
        x + dice.between(-0.5, 0.5) * size,
        frame.ground + size * 0.25,
        size * dice.between(0.3, 0.55),
      ),
    () =>
      drawBox(
        pen,
        dice,
        x + dice.pick([-0.62, 0.62]) * size,
        frame.ground + size * 0.25,
        size * dice.between(0.5, 0.8),
      ),
    () => drawRail(pen, dice, frame, frame.ground - size * dice.between(0.05, 0.3)),
    () =>
      drawBall(pen, dice, x + dice.between(-0.5, 0.5) * size, frame.ground + size * 0.2, size * dice.between(0.4, 0.8)),
  ];
  dice.pick(occluders)();
}
