/** The trace as a page of Markdown for people: numbered events by stage, then the summary. */
import { capitalize } from "../core/index.js";
import type { TraceEvent } from "../trace/index.js";
import type { RunSummary } from "./summary.js";

/** Events are numbered from 1, as the plan cites them. */
export function renderTrace(events: readonly TraceEvent[], summary: RunSummary | null): string {
  const lines: string[] = ["# Trace"];
  let stage = "";
  for (const [index, event] of events.entries()) {
    if (event.stage !== stage) lines.push("", `## ${event.stage}`, "");
    ({ stage } = event);
    lines.push(`${index + 1}. **${capitalize(event.kind)}:** ${oneLine(event.text)} *(${elapsed(events, event)})*`);
  }
  return [...lines, ...(summary === null ? [] : renderSummary(summary)), ""].join("\n");
}

export function renderSummary({ achievements, factors, lessons }: RunSummary): string[] {
  return [
    "",
    "## Summary",
    ...list("Achievements", achievements, "✓ "),
    ...list("Key success factors", factors),
    ...list("Lessons", lessons),
  ];
}

function list(title: string, items: readonly string[], mark = ""): string[] {
  if (items.length === 0) return [];
  return ["", `### ${title}`, "", ...items.map((text) => `- ${mark}${oneLine(text)}`)];
}

function elapsed(events: readonly TraceEvent[], { at }: TraceEvent): string {
  const seconds = (Date.parse(at) - Date.parse(events[0]!.at)) / 1000;
  return `${seconds.toFixed(1)} s`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
