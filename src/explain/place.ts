/** Where the region that the network saw lies in the photograph: the way back through look and view. */
import type { Look } from "../backbone/index.js";
import type { View } from "../image/index.js";

/** In pixels of the oriented photograph; that of a letterbox reaches beyond it. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The region behind the feature maps, for a photograph of this size: the square that the view takes from its middle, and of that
 * the middle that the looks see. Maps of mirrored looks were turned back inside the model. Exact to the rounding of a pixel.
 */
export function seenRegion(view: View, looks: readonly Look[], width: number, height: number): Region {
  const share = lookSide(view.size, looks) / view.size;
  const [across, down] = squareSides[view.mode](width, height, view).map((side) => side * share) as [number, number];
  return { left: (width - across) / 2, top: (height - down) / 2, width: across, height: down };
}

/** Side of the middle of the prepared square that all looks see, in pixels. */
export function lookSide(size: number, looks: readonly Look[]): number {
  return Math.round((looks[0]?.crop ?? 1) * size);
}

/** Sides of the prepared square in pixels of the photograph. */
const squareSides: Readonly<
  Record<View["mode"], (width: number, height: number, view: View) => readonly [across: number, down: number]>
> = {
  squash: (width, height) => [width, height],
  crop: (width, height, { size, cropFraction = 1 }) => {
    const side = (Math.min(width, height) * size) / Math.max(size, Math.round(size / cropFraction));
    return [side, side];
  },
  letterbox: (width, height) => [Math.max(width, height), Math.max(width, height)],
};
