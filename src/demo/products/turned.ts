/** Bodies of revolution, as from a potter's wheel: a profile of radii by height, seen from slightly above. */
import type { Random } from "../../core/index.js";
import { contrast, ink, type Rgb, tone, white } from "../color.js";
import { chance, repeat, weighted } from "../dice.js";
import { bends, ellipse, type Point, round } from "../curve.js";
import type { Pen } from "../pen.js";
import { hollowPaint, type Material, roundPaint } from "./material.js";

/** Height above the base and radius there, from the base up. */
export type Profile = readonly (readonly [number, number])[];

export interface TurnedBody {
  readonly profile: Profile;
  readonly material: Material;
  /** Height of the circles' ellipses over their width: how far from above it is seen. */
  readonly tilt: number;
  /** Shows the opening at the top. */
  readonly open: boolean;
}

/** Radius at a height, straight between the points of the profile. */
export function radiusAt(profile: Profile, height: number): number {
  for (let i = 1; i < profile.length; i++) {
    const [[h0, r0], [h1, r1]] = [profile[i - 1]!, profile[i]!];
    if (height <= h1) return r0 + ((r1 - r0) * (height - h0)) / Math.max(1e-6, h1 - h0);
  }
  return profile.at(-1)![1];
}

/** The silhouette: both sides, the far rim above, the near base below. */
export function turnedPath(profile: Profile, tilt: number): string {
  const left = profile.map(([h, r]): Point => [-r, -h]);
  const right = profile.toReversed().map(([h, r]): Point => [r, -h]);
  const arc = (r: number, to: Point): string =>
    `A${round(r)} ${Math.max(0.1, round(r * tilt))} 0 0 1 ${round(to[0])} ${round(to[1])}`;
  const [base, rim] = [profile[0]!, profile.at(-1)!];
  return `M${round(-base[1])} ${round(-base[0])}${bends(left, false, 0.8)}${arc(rim[1], right[0]!)}${bends(right, false, 0.8)}${arc(base[1], left[0]!)}z`;
}

/** Draws the body, what decorates it, its gleam and its opening. */
export function drawTurned(pen: Pen, body: TurnedBody, paint?: (silhouette: string) => void): void {
  const silhouette = turnedPath(body.profile, body.tilt);
  pen.fill(silhouette, roundPaint(pen, body.material));
  paint?.(silhouette);
  if (body.material.finish !== "matte") drawGleam(pen, body);
  pen.stroke(silhouette, tone(body.material.color, -0.7), { width: 0.9, opacity: 0.45 });
  if (body.open) drawOpening(pen, body);
}

/** The reflection of a window along the lit side. */
function drawGleam(pen: Pen, { profile, material }: TurnedBody): void {
  const top = profile.at(-1)![0];
  const heights = repeat(6, (i) => top * (0.14 + 0.145 * i));
  const side = (share: number): Point[] => heights.map((h) => [pen.light * share * radiusAt(profile, h), -h]);
  const path = [...side(0.66), ...side(0.5).toReversed()];
  pen.fill(
    `M${path[0]!.map(round).join(" ")}${bends(path, true, 0.7)}z`,
    white,
    material.finish === "metal" ? 0.3 : 0.42,
  );
}

function drawOpening(pen: Pen, { profile, material, tilt }: TurnedBody): void {
  const [height, radius] = profile.at(-1)!;
  const wall = Math.min(3.2, radius * 0.1);
  pen.fill(
    ellipse(0, -height, radius, radius * tilt),
    tone(material.color, 0.22),
    material.finish === "glass" ? 0.5 : 1,
  );
  pen.fill(ellipse(0, -height + wall * tilt, radius - wall, (radius - wall) * tilt), hollowPaint(pen, material));
}

/** The band of the body between two heights, as seen; draw it inside the silhouette. */
export function bandPath(profile: Profile, tilt: number, from: number, to: number): string {
  const [r0, r1] = [radiusAt(profile, from) + 1, radiusAt(profile, to) + 1];
  const [a, b] = [round(r0), round(r1)];
  return `M${-a} ${round(-from)}A${a} ${round(r0 * tilt) || 0.1} 0 0 0 ${a} ${round(-from)}L${b} ${round(-to)}A${b} ${round(r1 * tilt) || 0.1} 0 0 1 ${-b} ${round(-to)}z`;
}

type Decor = "plain" | "bands" | "dip" | "dots" | "motif" | "speckle" | "ribs";

/** Paints a pattern that any pottery may wear. */
export function decorate(pen: Pen, dice: Random, body: TurnedBody, silhouette: string): void {
  const kind = weighted<Decor>(dice, { plain: 3, bands: 2, dip: 1.5, dots: 0.8, motif: 1.5, speckle: 1, ribs: 0.8 });
  if (kind === "plain") return;
  const color = contrast(dice, body.material.color);
  pen.inside(silhouette, () => decorTable[kind](pen, dice, body, color));
}

type DrawDecor = (pen: Pen, dice: Random, body: TurnedBody, color: Rgb) => void;

const decorTable: Readonly<Record<Exclude<Decor, "plain">, DrawDecor>> = {
  bands: (pen, dice, { profile, tilt }, color) => {
    const top = profile.at(-1)![0];
    for (let i = 0, h = top * dice.between(0.1, 0.6); i < 1 + dice.below(3) && h < top * 0.9; i++) {
      const width = top * dice.between(0.03, 0.14);
      pen.fill(bandPath(profile, tilt, h, h + width), color, 0.8);
      h += width + top * dice.between(0.04, 0.12);
    }
  },
  dip: (pen, dice, { profile, tilt }, color) => {
    const top = profile.at(-1)![0];
    const line = top * dice.between(0.3, 0.7);
    pen.fill(
      chance(dice, 0.5) ? bandPath(profile, tilt, -top, line) : bandPath(profile, tilt, line, top * 1.3),
      color,
      0.72,
    );
  },
  dots: (pen, dice, { profile }, color) => {
    const [top, size] = [profile.at(-1)![0], dice.between(1.8, 4)];
    const rows = repeat(4, (row) =>
      repeat(5, (i) => [(i - 2 + (row % 2) / 2) * 0.36, (row + 0.8) / 4.6] as const),
    ).flat();
    pen.fill(
      rows
        .map(([x, y]) => ellipse(Math.sin(x * 1.5) * radiusAt(profile, y * top), -y * top, size * Math.cos(x), size))
        .join(""),
      color,
      0.85,
    );
  },
  motif: (pen, dice, { profile }, color) => {
    const h = profile.at(-1)![0] * dice.between(0.35, 0.6);
    const size = radiusAt(profile, h) * dice.between(0.3, 0.5);
    pen.fill(motifPath(dice, radiusAt(profile, h) * dice.between(-0.3, 0.2), -h, size), color, 0.85);
  },
  speckle: (pen, dice, { profile }) => {
    const top = profile.at(-1)![0];
    const spots = repeat(26, () => {
      const h = top * dice.next();
      const size = dice.between(0.5, 1.4);
      return ellipse(radiusAt(profile, h) * dice.between(-0.95, 0.95), -h, size, size);
    });
    pen.fill(spots.join(""), ink, 0.55);
  },
  ribs: (pen, dice, { profile }) => {
    const top = profile.at(-1)![0];
    const count = 7 + dice.below(6);
    const lines = repeat(count, (i) => {
      const share = Math.sin(((i + 0.5) / count - 0.5) * 3);
      return `M${profile.map(([h, r]) => `${round(share * r)} ${round(-h)}`).join("L")}`;
    });
    pen.stroke(lines.join(""), ink, { width: top * 0.012 + 0.6, opacity: 0.28 });
  },
};

/** A printed sign: disc, ring, heart, star, leaf or mountain. */
export function motifPath(dice: Random, x: number, y: number, size: number): string {
  const around = (count: number, radius: (i: number) => number): Point[] =>
    repeat(count, (i) => {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2;
      return [x + Math.cos(angle) * size * radius(i), y + Math.sin(angle) * size * radius(i)];
    });
  const straight = (points: readonly Point[]): string => `M${points.map((p) => p.map(round).join(" ")).join("L")}z`;
  const shapes: readonly (() => string)[] = [
    () => ellipse(x, y, size, size),
    () => `${ellipse(x, y, size, size)}${ellipse(x, y, size * 1.25, size * 0.16)}`,
    () => straight(around(10, (i) => (i % 2 ? 0.42 : 1))),
    () =>
      straight([
        [x - size, y + size * 0.7],
        [x - size * 0.3, y - size * 0.6],
        [x, y],
        [x + size * 0.4, y - size * 0.3],
        [x + size, y + size * 0.7],
      ]),
    () => {
      const s = round(size);
      return `M${round(x)} ${round(y + size)}c${-2 * s} ${-s} ${-s} ${round(-2.4 * size)} 0 ${round(-1.3 * size)}c${s} ${round(-1.1 * size)} ${2 * s} ${round(0.3 * size)} 0 ${round(1.3 * size)}z`;
    },
    () => straight(around(16, (i) => (i % 4 === 0 ? 1 : i % 2 ? 0.55 : 0.8))),
  ];
  return dice.pick(shapes)();
}
