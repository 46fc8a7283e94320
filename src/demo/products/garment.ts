/** Upper garments laid flat or on a hanger: a body, two sleeves, a neckline; cut by numbers so that all kinds share one pattern. */
import type { Random } from "../../core/index.js";
import { hsl, ink, type Rgb, tone, white, woodColor } from "../color.js";
import { bends, box, ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawFolds } from "./cloth.js";

/** Half widths, and lengths downward from `top`; y = 0 is about the waist. */
export interface Cut {
  readonly neck: number;
  /** Depth of the neckline at the middle, and whether it comes to a point. */
  readonly drop: number;
  readonly pointed: boolean;
  readonly shoulder: number;
  readonly chest: number;
  readonly waist: number;
  readonly hem: number;
  readonly top: number;
  readonly bottom: number;
  readonly sleeve: Sleeve;
}

export interface Sleeve {
  readonly length: number;
  /** Downward from the horizontal, in radians. */
  readonly angle: number;
  readonly cuff: number;
  /** How far the sleeve billows. */
  readonly puff: number;
}

/** The body without sleeves. */
export function bodyPath(cut: Cut): string {
  const side: Point[] = [
    [cut.shoulder, cut.top + 8],
    [cut.chest, cut.top + 36],
    [cut.waist, (cut.top + cut.bottom) / 2 + 6],
    [cut.hem, cut.bottom],
  ];
  const left = side.toReversed().map(([x, y]): Point => [-x, y]);
  const [n, dip] = [round(cut.neck), round(cut.top + cut.drop)];
  const neckline = cut.pointed
    ? `L0 ${dip}L${n} ${round(cut.top)}`
    : `C${round(-n * 0.8)} ${round(cut.top + cut.drop * 1.3)} ${round(n * 0.8)} ${round(cut.top + cut.drop * 1.3)} ${n} ${round(cut.top)}`;
  const hem = `Q0 ${round(cut.bottom + 7)} ${round(-cut.hem)} ${round(cut.bottom)}`;
  return `M${-n} ${round(cut.top)}${neckline}L${round(cut.shoulder)} ${round(cut.top + 8)}${bends(side, false, 0.7)}${hem}${bends(left, false, 0.7)}z`;
}

/** The right sleeve; the left one is its mirror image. */
export function sleevePath(cut: Cut): string {
  return smoothSleeve(sleevePoints(cut));
}

/** Shoulder, outer cuff, inner cuff, armpit. */
function sleevePoints({ shoulder, chest, top, sleeve }: Cut): {
  points: readonly [Point, Point, Point, Point];
  bulge: Point;
} {
  const [dx, dy] = [Math.cos(sleeve.angle), Math.sin(sleeve.angle)];
  const from: Point = [shoulder - 2, top + 7];
  const outer: Point = [from[0] + dx * sleeve.length, from[1] + dy * sleeve.length];
  const inner: Point = [outer[0] - dy * sleeve.cuff, outer[1] + dx * sleeve.cuff];
  const bulge: Point = [
    from[0] + dx * sleeve.length * 0.5 + dy * sleeve.puff,
    from[1] + dy * sleeve.length * 0.5 - dx * sleeve.puff,
  ];
  return { points: [from, outer, inner, [chest - 1, top + 38]], bulge };
}

function smoothSleeve({ points: [from, outer, inner, pit], bulge }: ReturnType<typeof sleevePoints>): string {
  const text = (p: Point): string => `${round(p[0])} ${round(p[1])}`;
  const under: Point = [
    (inner[0] + pit[0]) / 2 - (bulge[0] - (from[0] + outer[0]) / 2) * 0.6,
    (inner[1] + pit[1]) / 2 - (bulge[1] - (from[1] + outer[1]) / 2) * 0.6,
  ];
  return `M${text(from)}Q${text(bulge)} ${text(outer)}L${text(inner)}Q${text(under)} ${text(pit)}z`;
}

/** Mirrors what is drawn into both sleeves. */
export function onBothSides(pen: Pen, draw: () => void): void {
  draw();
  pen.placed("scale(-1 1)", draw);
}

/** Draws sleeves, the inside of the neck and the body, each shaded; `print` draws on the body and the sleeves. */
export function drawGarment(pen: Pen, dice: Random, cut: Cut, cloth: Rgb, print: (outline: string) => void): void {
  const [body, sleeve] = [bodyPath(cut), sleevePath(cut)];
  const neck = ellipse(0, cut.top + 1, cut.neck, 6);
  pen.fill(neck, tone(cloth, -0.45));
  const sleevePaint = pen.linear(
    [
      [0, tone(cloth, -0.05)],
      [0.6, tone(cloth, -0.16)],
      [1, tone(cloth, -0.42)],
    ],
    "down",
  );
  const sleeveArt = pen.aside(() => {
    pen.fill(sleeve, sleevePaint);
    print(sleeve);
    pen.stroke(sleeve, tone(cloth, -0.6), { width: 0.9, opacity: 0.5 });
  });
  onBothSides(pen, () => pen.paste(sleeveArt));
  pen.fill(
    body,
    pen.linear([
      [0, tone(cloth, -0.16)],
      [0.25, tone(cloth, 0.1)],
      [0.6, tone(cloth, -0.04)],
      [1, tone(cloth, -0.34)],
    ]),
  );
  print(body);
  pen.inside(body, () => drawFolds(pen, dice, cut.hem, cut.top, cut.bottom));
  pen.stroke(body, tone(cloth, -0.6), { width: 0.9, opacity: 0.5 });
}

/** A line of stitches or ribbing along the hem and the cuffs. */
export function drawSeams(pen: Pen, cut: Cut, cloth: Rgb): void {
  const {
    points: [, outer, inner],
  } = sleevePoints(cut);
  const back = (p: Point): Point => [p[0] - Math.cos(cut.sleeve.angle) * 5, p[1] - Math.sin(cut.sleeve.angle) * 5];
  const cuff = polygon([back(outer), back(inner)], false);
  onBothSides(pen, () => pen.stroke(cuff, tone(cloth, -0.55), { width: 0.9, opacity: 0.6, dash: [2.4, 1.6] }));
  const y = cut.bottom - 5;
  pen.stroke(
    `M${round(-cut.hem + 1)} ${round(y)}Q0 ${round(y + 7)} ${round(cut.hem - 1)} ${round(y)}`,
    tone(cloth, -0.55),
    { width: 0.9, opacity: 0.6, dash: [2.4, 1.6] },
  );
}

/** A hanger under the shoulders: its hook rises over the neck. Returns the height of the hook. */
export function drawHanger(pen: Pen, dice: Random, cut: Cut): number {
  const color = chance(dice, 0.5) ? woodColor(dice) : chance(dice, 0.5) ? hsl(220, 0.05, 0.2) : white;
  const [x, y] = [cut.shoulder * 0.85, cut.top + 10];
  pen.stroke(
    smooth([
      [-x, y],
      [-cut.neck * 0.6, y - 13],
      [0, y - 17],
      [cut.neck * 0.6, y - 13],
      [x, y],
    ]),
    color,
    { width: 5.5 },
  );
  const hook = `M0 ${round(y - 18)}v-9c0 -7 11 -5 11 -13c0 -11 -19 -10 -19 0`;
  pen.stroke(hook, hsl(220, 0.04, 0.45), { width: 2.6 });
  return 40;
}

/** A folded garment: a rectangle with the neck at its upper edge, on a stack now and then. */
export function drawFoldedCloth(pen: Pen, dice: Random, cloth: Rgb, print: (outline: string) => void): string {
  const [width, height] = [dice.between(40, 54), dice.between(48, 66)];
  const outline = box(-width, -height, 2 * width, 2 * height, 7);
  for (let i = chance(dice, 0.35) ? 1 + dice.below(2) : 0; i > 0; i--) {
    const under = hsl(dice.between(0, 360), dice.between(0, 0.5), dice.between(0.2, 0.8));
    pen.fill(
      box(-width - dice.between(0, 4), height - 10, 2 * width + 3, 10 + 9 * i, 6),
      pen.linear(
        [
          [0, under],
          [1, tone(under, -0.5)],
        ],
        "down",
      ),
    );
  }
  pen.fill(
    outline,
    pen.linear(
      [
        [0, tone(cloth, 0.08)],
        [0.5, cloth],
        [1, tone(cloth, -0.32)],
      ],
      "aslant",
    ),
  );
  print(outline);
  pen.inside(outline, () => drawFolds(pen, dice, width, -height, height));
  pen.stroke(outline, tone(cloth, -0.6), { width: 1, opacity: 0.5 });
  pen.stroke(
    polygon(
      [
        [-width + 3, height - 6],
        [width - 3, height - 6],
      ],
      false,
    ),
    ink,
    { width: 1.4, opacity: 0.2 },
  );
  return outline;
}
