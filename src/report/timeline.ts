/** The run over time: how long each part took, and every step in a sentence. */
import { formatCount, formatSeconds } from "../core/index.js";
import { formatMoment } from "../spec/index.js";
import type { TraceEntry } from "./data.js";
import { type Html, html, renderProse } from "./html.js";

/** Events shown before the rest is folded away. */
const openEvents = 12;

/** The run as a timeline: when, what kind of step, in a sentence. */
export function renderTrace(trace: readonly TraceEntry[]): Html | null {
  if (trace.length === 0) return null;
  const start = Date.parse(trace[0]!.at);
  const list = (events: readonly TraceEntry[], first: number): Html =>
    html`<ol class="trace">${events.map((event, i) => renderEvent(event, start, first + i))}</ol>`;
  const folded = trace.slice(openEvents);
  return html`<section id="trace" aria-labelledby="trace-title"><h2 id="trace-title">What was done</h2>
<p class="lead">${formatCount(trace.length)} steps from ${formatMoment(trace[0]!.at)}; times count from there.</p>
${renderBars(trace)}
${list(trace.slice(0, openEvents), 1)}
${folded.length > 0 && html`<details><summary>The other ${formatCount(folded.length)} steps</summary>${list(folded, openEvents + 1)}</details>`}</section>`;
}

/** A part of the run: from when to when it worked, in seconds from the start. */
interface Stage {
  readonly name: string;
  readonly spans: (readonly [from: number, to: number])[];
}

/**
 * The time before an event belongs to the part that says it. A scan that is not the first event begins a resumed run: the pause
 * before it is nobody's.
 */
export function measureStages(trace: readonly TraceEntry[]): {
  readonly stages: readonly Stage[];
  readonly seconds: number;
} {
  const stages = new Map<string, Stage>();
  let clock = 0;
  for (const [i, event] of trace.entries()) {
    const gap = i === 0 ? 0 : (Date.parse(event.at) - Date.parse(trace[i - 1]!.at)) / 1000;
    const resumed = i > 0 && event.kind === "action" && event.stage === "scan";
    if (event.stage === undefined || resumed || !(gap > 0)) continue;
    const stage = stages.get(event.stage) ?? { name: event.stage, spans: [] };
    stages.set(event.stage, stage);
    const last = stage.spans.at(-1);
    if (last?.[1] === clock) stage.spans[stage.spans.length - 1] = [last[0], clock + gap];
    else stage.spans.push([clock, clock + gap]);
    clock += gap;
  }
  return { stages: [...stages.values()], seconds: clock };
}

/** Parts of the run as bars along its time. */
function renderBars(trace: readonly TraceEntry[]): Html | null {
  const { stages, seconds } = measureStages(trace);
  if (seconds <= 0) return null;
  const share = (part: number): string => ((100 * part) / seconds).toFixed(2);
  const rows = stages.map(({ name, spans }) => {
    const total = spans.reduce((sum, [from, to]) => sum + to - from, 0);
    const bars = spans.map(([from, to]) => html`<i style="left:${share(from)}%;width:${share(to - from)}%"></i>`);
    return html`<li><span class="name">${name}</span><span class="span">${bars}</span><span class="number">${formatSeconds(total)}</span></li>`;
  });
  return html`<ul class="stages">${rows}</ul>`;
}

function renderEvent(event: TraceEntry, start: number, position: number): Html {
  const seconds = (Date.parse(event.at) - start) / 1000;
  return html`<li id="step-${position}"><time datetime="${event.at}">${Number.isFinite(seconds) && `+${formatClock(seconds)}`}</time><span class="kind ${event.kind.replace(/[^a-z]/gi, "")}">${event.kind}</span><span class="words">${renderProse(event.text)}</span></li>`;
}

/** 83.2 → "1:23.2", so that the times of a list stand under each other. */
function formatClock(seconds: number): string {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const rest = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  const minutes = Math.floor(tenths / 600);
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
