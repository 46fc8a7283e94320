/** What a run achieved, by what, and what it taught: derived from its evidence and its trace, nothing canned. */
import { formatSeconds } from "../core/index.js";
import { unmeasuredActions } from "../plan/index.js";
import { describeTarget, formatValue } from "../spec/index.js";
import type { TraceEvent } from "../trace/index.js";
import type { Evidence, RequirementEvidence } from "../verify/index.js";

export interface RunSummary {
  /** Each line of the spec with what was measured. */
  readonly achievements: readonly string[];
  /** What was kept, and what it brought. */
  readonly factors: readonly string[];
  /** What did not help, was refused or left out; what is open and why. */
  readonly lessons: readonly string[];
}

export function summarizeRun({ requirements, findings = [] }: Evidence, events: readonly TraceEvent[]): RunSummary {
  const open = requirements.filter(({ verdict }) => verdict !== "met");
  return {
    achievements: requirements.filter(({ verdict }) => verdict === "met").map(describeAchievement),
    factors: [...describeStart(events), ...describeKept(events)],
    lessons: [
      ...describeRolledBack(events),
      ...describeUnmeasured(events),
      ...findings.filter(({ severity }) => severity !== "info").map(({ text }) => text),
      ...open.map(({ id, text, verdict, evidence }) => `${id} “${text}” is ${verdict}: ${evidence}`),
    ],
  };
}

function describeAchievement({ id, text, measured, target, unit }: RequirementEvidence): string {
  const shown = measured === null ? "" : `: ${formatValue(measured, unit)}`;
  const asked = target === null ? "" : `, asked for ${describeTarget({ target, unit })}`;
  return `${id} ${text}${shown}${measured === null ? "" : asked}`;
}

function inLoop(events: readonly TraceEvent[]): readonly TraceEvent[] {
  return events.filter(({ stage, kind }) => stage === "loop" && kind === "observation");
}

function describeStart(events: readonly TraceEvent[]): string[] {
  const start = inLoop(events).find(({ data }) => data.start === true);
  return start ? [`The search began at ${start.text}.`] : [];
}

function describeKept(events: readonly TraceEvent[]): string[] {
  return inLoop(events)
    .filter(({ data }) => data.verdict === "kept")
    .map(({ text, data }) => `${text.replace(/: kept.*$/, "")}${tookSeconds(data.seconds)}.`);
}

function tookSeconds(seconds: unknown): string {
  return typeof seconds === "number" && seconds >= 0.05 ? `, in ${formatSeconds(seconds)}` : "";
}

/** Of each action the best of what was tried and not kept. */
function describeRolledBack(events: readonly TraceEvent[]): string[] {
  const tried = inLoop(events).filter(({ data }) => typeof data.verdict === "string" && data.verdict !== "kept");
  const kept = new Set(inLoop(events).flatMap(({ data }) => (data.verdict === "kept" ? [data.name] : [])));
  const first = new Map(tried.toReversed().map((event) => [event.data.name, event]));
  return [...first.values()]
    .filter(({ data }) => !kept.has(data.name))
    .map(({ data, text }) => describeFailed(data, text));
}

/** A difference of fewer standard errors than this may be chance. */
const noise = 2;

function describeFailed(data: TraceEvent["data"], text: string): string {
  const { name, accuracyGain: gain, accuracyStandardError: error, verdict, refusal, on } = data;
  if (typeof gain !== "number") return `${text}.`;
  const isKnown = typeof error === "number" && Number.isFinite(error);
  const points = `${formatPoints(gain)} ± ${isKnown ? (100 * error).toFixed(1) : "?"} points of accuracy ${on === "select" ? "on select" : "out of fold"}`;
  if (typeof refusal === "string") return `${String(name)}: ${points}, ${String(verdict)}.`;
  if (!isKnown || Math.abs(gain) <= noise * error)
    return `${String(name)} made no difference here beyond noise (${points}): ${String(verdict)}.`;
  if (gain < 0) return `${String(name)} did not pay here (${points}): ${String(verdict)}.`;
  return `${String(name)}: ${points}, but log loss decides, and it gained too little: ${String(verdict)}.`;
}

function formatPoints(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
}

function describeUnmeasured(events: readonly TraceEvent[]): string[] {
  return [...unmeasuredActions(events).values()].map(({ text }) => `${text}.`);
}
