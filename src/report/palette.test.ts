import { describe, expect, it } from "vitest";
import { dark, light, parseColor, strongestTint, textOnGround } from "./palette.js";

const luminance = (color: readonly number[]): number => {
  const [red, green, blue] = color.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};

const contrast = (a: readonly number[], b: readonly number[]): number => {
  const [bright, dim] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (bright! + 0.05) / (dim! + 0.05);
};

describe("the colors", () => {
  const palettes = Object.entries({ light, dark });

  it("knows the contrast of black on white", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  });

  it.each(palettes)("keep text readable in %s (WCAG AA)", (_name, palette) => {
    for (const [text, ground] of textOnGround)
      expect(
        contrast(parseColor(palette[text]), parseColor(palette[ground])),
        `${text} on ${ground}`,
      ).toBeGreaterThanOrEqual(4.5);
  });

  it.each(palettes)("keep the numbers of the matrix readable in %s on the strongest tint", (_name, palette) => {
    for (const tint of ["accent", "miss"] as const) {
      const card = parseColor(palette.card);
      const mixed = parseColor(palette[tint]).map(
        (value, index) => strongestTint * value + (1 - strongestTint) * card[index]!,
      );
      expect(contrast(parseColor(palette.ink), mixed), tint).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(palettes)("keep whiskers, targets and dots visible in %s (3 to 1)", (_name, palette) => {
    for (const mark of ["ink", "target", "accent", "miss"] as const)
      expect(contrast(parseColor(palette[mark]), parseColor(palette.track)), mark).toBeGreaterThanOrEqual(3);
  });
});
