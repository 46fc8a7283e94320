/** The trace: the append-only log of a run's thoughts, actions, observations and decisions, one JSON object a line. */
import { appendFileSync, readFileSync } from "node:fs";

export type TraceKind = "thought" | "action" | "observation" | "decision" | "fault";

export interface TraceEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: TraceKind;
  /** The part of the job: "scan", "split", "features" … */
  readonly stage: string;
  /** A sentence for people. */
  readonly text: string;
  /** The numbers and hashes it rests on. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Trace {
  add(kind: TraceKind, stage: string, text: string, data?: Readonly<Record<string, unknown>>): void;
  readonly events: readonly TraceEvent[];
}

/**
 * Opens a trace; with a path every event is appended to that file at once, so that a crash loses nothing. What a resumed run recalls of
 * the search, and says again as an earlier process said it, is heard but not written twice.
 */
export function openTrace(path: string | null, now: () => Date, listen: (event: TraceEvent) => void = () => {}): Trace {
  const events: TraceEvent[] = path === null ? [] : [...readTrace(path)];
  const earlier = new Set(events.flatMap(keyOf));
  if (path !== null && endsMidLine(path)) appendFileSync(path, "\n");
  return {
    events,
    add: (kind, stage, text, data = {}) => {
      const event: TraceEvent = { at: now().toISOString(), kind, stage, text, data };
      const isRepeated = keyOf(event).some((key) => earlier.has(key));
      if (path !== null && !isRepeated) appendFileSync(path, `${JSON.stringify(event)}\n`);
      if (!isRepeated) events.push(event);
      listen(event);
    },
  };
}

/** What two events share that say the same; nothing for those that are never repetitions. Seconds, and the forecast of a thought, differ from time to time. */
function keyOf({ kind, stage, text, data }: TraceEvent): readonly string[] {
  if (stage !== "loop" || kind === "fault") return [];
  const { seconds: _, ...rest } = data;
  return [JSON.stringify([kind, kind === "thought" ? "" : text, rest])];
}

/** Reads a trace file; a last line cut off by a crash is left out. Absent files are empty. */
export function readTrace(path: string): readonly TraceEvent[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as TraceEvent];
    } catch {
      return [];
    }
  });
}

function endsMidLine(path: string): boolean {
  try {
    const text = readFileSync(path);
    return text.length > 0 && text.at(-1) !== 10;
  } catch {
    return false;
  }
}
