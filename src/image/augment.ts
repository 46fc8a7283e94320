/** What is drawn for a random view, and how it changes colors (the augmentations of torchvision: RandomResizedCrop, ColorJitter). */
import { type Random, random } from "../core/index.js";
import type { RandomView } from "./view.js";

/** A rectangle in a picture, in whole pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawn {
  readonly region: Region;
  readonly flip: boolean;
  /** In the order in which they are applied; 1 changes nothing. */
  readonly colors: readonly { readonly property: ColorProperty; readonly factor: number }[];
}

const colorProperties = ["brightness", "contrast", "saturation"] as const;
type ColorProperty = (typeof colorProperties)[number];

/** Ratios of width to height of the region. */
const ratios = { least: 3 / 4, largest: 4 / 3 };

/** The draw of a view for a picture of this name and size. */
export function drawView({ area, jitter, seed, draw }: RandomView, name: string, width: number, height: number): Drawn {
  const source = random(seed, "view", draw, name);
  return {
    region: drawRegion(source, area, width, height),
    flip: source.next() < 0.5,
    colors: source
      .shuffle(colorProperties)
      .map((property) => ({ property, factor: source.between(1 - jitter, 1 + jitter) })),
  };
}

/** Area and ratio (uniform in its logarithm) until they fit, at most ten times; then the largest middle region of a fitting ratio. */
function drawRegion(source: Random, [least, largest]: RandomView["area"], width: number, height: number): Region {
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = width * height * source.between(least, largest);
    const ratio = Math.exp(source.between(Math.log(ratios.least), Math.log(ratios.largest)));
    const [w, h] = [Math.round(Math.sqrt(pixels * ratio)), Math.round(Math.sqrt(pixels / ratio))];
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { left: source.below(width - w + 1), top: source.below(height - h + 1), width: w, height: h };
  }
  const w = Math.max(1, Math.min(width, Math.round(height * ratios.largest)));
  const h = Math.max(1, Math.min(height, Math.round(width / ratios.least)));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

/** Luma of ITU-R BT.601, as Pillow and torchvision have it. */
const luma = [0.299, 0.587, 0.114] as const;

/** Mirrors and recolors RGB pixels [size, size, 3] in place; rounded once, at the end. */
export function applyDrawn(pixels: Uint8Array, size: number, { flip, colors }: Drawn): void {
  if (flip) mirror(pixels, size);
  if (colors.every(({ factor }) => factor === 1)) return;
  const mean = meanGray(pixels);
  recolorPixels(
    pixels,
    colors.reduce((mix, { property, factor }) => recolor[property](mix, factor, mean), unchanged),
  );
}

/** What a chain of changes makes of a value v of a pixel whose gray is g: own · v + gray · g + constant. */
interface Mix {
  readonly own: number;
  readonly gray: number;
  readonly constant: number;
}

const unchanged: Mix = { own: 1, gray: 0, constant: 0 };

/** Each change after those of a mix; `mean` is the picture's mean gray before any. The gray of own · v + gray · g + constant is (own + gray) · g + constant. */
const recolor: Readonly<Record<ColorProperty, (mix: Mix, factor: number, mean: number) => Mix>> = {
  brightness: ({ own, gray, constant }, factor) => ({
    own: own * factor,
    gray: gray * factor,
    constant: constant * factor,
  }),
  /** Away from or towards the picture's mean gray. */
  contrast: ({ own, gray, constant }, factor, mean) => ({
    own: own * factor,
    gray: gray * factor,
    constant: constant * factor + (1 - factor) * ((own + gray) * mean + constant),
  }),
  /** Away from or towards each pixel's own gray. */
  saturation: ({ own, gray, constant }, factor) => ({
    own: own * factor,
    gray: gray * factor + (1 - factor) * (own + gray),
    constant,
  }),
};

function meanGray(pixels: Uint8Array): number {
  let [red, green, blue] = [0, 0, 0];
  for (let i = 0; i < pixels.length; i += 3) {
    red += pixels[i]!;
    green += pixels[i + 1]!;
    blue += pixels[i + 2]!;
  }
  return (luma[0] * red + luma[1] * green + luma[2] * blue) / (pixels.length / 3);
}

function recolorPixels(pixels: Uint8Array, { own, gray, constant }: Mix): void {
  const [r, g, b] = luma.map((share) => share * gray) as [number, number, number];
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
    const shift = r * red + g * green + b * blue + constant;
    pixels[i] = toByte(own * red + shift);
    pixels[i + 1] = toByte(own * green + shift);
    pixels[i + 2] = toByte(own * blue + shift);
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}

function mirror(pixels: Uint8Array, size: number): void {
  for (let row = 0; row < size; row++)
    for (let left = row * size * 3, right = left + (size - 1) * 3; left < right; left += 3, right -= 3)
      for (let c = 0; c < 3; c++) [pixels[left + c], pixels[right + c]] = [pixels[right + c]!, pixels[left + c]!];
}
