/** Bottles and vases: tall turned bodies without handles; some vases are shaped like bottles and stand empty. */
import type { Random } from "../../core/index.js";
import { goodsColor, hsl, tone, white } from "../color.js";
import { ellipse, type Point, polygon, round, smooth } from "../curve.js";
import { chance, repeat, weighted } from "../dice.js";
import type { Pen } from "../pen.js";
import { drawMaterial, type Material, roundPaint } from "./material.js";
import type { Painter } from "./product.js";
import { bandPath, decorate, drawTurned, motifPath, type Profile, radiusAt, type TurnedBody } from "./turned.js";

type BottleKind = "wine" | "oil" | "flask" | "jar" | "lotion";

/** Profiles of bottles by height h and radius r of the body. */
const bottleProfiles: Readonly<Record<BottleKind, (dice: Random, h: number, r: number) => Profile>> = {
  wine: (dice, h, r) => {
    const shoulder = dice.between(0.52, 0.66);
    return [
      [0, r * 0.94],
      [3, r],
      [h * shoulder, r],
      [h * (shoulder + 0.13), r * 0.48],
      [h * 0.8, r * 0.34],
      [h, r * 0.34],
    ];
  },
  oil: (dice, h, r) => [
    [0, r * 0.9],
    [h * 0.4, r],
    [h * 0.7, r * 0.5],
    [h * 0.85, r * dice.between(0.26, 0.36)],
    [h, r * 0.32],
  ],
  flask: (dice, h, r) => [
    [0, r * 0.95],
    [4, r],
    [h * dice.between(0.68, 0.76), r],
    [h * 0.86, r * 0.6],
    [h, r * 0.55],
  ],
  jar: (_dice, h, r) => [
    [0, r * 1.05],
    [4, r * 1.12],
    [h * 0.62, r * 1.12],
    [h * 0.76, r * 0.72],
    [h, r * 0.7],
  ],
  lotion: (dice, h, r) => [
    [0, r * 0.9],
    [h * 0.2, r * 1.1],
    [h * 0.55, r * dice.between(0.85, 1.1)],
    [h * 0.74, r * 0.72],
    [h * 0.8, r * 0.4],
    [h, r * 0.4],
  ],
};

export const drawBottle: Painter = (pen, dice) => {
  const kind = weighted<BottleKind>(dice, { wine: 3, oil: 2, flask: 2, jar: 1, lotion: 1.5 });
  const [height, radius] = [dice.between(118, 172), dice.between(22, 32)];
  const profile = bottleProfiles[kind](dice, height, radius);
  const body: TurnedBody = {
    profile,
    material: drawMaterial(dice, { glass: 5, glaze: 2, matte: 1.5, metal: 1 }),
    tilt: dice.between(0.05, 0.26),
    open: chance(dice, 0.12),
  };
  drawTurned(pen, body, (silhouette) => {
    pen.inside(silhouette, () => {
      if (body.material.finish === "glass" && chance(dice, 0.6)) drawFilling(pen, dice, body);
      if (chance(dice, 0.72)) drawLabel(pen, dice, body);
    });
  });
  const cap = body.open ? 0 : drawCap(pen, dice, body);
  return { left: -radius * 1.12, right: radius * 1.12, top: -height - cap, bottom: radius * body.tilt };
};

function drawFilling(pen: Pen, dice: Random, { profile, tilt }: TurnedBody): void {
  const top = profile.at(-1)![0];
  const color = tone(hsl(dice.pick([5, 30, 45, 90, 200]), 0.6, 0.35), -0.1);
  pen.fill(
    bandPath(profile, tilt, -20, top * dice.between(0.4, 0.75)),
    pen.linear([
      [0, tone(color, -0.3)],
      [0.35, tone(color, 0.25)],
      [1, tone(color, -0.5)],
    ]),
    0.7,
  );
}

/** A paper label with a printed sign and ruled lines instead of words. */
function drawLabel(pen: Pen, dice: Random, { profile, tilt }: TurnedBody): void {
  const top = profile.at(-1)![0];
  const from = top * dice.between(0.1, 0.24);
  const to = from + top * dice.between(0.2, 0.36);
  const paper = chance(dice, 0.6) ? tone(white, -dice.between(0, 0.12)) : goodsColor(dice);
  pen.fill(
    bandPath(profile, tilt, from, to),
    pen.linear([
      [0, tone(paper, -0.25)],
      [0.35, paper],
      [1, tone(paper, -0.45)],
    ]),
  );
  const [middle, radius] = [(from + to) / 2, radiusAt(profile, (from + to) / 2)];
  const print = tone(goodsColor(dice), -0.35);
  const sink = radius * tilt;
  pen.fill(motifPath(dice, 0, -middle + sink - 4, radius * 0.34), print, 0.9);
  const lines = repeat(
    3,
    (i) => `M${round(-radius * 0.5)} ${round(-middle + sink + 9 + i * 4)}h${round(radius * dice.between(0.5, 1))}`,
  );
  pen.stroke(lines.join(""), print, { width: 1.3, opacity: 0.8 });
}

/** A cork, screw cap or pump on the neck; returns its height. */
function drawCap(pen: Pen, dice: Random, { profile, tilt }: TurnedBody): number {
  const [top, neck] = profile.at(-1)!;
  const height = dice.between(8, 20);
  const material: Material = chance(dice, 0.3)
    ? { finish: "matte", color: hsl(30, 0.4, 0.55) }
    : drawMaterial(dice, { matte: 2, metal: 2 });
  const cap: Profile = [
    [top - 2, neck * 1.12],
    [top + height, neck * dice.between(0.95, 1.12)],
  ];
  drawTurned(pen, { profile: cap, material, tilt, open: false });
  pen.fill(ellipse(0, -top - height, cap[1]![1], cap[1]![1] * tilt), tone(material.color, 0.3));
  if (!chance(dice, 0.15)) return height;
  const nozzle: Point[] = [
    [-3, -top - height],
    [-3, -top - height - 14],
    [-20, -top - height - 12],
    [-20, -top - height - 19],
    [3, -top - height - 21],
    [3, -top - height],
  ];
  pen.fill(polygon(nozzle), roundPaint(pen, material));
  return height + 21;
}

type VaseKind = "amphora" | "cylinder" | "trumpet" | "bulb" | "gourd" | "urn";

const vaseProfiles: Readonly<Record<VaseKind, (dice: Random, h: number, r: number) => Profile>> = {
  amphora: (dice, h, r) => [
    [0, r * 0.55],
    [h * 0.3, r * 0.85],
    [h * dice.between(0.55, 0.68), r],
    [h * 0.87, r * 0.5],
    [h, r * dice.between(0.55, 0.8)],
  ],
  cylinder: (dice, h, r) => [
    [0, r * 0.8],
    [4, r * 0.85],
    [h * 0.5, r * dice.between(0.85, 1)],
    [h, r * dice.between(0.85, 1.05)],
  ],
  trumpet: (dice, h, r) => [
    [0, r * 0.7],
    [h * 0.15, r * 0.55],
    [h * 0.5, r * dice.between(0.35, 0.6)],
    [h * 0.85, r * 0.85],
    [h, r * 1.15],
  ],
  bulb: (dice, h, r) => [
    [0, r * 0.65],
    [h * 0.28, r * 1.05],
    [h * 0.55, r * 0.55],
    [h * 0.75, r * dice.between(0.28, 0.4)],
    [h, r * dice.between(0.5, 0.75)],
  ],
  gourd: (dice, h, r) => [
    [0, r * 0.75],
    [h * 0.25, r],
    [h * 0.52, r * 0.52],
    [h * 0.74, r * dice.between(0.6, 0.75)],
    [h, r * 0.5],
  ],
  urn: (_dice, h, r) => [
    [0, r * 0.6],
    [h * 0.08, r * 0.45],
    [h * 0.45, r],
    [h * 0.8, r * 0.95],
    [h * 0.9, r * 0.75],
    [h, r * 0.9],
  ],
};

export const drawVase: Painter = (pen, dice) => {
  const kind = weighted<VaseKind>(dice, { amphora: 2, cylinder: 1.2, trumpet: 1.5, bulb: 2, gourd: 1, urn: 1.2 });
  const [height, radius] = [dice.between(92, 152), dice.between(28, 46)];
  const body: TurnedBody = {
    profile: vaseProfiles[kind](dice, height, radius),
    material: drawMaterial(dice, { matte: 3, glaze: 4, metal: 0.6, glass: 2.4 }),
    tilt: dice.between(0.06, 0.3),
    open: true,
  };
  const flowers = chance(dice, 0.55) ? drawFlowers(pen, dice, height) : 0;
  const front = pen.aside(() => drawTurned(pen, body, (silhouette) => decorate(pen, dice, body, silhouette)));
  pen.paste(front);
  const side = Math.max(...body.profile.map(([, r]) => r), flowers * 0.5);
  return { left: -side, right: side, top: -height - Math.max(flowers, radius * body.tilt), bottom: radius * body.tilt };
};

/** Stems with blossoms or leaves that rise from the opening; returns their height over it. */
function drawFlowers(pen: Pen, dice: Random, height: number): number {
  const rise = dice.between(45, 85);
  const green = hsl(dice.between(80, 140), 0.4, dice.between(0.2, 0.4));
  const tips = repeat(
    3 + dice.below(3),
    (): Point => [dice.between(-0.5, 0.5) * rise, -height - rise * dice.between(0.6, 1)],
  );
  pen.stroke(
    tips
      .map(([x, y]) =>
        smooth([
          [x * 0.08, -height + 8],
          [x * 0.35, (y - height) / 2],
          [x, y],
        ]),
      )
      .join(""),
    green,
    { width: 2.2 },
  );
  const leaves = tips.map(([x, y]) =>
    leafPath([x * 0.5, (y - height) / 2 + 4], dice.between(0, 6.28), dice.between(12, 22)),
  );
  pen.fill(
    leaves.join(""),
    pen.linear(
      [
        [0, tone(green, 0.25)],
        [1, tone(green, -0.3)],
      ],
      "down",
    ),
  );
  if (chance(dice, 0.7)) drawBlossoms(pen, dice, tips);
  return rise + 8;
}

function drawBlossoms(pen: Pen, dice: Random, tips: readonly Point[]): void {
  const color = hsl(dice.pick([0, 20, 45, 280, 320, 340]), dice.between(0.3, 0.8), dice.between(0.5, 0.85));
  const petals = 5 + dice.below(4);
  const size = dice.between(5, 8.5);
  const paths = tips.flatMap(([x, y]) =>
    repeat(petals, (i) => {
      const angle = (2 * Math.PI * i) / petals;
      return ellipse(x + Math.cos(angle) * size, y + Math.sin(angle) * size, size * 0.75, size * 0.75);
    }),
  );
  pen.fill(paths.join(""), color);
  pen.fill(tips.map(([x, y]) => ellipse(x, y, size * 0.6, size * 0.6)).join(""), tone(color, -0.55));
}

/** A pointed leaf from a foot in a direction. */
export function leafPath(foot: Point, angle: number, length: number): string {
  const along = (share: number, aside: number): Point => [
    foot[0] + Math.cos(angle) * length * share - Math.sin(angle) * length * aside,
    foot[1] + Math.sin(angle) * length * share + Math.cos(angle) * length * aside,
  ];
  return smooth([along(0, 0), along(0.5, 0.2), along(1, 0), along(0.5, -0.2)], true, 0.9);
}
