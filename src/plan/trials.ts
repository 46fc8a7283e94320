/** What the trace says of trials: alternatives that were measured and refused, or left unmeasured. */
import type { TraceEvent } from "../trace/index.js";
import type { Refused } from "./decision.js";

/**
 * Events that say of an action that it was not measured, by its name: the last that says so, where the action was not done after it.
 */
export function unmeasuredActions(events: readonly TraceEvent[]): ReadonlyMap<string, TraceEvent> {
  const found = new Map<string, TraceEvent>();
  for (const event of events) {
    const { kind, stage, data } = event;
    if (stage !== "loop" || typeof data.name !== "string") continue;
    if (kind === "decision" && data.unmeasured === true) found.set(data.name, event);
    else if (kind === "observation" && typeof data.recipe === "string") found.delete(data.name);
  }
  return found;
}

/** Alternatives of the search, each with the event of its number; `names` are the actions asked for. */
export function triedAlternatives(events: readonly TraceEvent[], names: readonly string[]): Refused[] {
  const found = new Map<string, Refused>();
  const unmeasuredEvents = new Set(unmeasuredActions(events).values());
  for (const [index, one] of events.entries()) {
    const { kind, stage, text, data } = one;
    if (stage !== "loop" || typeof data.name !== "string" || !names.includes(data.name)) continue;
    const event = index + 1;
    if (kind === "observation" && data.verdict !== "kept")
      found.set(`${data.name} ${String(data.recipe)}`, { what: describe(data), why: after(text), event });
    if (unmeasuredEvents.has(one)) found.set(data.name, { what: data.name, why: after(text), event });
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
