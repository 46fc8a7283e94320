/** One scene as data: the drawing in SVG, the backdrop below it and the exposure of the camera. */
import type { Random } from "../../core/index.js";
import { ink } from "../color.js";
import { ellipse, round } from "../curve.js";
import { chance, weighted } from "../dice.js";
import { Pen } from "../pen.js";
import { type Extent, type ProductName, productNames, products, type Stance } from "../products/index.js";
import { type Backdrop, drawBackdrop } from "./backdrop.js";
import { drawExposure, type Exposure } from "./camera.js";
import { drawCrease, drawGlare, drawRail, drawShelf, type Frame } from "./clutter.js";
import { drawOccluder, drawProp } from "./props.js";

export interface Scene {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  readonly backdrop: Backdrop;
  readonly exposure: Exposure;
  readonly blurSigma: number;
  readonly quality: number;
}

/** Pixels, longer by shorter side. */
const sizes = [
  [320, 320],
  [352, 288],
  [360, 270],
  [320, 256],
  [400, 300],
] as const;

/** A product drawn aside, with its own box. */
interface Drawn {
  readonly marks: string;
  readonly extent: Extent;
}

/** A product with its place in the picture. */
interface Placed extends Drawn {
  readonly scale: number;
  /** Where the middle of its base goes, or its center where it does not stand. */
  readonly x: number;
  readonly y: number;
  readonly transform: string;
}

/** Arranges a picture of a product; everything follows from the dice. */
export function arrangeScene(dice: Random, name: ProductName): Scene {
  const pen = new Pen(chance(dice, 0.5) ? -1 : 1);
  const stance = weighted<Stance>(dice, products[name].stances);
  const drawn = drawProduct(pen, dice, name, stance);
  const { width, height } = drawFormat(dice, drawn.extent);
  const subject = placeSubject(dice, { width, height }, drawn, stance);
  const frame: Frame = { width, height, ground: stance === "stand" ? Math.round(subject.y) : height };
  const backdrop = drawBackdrop(dice, stance, frame.ground);
  if (stance === "stand") drawStand(pen, dice, frame, backdrop.horizon);
  if (stance === "hang" && products[name].hooked) drawHookRail(pen, dice, frame, subject);
  drawNeighbors(pen, dice, frame, name, stance, subject);
  drawShadow(pen, dice, stance, subject);
  pen.placed(subject.transform, () => pen.paste(subject.marks));
  drawForeground(pen, dice, frame, subject);
  return {
    svg: pen.document(width, height),
    width,
    height,
    backdrop,
    exposure: drawExposure(dice),
    blurSigma: drawBlur(dice),
    quality: drawQuality(dice),
  };
}

/** Landscape for what is wide and portrait for what is tall, mostly. */
function drawFormat(dice: Random, { left, right, top, bottom }: Extent): { width: number; height: number } {
  const [long, short] = dice.pick(sizes);
  const wide = chance(dice, 0.75) ? right - left > bottom - top : chance(dice, 0.5);
  return wide ? { width: long, height: short } : { width: short, height: long };
}

/** A third sharp, the rest a little soft, a few badly focused; in pixels. */
function drawBlur(dice: Random): number {
  const kind = dice.next();
  return kind < 0.5 ? 0 : kind < 0.88 ? dice.between(0.4, 1) : dice.between(1, 1.9);
}

function drawQuality(dice: Random): number {
  return Math.round(chance(dice, 0.2) ? dice.between(35, 60) : dice.between(65, 93));
}

/** How far a product may be turned in the picture plane, in degrees. */
function drawTurn(dice: Random, stance: Stance): number {
  if (stance !== "lie") return dice.between(-6, 6);
  return chance(dice, 0.12) ? dice.between(-180, 180) : dice.between(-30, 30);
}

function drawProduct(pen: Pen, dice: Random, name: ProductName, stance: Stance): Drawn {
  const drawn: { extent: Extent } = { extent: { left: 0, right: 1, top: 0, bottom: 1 } };
  const marks = pen.aside(() => {
    drawn.extent = products[name].draw(pen, dice, stance);
  });
  return { marks, extent: drawn.extent };
}

/** Puts a drawn product at a point, as seen by a camera that is never quite straight. */
function place(dice: Random, drawn: Drawn, stance: Stance, scale: number, x: number, y: number): Placed {
  const { extent } = drawn;
  const [sx, sy] = [scale * dice.between(0.86, 1) * (chance(dice, 0.5) ? -1 : 1), scale * dice.between(0.93, 1.04)];
  const [midX, midY] = [(extent.left + extent.right) / 2, stance === "stand" ? 0 : (extent.top + extent.bottom) / 2];
  const turn = `rotate(${round(drawTurn(dice, stance))}) skewX(${round(dice.between(-5, 5))})`;
  const transform = `translate(${round(x)} ${round(y)}) ${turn} scale(${sx.toFixed(3)} ${sy.toFixed(3)}) translate(${round(-midX)} ${round(-midY)})`;
  return { ...drawn, scale, x, y, transform };
}

/** The scale at which a product fills `share` of a box. */
function fit({ extent }: Drawn, width: number, height: number, share: number): number {
  return share * Math.min(width / (extent.right - extent.left), height / (extent.bottom - extent.top));
}

/** About the middle of the picture; a standing product may touch its edges. */
function placeSubject(
  dice: Random,
  { width, height }: { width: number; height: number },
  drawn: Drawn,
  stance: Stance,
): Placed {
  const share = stance === "stand" ? dice.between(0.52, 0.96) : dice.between(0.7, 1);
  const slack = (1.02 - share) * 0.5;
  const scale = fit(drawn, width, height, share);
  const x = width * (0.5 + dice.between(-slack, slack));
  const middle = height * (0.52 + dice.between(-slack, slack) * 0.7);
  const half = ((drawn.extent.bottom - drawn.extent.top) / 2) * scale;
  const base = Math.min(middle + half - drawn.extent.bottom * scale, height * 0.95 - drawn.extent.bottom * scale);
  return place(dice, drawn, stance, scale, x, stance === "stand" ? base : middle);
}

/** The edge between wall and surface, and a shelf on it now and then. */
function drawStand(pen: Pen, dice: Random, frame: Frame, horizon: number): void {
  drawCrease(pen, frame, horizon);
  if (chance(dice, 0.42)) drawShelf(pen, dice, frame);
}

/** A rail at the height of the hook, where there is one. */
function drawHookRail(pen: Pen, dice: Random, frame: Frame, { extent, scale, y }: Placed): void {
  if (chance(dice, 0.4)) drawRail(pen, dice, frame, Math.max(6, y - ((extent.bottom - extent.top) / 2) * scale));
}

/** Other goods and things behind and beside, partly outside the picture; a third of them of the same kind. */
function drawNeighbors(pen: Pen, dice: Random, frame: Frame, name: ProductName, stance: Stance, subject: Placed): void {
  const count = weighted(dice, { 0: 5, 1: 3.5, 2: 1.5 });
  const first = dice.pick([-1, 1]);
  for (let i = 0; i < Number(count); i++) {
    const side = i === 0 ? first : -first;
    const x = subject.x + side * frame.width * dice.between(0.44, 0.62);
    const y =
      stance === "stand"
        ? frame.ground - frame.height * dice.between(0.03, 0.12)
        : frame.height * dice.between(0.2, 0.8);
    if (chance(dice, 0.35)) {
      drawProp(pen, dice, x, y, frame.width * dice.between(0.2, 0.4));
      continue;
    }
    const other = chance(dice, 0.35)
      ? name
      : dice.pick(productNames.filter((item) => stance in products[item].stances));
    const drawn = drawProduct(pen, dice, other, stance);
    const neighbor = place(dice, drawn, stance, fit(drawn, frame.width, frame.height, dice.between(0.22, 0.44)), x, y);
    drawShadow(pen, dice, stance, neighbor);
    pen.placed(neighbor.transform, () => pen.paste(neighbor.marks));
  }
}

function drawShadow(pen: Pen, dice: Random, stance: Stance, subject: Placed): void {
  if (stance === "stand") return drawContactShadow(pen, dice, subject);
  const { outline } = subject.extent;
  if (outline === undefined) return;
  const [dx, dy] = [-pen.light * dice.between(2, 8), dice.between(2, 8)];
  pen.placed(`translate(${round(dx)} ${round(dy)}) ${subject.transform}`, () => {
    pen.fill(outline, ink, 0.16);
    for (const width of [5, 11]) pen.stroke(outline, ink, { width, opacity: 0.09 });
  });
}

/** A wide soft shadow away from the light and a dark one where the product touches the ground. */
function drawContactShadow(pen: Pen, dice: Random, { extent, scale, x, y }: Placed): void {
  const half = ((extent.right - extent.left) / 2) * scale;
  const depth = half * dice.between(0.16, 0.34);
  const soft = pen.radial([
    [0, ink, 0.6],
    [0.55, ink, 0.28],
    [1, ink, 0],
  ]);
  const drift = -pen.light * half * dice.between(0.1, 0.5);
  pen.fill(ellipse(x + drift, y + depth * 0.1, half * 1.3, depth), soft, dice.between(0.5, 1));
  pen.fill(ellipse(x, y + extent.bottom * scale * 0.3, half * 0.85, depth * 0.5), soft, 0.9);
}

/** What comes between the camera and the product. */
function drawForeground(pen: Pen, dice: Random, frame: Frame, { extent, scale, x, y }: Placed): void {
  const size = Math.max(extent.right - extent.left, extent.bottom - extent.top) * scale;
  const middle = frame.ground < frame.height ? y + ((extent.top + extent.bottom) / 2) * scale : y;
  if (chance(dice, 0.19))
    drawOccluder(pen, dice, frame, x + dice.between(-0.3, 0.3) * size, middle + dice.between(-0.25, 0.3) * size, size);
  if (chance(dice, 0.25)) drawGlare(pen, dice, frame);
}
