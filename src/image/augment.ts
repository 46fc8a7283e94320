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
  const values = Float32Array.from(pixels);
  for (const { property, factor } of colors) recolor[property](values, factor);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(values[i]!)));
}

const recolor: Readonly<Record<ColorProperty, (values: Float32Array, factor: number) => void>> = {
  brightness: (values, factor) => {
    for (let i = 0; i < values.length; i++) values[i]! *= factor;
  },
  /** Away from or towards the picture's mean gray. */
  contrast: (values, factor) => {
    let sum = 0;
    for (let i = 0; i < values.length; i += 3) sum += grayAt(values, i);
    const shift = (1 - factor) * (sum / (values.length / 3));
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor + shift;
  },
  /** Away from or towards each pixel's own gray. */
  saturation: (values, factor) => {
    for (let i = 0; i < values.length; i += 3) {
      const shift = (1 - factor) * grayAt(values, i);
      for (let c = i; c < i + 3; c++) values[c] = values[c]! * factor + shift;
    }
  },
};

function grayAt(values: Float32Array, i: number): number {
  return luma[0] * values[i]! + luma[1] * values[i + 1]! + luma[2] * values[i + 2]!;
}

function mirror(pixels: Uint8Array, size: number): void {
  for (let row = 0; row < size; row++)
    for (let left = row * size * 3, right = left + (size - 1) * 3; left < right; left += 3, right -= 3)
      for (let c = 0; c < 3; c++) [pixels[left + c], pixels[right + c]] = [pixels[right + c]!, pixels[left + c]!];
}
