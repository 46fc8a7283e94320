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
}

const standing: Product["stances"] = { stand: 1 };
const worn: Product["stances"] = { hang: 3, lie: 3 };

/** By class name, from the most to the least frequent in the demo. */
export const products = {
  "t-shirt": { draw: drawTshirt, stances: worn },
  mug: { draw: drawMug, stances: standing },
  shoe: { draw: drawShoe, stances: standing },
  shirt: { draw: drawShirt, stances: worn },
  bottle: { draw: drawBottle, stances: standing },
  blouse: { draw: drawBlouse, stances: worn },
  sneaker: { draw: drawSneaker, stances: standing },
  cup: { draw: drawCup, stances: standing },
  pan: { draw: drawPan, stances: standing },
  boot: { draw: drawBoot, stances: standing },
  pot: { draw: drawPot, stances: standing },
  bowl: { draw: drawBowl, stances: standing },
  vase: { draw: drawVase, stances: standing },
  jug: { draw: drawJug, stances: standing },
  handbag: { draw: drawHandbag, stances: { stand: 3, lie: 1 } },
  lamp: { draw: drawLamp, stances: { stand: 5, hang: 1 } },
  chair: { draw: drawChair, stances: standing },
  teapot: { draw: drawTeapot, stances: standing },
  backpack: { draw: drawBackpack, stances: { stand: 3, hang: 1, lie: 1 } },
  clock: { draw: drawClock, stances: { hang: 2, stand: 1 } },
} as const satisfies Record<string, Product>;

export type ProductName = keyof typeof products;

export const productNames = Object.keys(products) as readonly ProductName[];
