/** The whole page: one file, no scripts, nothing fetched. */
import type { Evidence } from "../verify/index.js";
import { renderConfusions } from "./confusion.js";
import { renderCandidates } from "./candidates.js";
import { renderCosts, renderFindings, renderMachine, renderMissing } from "./context.js";
import type { ReportExtras } from "./data.js";
import { renderDistribution } from "./distribution.js";
import { renderFineTuning } from "./fine-tuning.js";
import { type Html, html, renderName, showControls, toText } from "./html.js";
import { renderMistakes } from "./mistakes.js";
import { renderPlan } from "./plan-section.js";
import { renderPrices } from "./price-section.js";
import { renderAccuracy, renderClasses } from "./quality.js";
import { renderReliability } from "./reliability.js";
import { styleSheet } from "./style.js";
import { summarize } from "./tally.js";
import { formatMoment } from "../spec/index.js";
import { renderTrace } from "./timeline.js";
import { renderHeadline, renderVerdicts } from "./verdicts.js";

interface Section {
  readonly id: string;
  readonly name: string;
  /** Null where there is nothing to show. */
  readonly render: (evidence: Evidence, extras: ReportExtras) => Html | null;
}

const sections: readonly Section[] = [
  { id: "verdicts", name: "Verdicts", render: renderVerdicts },
  { id: "price", name: "The price of met", render: renderPrices },
  { id: "accuracy", name: "Accuracy", render: renderAccuracy },
  { id: "classes", name: "Classes", render: renderClasses },
  {
    id: "confusions",
    name: "Confusions",
    render: (evidence, { mistakes = [] }) =>
      renderConfusions(
        evidence,
        mistakes.some(({ split }) => split === "test"),
      ),
  },
  { id: "mistakes", name: "Worst mistakes", render: (_, { mistakes = [] }) => renderMistakes(mistakes) },
  { id: "reliability", name: "Reliability", render: renderReliability },
  { id: "costs", name: "Speed and size", render: renderCosts },
  { id: "candidates", name: "What was tried", render: (_, extras) => renderCandidates(extras) },
  { id: "fine-tuning", name: "Fine-tuning", render: (_, extras) => renderFineTuning(extras) },
  { id: "plan", name: "Plan", render: (_, extras) => renderPlan(extras) },
  { id: "distribution", name: "Class distribution", render: renderDistribution },
  { id: "data", name: "Data", render: renderFindings },
  { id: "trace", name: "What was done", render: (_, { trace = [] }) => renderTrace(trace) },
  { id: "machine", name: "Machine", render: renderMachine },
  { id: "missing", name: "Not built yet", render: renderMissing },
];

/** The report of a run as one self-contained HTML file: verdicts first, then what they rest on. */
export function renderReport(evidence: Evidence, extras: ReportExtras = {}): string {
  const rendered = sections.map(({ id, name, render }) => ({ id, name, content: render(evidence, extras) }));
  const present = rendered.filter(({ content }) => content !== null);
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
<nav aria-label="Sections">${present.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)}</nav>
${present.map(({ content }) => content)}
</main>
<footer><p>Written by assay ${evidence.machine.assay}. The numbers are in evidence.json beside this file.</p></footer>
</body>
</html>
`;
  return toText(page);
}
