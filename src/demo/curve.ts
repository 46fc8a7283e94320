/** Path data for SVG: polygons, ellipses, and smooth curves through points (Catmull and Rom 1974, as cubic Béziers). */

/** x to the right, y down. */
export type Point = readonly [number, number];

/** Coordinates to a tenth of a unit: the smallest text that draws the same. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function pair(point: Point): string {
  return `${round(point[0])} ${round(point[1])}`;
}

/** Straight lines through the points. */
export function polygon(points: readonly Point[], closed = true): string {
  return `M${points.map(pair).join("L")}${closed ? "z" : ""}`;
}

/** The curve after its first point: "C…" through the rest, as an open end would bend. */
export function bends(points: readonly Point[], closed = false, tension = 1): string {
  const count = points.length;
  const at = (index: number): Point =>
    closed ? points[(index + count) % count]! : points[Math.min(count - 1, Math.max(0, index))]!;
  const parts: string[] = [];
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const reach = tension / 6;
    const leave: Point = [from[0] + (to[0] - before[0]) * reach, from[1] + (to[1] - before[1]) * reach];
    const arrive: Point = [to[0] - (after[0] - from[0]) * reach, to[1] - (after[1] - from[1]) * reach];
    parts.push(`${pair(leave)} ${pair(arrive)} ${pair(to)}`);
  }
  return `C${parts.join(" ")}`;
}

/** A smooth curve through the points. */
export function smooth(points: readonly Point[], closed = false, tension = 1): string {
  return `M${pair(points[0]!)}${bends(points, closed, tension)}${closed ? "z" : ""}`;
}

export function ellipse(x: number, y: number, rx: number, ry: number): string {
  const [a, b] = [round(rx), round(ry)];
  return `M${round(x - rx)} ${round(y)}a${a} ${b} 0 1 1 ${round(2 * rx)} 0a${a} ${b} 0 1 1 ${round(-2 * rx)} 0z`;
}

/** A rectangle with rounded corners. */
export function box(x: number, y: number, width: number, height: number, radius = 0): string {
  const r = Math.min(radius, width / 2, height / 2);
  if (r <= 0) return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
  const arc = (dx: number, dy: number): string => `a${round(r)} ${round(r)} 0 0 1 ${round(dx)} ${round(dy)}`;
  const [w, h] = [round(width - 2 * r), round(height - 2 * r)];
  return `M${round(x + r)} ${round(y)}h${w}${arc(r, r)}v${h}${arc(-r, r)}h${-w}${arc(-r, -r)}v${-h}${arc(r, -r)}z`;
}

/** The points followed by their mirror images in x, so that a half outline becomes a whole one. */
export function mirrored(half: readonly Point[]): Point[] {
  return [...half, ...half.toReversed().map(([x, y]): Point => [-x, y])];
}
