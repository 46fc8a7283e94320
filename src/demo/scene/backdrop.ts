/** What is behind and below a product, painted into pixels: a wall above a horizon, a surface in perspective below, or a surface from above. */
import type { Random } from "../../core/index.js";
import { hsl, type Rgb, tone, woodColor } from "../color.js";
import { chance, weighted } from "../dice.js";
import type { Stance } from "../products/index.js";
import { type TextureName, textureTile, tileSide } from "./texture.js";

interface Surface {
  readonly texture: TextureName;
  readonly color: Rgb;
  /** How much the texture darkens and lightens, in [0, 1]. */
  readonly depth: number;
  /** Texels per pixel. */
  readonly scale: number;
  /** Turn of the texture in radians. */
  readonly turn: number;
}

export interface Backdrop {
  readonly wall: Surface;
  readonly ground: Surface;
  /** Row in pixels where the ground begins; 0 when seen from above, the height where there is only a wall. */
  readonly horizon: number;
  /** The ground runs away from the camera. */
  readonly receding: boolean;
}

type Weights = Readonly<Partial<Record<TextureName, number>>>;
const wallTextures: Weights = { plaster: 4, plain: 3, bricks: 1, tiles: 1, planks: 0.8, weave: 0.6 };
const groundTextures: Weights = {
  wood: 3,
  planks: 2,
  weave: 1.5,
  stone: 1.5,
  marble: 1,
  plain: 1.2,
  tiles: 0.8,
  carpet: 0.8,
};

/** The most a texture darkens and lightens. */
const depths: Readonly<Record<TextureName, number>> = {
  plaster: 0.16,
  plain: 0.2,
  wood: 0.34,
  planks: 0.36,
  weave: 0.3,
  stone: 0.32,
  tiles: 0.34,
  bricks: 0.36,
  carpet: 0.34,
  marble: 0.3,
};

function drawSurface(dice: Random, weights: Weights): Surface {
  const texture = weighted(dice, weights);
  const wooden = (texture === "wood" || texture === "planks") && chance(dice, 0.8);
  const paint = hsl(dice.between(0, 360), 0.32 * dice.next() ** 2, dice.between(0.25, 0.92));
  return {
    texture,
    color: wooden ? woodColor(dice) : paint,
    depth: depths[texture] * dice.between(0.4, 1),
    scale: dice.between(0.6, 1.7),
    turn: 0,
  };
}

/** Chooses wall, surface and horizon for a way of photographing. */
export function drawBackdrop(dice: Random, stance: Stance, height: number): Backdrop {
  const wall = drawSurface(dice, wallTextures);
  const ground = drawSurface(dice, groundTextures);
  if (stance === "lie")
    return { wall, ground: { ...ground, turn: dice.between(0, Math.PI) }, horizon: 0, receding: false };
  if (stance === "hang")
    return { wall: { ...wall, turn: dice.between(-0.06, 0.06) }, ground, horizon: height, receding: false };
  return { wall, ground, horizon: Math.round(height * dice.between(0.4, 0.74)), receding: true };
}

/** Paints it as RGB, [height, width, 3]. */
export function paintBackdrop(
  { wall, ground, horizon, receding }: Backdrop,
  width: number,
  height: number,
): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  const [wallShades, groundShades] = [shadesOf(wall), shadesOf(ground)];
  for (let y = 0; y < height; y++) {
    if (y < horizon) paintRow(pixels, width, y, wall, wallShades, 1, y);
    else {
      const near = receding ? (height * 0.75) / (y - horizon + height * 0.3) : 1;
      paintRow(pixels, width, y, ground, groundShades, near, receding ? near * height * 0.9 : y);
    }
  }
  return pixels;
}

/** One row: steps along the tile; `near` widens the step with distance, `depth` is the row's place on the surface. */
function paintRow(
  pixels: Uint8Array,
  width: number,
  y: number,
  surface: Surface,
  shades: Uint8Array,
  near: number,
  depth: number,
): void {
  const tile = textureTile(surface.texture);
  const step = surface.scale * near;
  const [du, dv] = [Math.cos(surface.turn) * step, Math.sin(surface.turn) * step];
  const across = depth * surface.scale;
  let u = 4096 - Math.sin(surface.turn) * across - (du * width) / 2;
  let v = 4096 + Math.cos(surface.turn) * across - (dv * width) / 2;
  for (let x = 0, at = y * width * 3; x < width; x++, u += du, v += dv) {
    const shade = (tile[((v & (tileSide - 1)) << 8) | (u & (tileSide - 1))]! + 128) * 3;
    pixels[at++] = shades[shade]!;
    pixels[at++] = shades[shade + 1]!;
    pixels[at++] = shades[shade + 2]!;
  }
}

/** The color for each of the 256 values of a tile, [256, 3]. */
function shadesOf({ color, depth }: Surface): Uint8Array {
  const shades = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) shades.set(tone(color, ((i - 128) / 128) * depth), i * 3);
  return shades;
}
