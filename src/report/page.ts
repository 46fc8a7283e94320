/** The whole page: one file, no scripts, nothing fetched. */
import type { Evidence } from "../verify/index.js";
import { renderConfusions } from "./confusion.js";
import { renderCosts, renderFindings, renderMachine, renderMissing, renderTrace, type TraceEntry } from "./context.js";
import { html, renderName, showControls, toText } from "./html.js";
import { renderAccuracy, renderClasses } from "./quality.js";
import { styleSheet } from "./style.js";
import { summarize } from "./tally.js";
import { formatMoment } from "../spec/index.js";
import { renderHeadline, renderVerdicts } from "./verdicts.js";

/** What a report may show besides the evidence. */
export interface ReportExtras {
  readonly trace?: readonly TraceEntry[];
}

/** The report of a run as one self-contained HTML file: verdicts first, then what they rest on. */
export function renderReport(evidence: Evidence, extras: ReportExtras = {}): string {
  const trace = extras.trace ?? [];
  const links = sections.filter(
    ({ id }) => (id !== "trace" || trace.length > 0) && (id !== "missing" || evidence.notBuiltYet.length > 0),
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="assay ${evidence.machine.assay}">
<title>assay report: ${summarize(evidence)} (${showControls(evidence.run.images)})</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
${renderHeadline(evidence)}
<p class="subject">Photographs <b>${renderName(evidence.run.images)}</b> <span aria-hidden="true">·</span> spec <b>${renderName(evidence.run.specSource)}</b> <span aria-hidden="true">·</span> ${formatMoment(evidence.run.finishedAt)}</p>
<nav aria-label="Sections">${links.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)}</nav>
${renderVerdicts(evidence)}
${renderAccuracy(evidence)}
${renderClasses(evidence)}
${renderConfusions(evidence)}
${renderCosts(evidence)}
${renderFindings(evidence)}
${renderTrace(trace)}
${renderMachine(evidence)}
${renderMissing(evidence)}
</main>
<footer><p>Written by assay ${evidence.machine.assay}. The numbers are in evidence.json beside this file.</p></footer>
</body>
</html>
`;
  return toText(page);
}

const sections: readonly { readonly id: string; readonly name: string }[] = [
  { id: "verdicts", name: "Verdicts" },
  { id: "accuracy", name: "Accuracy" },
  { id: "classes", name: "Classes" },
  { id: "confusions", name: "Confusions" },
  { id: "costs", name: "Speed and size" },
  { id: "data", name: "Data" },
  { id: "trace", name: "What was done" },
  { id: "machine", name: "Machine" },
  { id: "missing", name: "Not built yet" },
];
