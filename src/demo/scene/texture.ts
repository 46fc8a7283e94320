/** Surfaces of a shop as small tiles that repeat without a seam: wood, plaster, cloth, stone, tiles, carpet. */
import { type Random, random } from "../../core/index.js";

/** Side of a tile; a power of two, so that wrapping around is a mask. */
export const tileSide = 256;
const mask = tileSide - 1;

/** [tileSide, tileSide] values from -127 (dark) to 127 (light). */
export type Tile = Int8Array;

type Field = (u: number, v: number) => number;

/** Value noise on a lattice of `columns` × `rows` cells around the tile, smoothed by 3t² − 2t³ (Perlin 1985). */
function lattice(dice: Random, columns: number, rows: number): Field {
  const knots = Float64Array.from({ length: columns * rows }, () => dice.between(-1, 1));
  const ease = (t: number): number => t * t * (3 - 2 * t);
  return (u, v) => {
    const [x, y] = [(u / tileSide) * columns, (v / tileSide) * rows];
    const [i, j] = [Math.floor(x), Math.floor(y)];
    const [s, t] = [ease(x - i), ease(y - j)];
    const knot = (a: number, b: number): number => knots[(b % rows) * columns + (a % columns)]!;
    const upper = knot(i, j) * (1 - s) + knot(i + 1, j) * s;
    const lower = knot(i, j + 1) * (1 - s) + knot(i + 1, j + 1) * s;
    return upper * (1 - t) + lower * t;
  };
}

/** Octaves of noise, each twice as fine and half as strong. */
function fractal(dice: Random, columns: number, rows: number, octaves: number): Field {
  const layers = Array.from({ length: octaves }, (_, k) => lattice(dice, columns << k, rows << k));
  return (u, v) => layers.reduce((sum, layer, k) => sum + layer(u, v) / 2 ** k, 0);
}

/** Close to 1 near multiples of `period`, else 0. */
function joint(value: number, period: number, width: number): number {
  const inside = ((value % period) + period) % period;
  return inside < width ? 1 : 0;
}

export type TextureName =
  | "plaster"
  | "wood"
  | "planks"
  | "weave"
  | "stone"
  | "tiles"
  | "bricks"
  | "carpet"
  | "marble"
  | "plain";

const textures: Readonly<Record<TextureName, (dice: Random) => Field>> = {
  plain: (dice) => {
    const soft = fractal(dice, 2, 2, 2);
    return (u, v) => soft(u, v) * 0.3;
  },
  plaster: (dice) => fractal(dice, 4, 4, 5),
  wood: (dice) => {
    const [bend, grain] = [fractal(dice, 2, 4, 3), fractal(dice, 4, 64, 2)];
    return (u, v) => 0.55 * Math.sin((v / tileSide) * 75 + bend(u, v) * 5) * 0.6 + grain(u, v) * 0.6;
  },
  planks: (dice) => {
    const [grain, bend] = [fractal(dice, 4, 64, 2), fractal(dice, 2, 4, 2)];
    const shade = Array.from({ length: 4 }, () => dice.between(-0.4, 0.4));
    return (u, v) =>
      shade[Math.floor(v / 64)]! +
      grain(u, v) * 0.45 +
      0.2 * Math.sin(v * 0.4 + bend(u, v) * 4) -
      1.3 * joint(v, 64, 2.5);
  },
  weave: (dice) => {
    const slub = fractal(dice, 16, 64, 2);
    return (u, v) => 0.45 * Math.sin((u * Math.PI) / 4) * Math.sin((v * Math.PI) / 4) + 0.5 * slub(u, v);
  },
  stone: (dice) => {
    const [cloud, grit] = [fractal(dice, 3, 3, 4), lattice(dice, 128, 128)];
    return (u, v) => 0.5 * cloud(u, v) + 0.5 * grit(u, v);
  },
  tiles: (dice) => {
    const [cloud, own] = [fractal(dice, 8, 8, 3), lattice(dice, 4, 4)];
    return (u, v) =>
      0.25 * cloud(u, v) +
      0.3 * own(Math.floor(u / 64) * 64, Math.floor(v / 64) * 64) -
      joint(u, 64, 3) -
      joint(v, 64, 3);
  },
  bricks: (dice) => {
    const [cloud, own] = [fractal(dice, 16, 16, 3), lattice(dice, 4, 8)];
    return (u, v) => {
      const row = Math.floor(v / 32);
      const x = u + (row % 2) * 32;
      return (
        0.35 * cloud(u, v) +
        0.5 * own((Math.floor(x / 64) * 64) & mask, row * 32) +
        0.9 * Math.max(joint(x, 64, 4), joint(v, 32, 4))
      );
    };
  },
  carpet: (dice) => {
    const [pile, cloud] = [lattice(dice, 128, 128), fractal(dice, 4, 4, 2)];
    return (u, v) => 0.7 * pile(u, v) + 0.3 * cloud(u, v);
  },
  marble: (dice) => {
    const cloud = fractal(dice, 3, 3, 5);
    return (u, v) => 0.6 - 1.6 * Math.exp(-Math.abs(cloud(u, v)) * 9) * 0.6 + 0.15 * cloud(v, u);
  },
};

const made = new Map<TextureName, Tile>();

/** The tile of a texture; made once, the same in every run. */
export function textureTile(name: TextureName): Tile {
  let tile = made.get(name);
  if (!tile) {
    const field = textures[name](random(0, "demo texture", name));
    tile = Int8Array.from({ length: tileSide * tileSide }, (_, i) => {
      const value = field(i & mask, i >> 8);
      return Math.round(127 * Math.max(-1, Math.min(1, value)));
    });
    made.set(name, tile);
  }
  return tile;
}
