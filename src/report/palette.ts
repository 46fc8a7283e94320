/** The colors of the report, as tables: every text on every ground has a contrast of at least 4.5 (WCAG 2.2, 1.4.3; a test computes it). */

/** What a color is for. */
export type ColorName =
  | "page"
  | "card"
  | "ink"
  | "muted"
  | "rule"
  | "track"
  | "accent"
  | "miss"
  | "target"
  | "met"
  | "met-ground"
  | "not-met"
  | "not-met-ground"
  | "unproven"
  | "unproven-ground"
  | "not-checkable"
  | "not-checkable-ground";

/** A color, "#rrggbb", for every purpose. */
export type Palette = Readonly<Record<ColorName, string>>;

/** Colors by day and on paper. */
export const light: Palette = {
  page: "#f5f4f0",
  card: "#ffffff",
  ink: "#1c1f24",
  muted: "#5a606a",
  rule: "#dcd9d0",
  track: "#e9e6de",
  accent: "#1f5f8b",
  miss: "#b5451b",
  target: "#7a2596",
  met: "#116336",
  "met-ground": "#e2f2e7",
  "not-met": "#a01a1a",
  "not-met-ground": "#fbe5e3",
  unproven: "#754800",
  "unproven-ground": "#fcefd2",
  "not-checkable": "#474f5b",
  "not-checkable-ground": "#e9ebee",
};

/** Colors where the reader prefers a dark scheme. */
export const dark: Palette = {
  page: "#131519",
  card: "#1b1e23",
  ink: "#ecebe6",
  muted: "#a5abb5",
  rule: "#343941",
  track: "#2b3037",
  accent: "#79b7e3",
  miss: "#ee8a5c",
  target: "#e0a3f7",
  met: "#83dba5",
  "met-ground": "#15311f",
  "not-met": "#ffa198",
  "not-met-ground": "#3d1b1a",
  unproven: "#f1c46f",
  "unproven-ground": "#362910",
  "not-checkable": "#c2c8d1",
  "not-checkable-ground": "#2a2f37",
};

/** Which text stands on which ground. */
export const textOnGround: readonly (readonly [ColorName, ColorName])[] = [
  ["ink", "page"],
  ["ink", "card"],
  ["muted", "page"],
  ["muted", "card"],
  ["accent", "card"],
  ["accent", "page"],
  ["miss", "card"],
  ["met", "met-ground"],
  ["not-met", "not-met-ground"],
  ["unproven", "unproven-ground"],
  ["not-checkable", "not-checkable-ground"],
  ["ink", "met-ground"],
  ["ink", "not-met-ground"],
  ["ink", "unproven-ground"],
];

/** The strongest tint of a cell of the confusion matrix; ink stays readable on it. */
export const strongestTint = 0.5;

/** The palette as CSS custom properties. */
export function declareColors(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, color]) => `--${name}:${color};`)
    .join("");
}

/** "#1f5f8b" → [31, 95, 139]. */
export function parseColor(color: string): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
