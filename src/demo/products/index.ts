/** The twenty kinds of product that the demo draws. Several are near relatives, so that the class is in the details. */
import { drawBackpack, drawHandbag } from "./bags.js";
import { drawChair } from "./chair.js";
import { drawBlouse } from "./blouse.js";
import { drawShirt, drawTshirt } from "./clothing.js";
import { drawPan, drawPot, drawTeapot } from "./cookware.js";
import { drawBoot } from "./boots.js";
import { drawShoe, drawSneaker } from "./footwear.js";
import { drawClock, drawLamp } from "./home.js";
import type { Painter, Stance } from "./product.js";
import { drawBowl, drawCup, drawJug, drawMug } from "./tableware.js";
import { drawBottle, drawVase } from "./vessels.js";

export { motifPath } from "./turned.js";
export { leafPath } from "./vessels.js";
export type { Extent, Painter, Stance } from "./product.js";

export interface Product {
  readonly draw: Painter;
  /** How often it is photographed in each way. */
  readonly stances: Readonly<Partial<Record<Stance, number>>>;
  /** Hangs from a hook that may be over a rail. */
  readonly hooked: boolean;
}

const standing = { stances: { stand: 1 }, hooked: false } as const;
const worn = { stances: { hang: 3, lie: 3 }, hooked: true } as const;

/** By class name, from the most to the least frequent in the demo. */
export const products = {
  "t-shirt": { draw: drawTshirt, ...worn },
  mug: { draw: drawMug, ...standing },
  shoe: { draw: drawShoe, ...standing },
  shirt: { draw: drawShirt, ...worn },
  bottle: { draw: drawBottle, ...standing },
  blouse: { draw: drawBlouse, ...worn },
  sneaker: { draw: drawSneaker, ...standing },
  cup: { draw: drawCup, ...standing },
  pan: { draw: drawPan, ...standing },
  boot: { draw: drawBoot, ...standing },
  pot: { draw: drawPot, ...standing },
  bowl: { draw: drawBowl, ...standing },
  vase: { draw: drawVase, ...standing },
  jug: { draw: drawJug, ...standing },
  handbag: { draw: drawHandbag, stances: { stand: 3, lie: 1 }, hooked: false },
  lamp: { draw: drawLamp, stances: { stand: 5, hang: 1 }, hooked: false },
  chair: { draw: drawChair, ...standing },
  teapot: { draw: drawTeapot, ...standing },
  backpack: { draw: drawBackpack, stances: { stand: 3, hang: 1, lie: 1 }, hooked: false },
  clock: { draw: drawClock, stances: { hang: 2, stand: 1 }, hooked: false },
} as const satisfies Record<string, Product>;

export type ProductName = keyof typeof products;

export const productNames = Object.keys(products) as readonly ProductName[];
