/** Verdicts and severities as a sign, a word and a color together: never color alone. */
import type { Verdict } from "../verify/index.js";
import { type Html, html } from "./html.js";

const verdictPaths: Readonly<Record<Verdict, string>> = {
  met: "M3.5 8.5l3 3 6-7",
  "not met": "M4 4l8 8M12 4l-8 8",
  unproven: "M4.9 5.4a3.1 3.1 0 1 1 4.6 2.7c-1 .6-1.5 1.1-1.5 2.1M8 13.6v.1",
  "not checkable": "M3.5 8h9",
};

/** The CSS class of a verdict: "not met" → "not-met". */
export function verdictClass(verdict: Verdict): string {
  return verdict.replace(" ", "-");
}

/** The sign of a verdict alone, for a place where the word stands beside it. */
export function drawSign(verdict: Verdict): Html {
  return html`<svg class="sign" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false"><path d="${verdictPaths[verdict]}"/></svg>`;
}

/** A badge: sign and word on the verdict's color. */
export function renderBadge(verdict: Verdict): Html {
  return html`<span class="badge ${verdictClass(verdict)}">${drawSign(verdict)}${verdict}</span>`;
}
