/** What the trace says of trials: alternatives that were measured and refused, or left unmeasured. */
import type { TraceEvent } from "../trace/index.js";
import type { Refused } from "./decision.js";

/** Alternatives of the search, each with the event of its number; `names` are the actions asked for. */
export function triedAlternatives(events: readonly TraceEvent[], names: readonly string[]): Refused[] {
  const found = new Map<string, Refused>();
  for (const [index, { kind, stage, text, data }] of events.entries()) {
    if (stage !== "loop" || typeof data.name !== "string" || !names.includes(data.name)) continue;
    const event = index + 1;
    if (kind === "observation" && data.verdict !== "kept")
      found.set(`${data.name} ${String(data.recipe)}`, { what: describe(data), why: after(text), event });
    if (kind === "decision" && data.unmeasured === true)
      found.set(data.name, { what: data.name, why: after(text), event });
  }
  return [...found.values()];
}

/** What was kept of a trace's search, in its order. */
export function keptTrials(events: readonly TraceEvent[]): readonly TraceEvent[] {
  return events.filter(
    ({ kind, stage, data }) =>
      kind === "observation" && stage === "loop" && data.verdict === "kept" && data.recipe !== undefined,
  );
}

function describe(data: TraceEvent["data"]): string {
  return typeof data.recipe === "string" ? `${String(data.name)}: ${data.recipe}` : String(data.name);
}

/** "mirror: <recipe>: accuracy …" → "accuracy …". */
function after(text: string): string {
  return text.slice(text.lastIndexOf(": accuracy") < 0 ? text.indexOf(": ") + 2 : text.lastIndexOf(": accuracy") + 2);
}
