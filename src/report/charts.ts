/** The small drawings of the report, as inline SVG without text: the numbers always stand beside them in words. */
import { type Html, html } from "./html.js";

const margin = { width: 148, height: 20 };
const bar = { width: 200, height: 16 };
const capHalf = 4;

/** What a margin chart shows: values in one unit; bounds may be missing. */
export interface Margin {
  readonly target: number;
  readonly measured: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly moreIsBetter: boolean;
}

/** A dot with its bounds against the target, which is the center line; right of it is the good side, whatever the unit. */
export function drawMargin(shown: Margin): Html {
  const ends = [shown.measured, shown.lower ?? shown.measured, shown.upper ?? shown.measured];
  const reach = 1.15 * Math.max(...ends.map((end) => Math.abs(end - shown.target)), Number.MIN_VALUE);
  const sign = shown.moreIsBetter ? 1 : -1;
  const middle = margin.width / 2;
  const place = (value: number): number => round(middle + (sign * (value - shown.target) * (middle - 3)) / reach);
  const y = margin.height / 2;
  return html`<svg class="chart margin" viewBox="0 0 ${margin.width} ${margin.height}" width="${margin.width}" height="${margin.height}" aria-hidden="true" focusable="false"><rect class="track" x="0" y="${y - 5}" width="${middle}" height="10" rx="3"/><rect class="good" x="${middle}" y="${y - 5}" width="${middle}" height="10" rx="3"/><line class="target" x1="${middle}" x2="${middle}" y1="1" y2="${margin.height - 1}"/>${drawWhisker(place(ends[1]!), place(ends[2]!), y)}<circle class="dot" cx="${place(shown.measured)}" cy="${y}" r="3.5"/></svg>`;
}

/** What a share chart shows: fractions within `from`–1. */
export interface Share {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly target?: number | null;
}

/** A bar from zero with its interval as a whisker and, where there is one, the target as a line. */
export function drawBar(shown: Share): Html {
  const place = (value: number): number => round(1 + clamp(value) * (bar.width - 2));
  const y = bar.height / 2;
  return html`<svg class="chart bar" viewBox="0 0 ${bar.width} ${bar.height}" width="${bar.width}" height="${bar.height}" aria-hidden="true" focusable="false"><rect class="track" x="1" y="3" width="${bar.width - 2}" height="10" rx="2"/><rect class="fill" x="1" y="3" width="${round(place(shown.value) - 1)}" height="10" rx="2"/>${drawTarget(shown.target ?? null, place, bar.height)}${shown.lower !== null && shown.upper !== null && drawWhisker(place(shown.lower), place(shown.upper), y)}</svg>`;
}

/** A dot with its interval on a scale that starts at `from` and ends at 1; no bar, because the scale does not start at zero. */
export function drawInterval(shown: Share, from: number): Html {
  const place = (value: number): number => round(4 + clamp((value - from) / (1 - from)) * (bar.width - 8));
  const y = bar.height / 2;
  return html`<svg class="chart bar" viewBox="0 0 ${bar.width} ${bar.height}" width="${bar.width}" height="${bar.height}" aria-hidden="true" focusable="false"><rect class="track" x="0" y="6" width="${bar.width}" height="4" rx="2"/>${drawTarget(shown.target ?? null, place, bar.height)}${shown.lower !== null && shown.upper !== null && drawWhisker(place(shown.lower), place(shown.upper), y)}<circle class="dot" cx="${place(shown.value)}" cy="${y}" r="4"/></svg>`;
}

/** A bar without interval, `share` of its full width. */
export function drawCount(share: number): Html {
  return html`<svg class="chart tiny" viewBox="0 0 60 6" width="60" height="6" aria-hidden="true" focusable="false"><rect class="quiet" x="0" y="0" width="${round(60 * clamp(share))}" height="6" rx="1"/></svg>`;
}

function drawWhisker(left: number, right: number, y: number): Html | false {
  if (left === right) return false;
  return html`<path class="whisker" d="M${left} ${y}H${right}M${left} ${y - capHalf}v${2 * capHalf}M${right} ${y - capHalf}v${2 * capHalf}"/>`;
}

function drawTarget(target: number | null, place: (value: number) => number, height: number): Html | false {
  if (target === null) return false;
  return html`<line class="target" x1="${place(target)}" x2="${place(target)}" y1="0" y2="${height}"/>`;
}

function clamp(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
