/** What a painter of products takes and gives. */
import type { Random } from "../../core/index.js";
import type { Pen } from "../pen.js";

/** Where a product can be photographed: on a surface, hanging on a wall, or lying seen from above. */
export type Stance = "stand" | "hang" | "lie";

/** The box a drawing fills, in its own units: about 100 to a hand's breadth; the base of a standing product is at y = 0. */
export interface Extent {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** What casts the shadow of a product that hangs or lies. */
  readonly outline?: string;
}

/** Draws one product, never the same twice, and tells the box it fills. */
export type Painter = (pen: Pen, dice: Random, stance: Stance) => Extent;
