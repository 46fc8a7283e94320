/** A map drawn over its photograph, in the photograph's own orientation and aspect. */
import type { Look } from "../backbone/index.js";
import { encodeRaster, orientedPixels, type Raster, type View } from "../image/index.js";
import { inferno } from "./colors.js";
import { type Grid, sample, splineWeights } from "./grid.js";
import { type Region, seenRegion } from "./place.js";

/** The longer side of an overlay in pixels; smaller photographs keep theirs. */
const overlaySide = 1024;

/** What the network did not see fades to this gray, of which so much of the photograph is left. */
const unseen = { gray: 235, share: 0.35 } as const;

/**
 * The photograph in gray under the map's colors, as PNG: dark where the class finds least of its evidence in this photograph, bright
 * where it finds most. Throws `image-unreadable`.
 */
export async function renderOverlay(
  photograph: Uint8Array,
  grid: Grid,
  view: View,
  looks: readonly Look[],
): Promise<Uint8Array> {
  const picture = await orientedPixels(photograph, overlaySide);
  const region = seenRegion(view, looks, picture.width, picture.height);
  return encodeRaster(blend(picture, heatOver(grid, region, picture)), { format: "png" });
}

/** For each pixel its heat from 0 to 1, by the least and the largest value in the photograph; NaN where the network did not look. */
export function heatOver(
  grid: Grid,
  region: Region,
  { width, height }: Pick<Raster, "width" | "height">,
): Float32Array {
  const across = placesOf(width, region.left, region.width, grid.width);
  const down = placesOf(height, region.top, region.height, grid.height);
  const heat = new Float32Array(width * height).fill(Number.NaN);
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [y, row] of down.entries())
    for (const [x, column] of across.entries()) {
      if (!row || !column) continue;
      const value = sample(grid, column, row);
      heat[y * width + x] = value;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
  const range = largest - least;
  return heat.map((value) => (range > 0 ? (value - least) / range : value * 0));
}

/** The spline of each pixel of a side; null outside of the region. */
function placesOf(pixels: number, start: number, length: number, cells: number) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const place = (pixel + 0.5 - start) / length;
    return place < 0 || place > 1 ? null : splineWeights(place, cells);
  });
}

/**
 * Heat sets the brightness, the photograph the shades in it: gray · 0.35 + color · (0.4 + 0.25 · gray / 255), so that cold places are a
 * dark photograph, whatever its colors.
 */
function blend({ data, width, height }: Raster, heat: Float32Array): Raster {
  const out = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < heat.length; pixel++) {
    const at = pixel * 3;
    // Luma of Rec. 601.
    const gray = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
    const level = heat[pixel]!;
    const color = Math.round(level * 255) * 3;
    for (let i = 0; i < 3; i++)
      out[at + i] = Number.isNaN(level)
        ? gray * unseen.share + unseen.gray * (1 - unseen.share)
        : gray * 0.35 + inferno[color + i]! * (0.4 + (0.25 * gray) / 255);
  }
  return { data: out, width, height, channels: 3 };
}
