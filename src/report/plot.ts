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

/** Size of a plot's text on the narrowest screens, in units of the plot: there it shrinks with it. Margins leave room for it. */
export const phoneText = 18;

const frame = { width: 460, height: 316, top: 40, bottom: 60 };
const gap = 8;

/** No wider is text at that size, in the widest of usual fonts, where most of it is digits. */
function widthOf(text: string): number {
  return Math.ceil(0.65 * phoneText * text.length);
}

/** Draws the frame and calls for the marks with the scales set to its size. `description` says in words what it shows. */
export function drawPlot(
  description: string,
  xAxis: Axis,
  yAxis: Axis,
  marks: (x: (value: number) => number, y: (value: number) => number) => readonly (Html | null | false)[],
): Html {
  const [columns, rows] = [labelTicks(xAxis), labelTicks(yAxis)];
  const left = gap + Math.max(...rows.map(({ width }) => width));
  const right = frame.width - Math.max(gap, ...columns.slice(-1).map(({ width }) => width / 2));
  const bottom = frame.height - frame.bottom;
  const x = xAxis.scale.copy().range([left, right]);
  const y = yAxis.scale.copy().range([bottom, frame.top]);
  const place = (scale: Scale) => (value: number) => Math.round(10 * scale(value)) / 10;
  const across = withRoom(columns, x).map(({ tick, text }) => {
    const at = place(x)(tick);
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${frame.top}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 14}" dy=".8em" text-anchor="middle">${text}</text>`;
  });
  const up = rows.map(({ tick, text }) => {
    const at = place(y)(tick);
    return html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick" x="${left - gap}" y="${at}" dy=".35em" text-anchor="end">${text}</text>`;
  });
  return html`<svg class="plot" viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${description}" focusable="false">${across}${up}<text class="axis" x="${(left + right) / 2}" y="${frame.height - 9}" text-anchor="middle">${xAxis.label}</text><text class="axis" x="0" y="18">${yAxis.label}</text>${marks(place(x), place(y))}</svg>`;
}

/** A tick with its text, and the room that this needs. */
interface Tick {
  readonly tick: number;
  readonly text: string;
  readonly width: number;
}

function labelTicks({ scale, format, ticks = 5 }: Axis): readonly Tick[] {
  return (typeof ticks === "number" ? scale.ticks(ticks) : ticks).map((tick) => {
    const text = format(tick);
    return { tick, text, width: widthOf(text) };
  });
}

/** Every tick, or every second, third … where their texts would lie on each other. */
function withRoom(ticks: readonly Tick[], x: Scale): readonly Tick[] {
  const overlap = (some: readonly Tick[]): boolean =>
    some.some(({ tick, width }, i) => {
      const next = some[i + 1];
      return next !== undefined && x(next.tick) - x(tick) < (width + next.width) / 2 + gap / 2;
    });
  const every = (step: number): readonly Tick[] => {
    const some = ticks.filter((_, i) => i % step === 0);
    return overlap(some) ? every(step + 1) : some;
  };
  return every(1);
}

/** A dot with a vertical whisker; `title` is said where a pointer rests on it. */
export function drawPoint(at: { x: number; y: number; low: number; high: number }, kind: string, title: string): Html {
  const { x, y, low, high } = at;
  return html`<g class="point ${kind}"><title>${title}</title>${low !== high && html`<path class="whisker" d="M${x} ${low}V${high}M${x - 3} ${low}h6M${x - 3} ${high}h6"/>`}<circle class="dot" cx="${x}" cy="${y}" r="4.5"/></g>`;
}
