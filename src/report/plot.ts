/** A small plot as inline SVG: axes, grid and ticks by d3-scale, marks by the caller. Text in it is of a size that a phone shows. */
import type { ScaleContinuousNumeric } from "d3-scale";
import { type Html, html } from "./html.js";

type Scale = ScaleContinuousNumeric<number, number>;

/** One axis: its scale (domain only; the range is set here), what it shows, and how its ticks are written. */
export interface Axis {
  readonly scale: Scale;
  readonly label: string;
  readonly format: (value: number) => string;
  /** About how many, or exactly which. */
  readonly ticks?: number | readonly number[];
}

const frame = { width: 460, height: 300, left: 74, right: 22, top: 12, bottom: 46 };

/** Draws the frame and calls for the marks with the scales set to its size. `description` says in words what it shows. */
export function drawPlot(
  description: string,
  xAxis: Axis,
  yAxis: Axis,
  marks: (x: (value: number) => number, y: (value: number) => number) => readonly (Html | null | false)[],
): Html {
  const x = xAxis.scale.copy().range([frame.left, frame.width - frame.right]);
  const y = yAxis.scale.copy().range([frame.height - frame.bottom, frame.top]);
  const place = (scale: Scale) => (value: number) => Math.round(10 * scale(value)) / 10;
  const bottom = frame.height - frame.bottom;
  const columns = ticksOf(x, xAxis).map((tick) => {
    const at = place(x)(tick);
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${frame.top}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 17}" text-anchor="middle">${xAxis.format(tick)}</text>`;
  });
  const rows = ticksOf(y, yAxis).map((tick) => {
    const at = place(y)(tick);
    return html`<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${at}" y2="${at}"/><text class="tick" x="${frame.left - 8}" y="${at + 4}" text-anchor="end">${yAxis.format(tick)}</text>`;
  });
  const middle = (frame.top + bottom) / 2;
  return html`<svg class="plot" viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${description}" focusable="false">${columns}${rows}<text class="axis" x="${(frame.left + frame.width - frame.right) / 2}" y="${frame.height - 8}" text-anchor="middle">${xAxis.label}</text><text class="axis" transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${yAxis.label}</text>${marks(place(x), place(y))}</svg>`;
}

function ticksOf(scale: Scale, { ticks = 5 }: Axis): readonly number[] {
  return typeof ticks === "number" ? scale.ticks(ticks) : ticks;
}

/** A dot with a vertical whisker; `title` is said where a pointer rests on it. */
export function drawPoint(at: { x: number; y: number; low: number; high: number }, kind: string, title: string): Html {
  const { x, y, low, high } = at;
  return html`<g class="point ${kind}"><title>${title}</title>${low !== high && html`<path class="whisker" d="M${x} ${low}V${high}M${x - 3} ${low}h6M${x - 3} ${high}h6"/>`}<circle class="dot" cx="${x}" cy="${y}" r="4.5"/></g>`;
}
