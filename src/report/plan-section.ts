/** The plan: each decision with its reasons, what was refused and why, and what it was predicted to cost. */
import { formatBytes, formatSeconds } from "../core/index.js";
import type { Decision } from "../plan/index.js";
import type { ReportExtras } from "./data.js";
import { type Html, html, renderProse } from "./html.js";

/** The steps of the plan in order; nothing without one. */
export function renderPlan({ plan = null, trace = [] }: ReportExtras): Html | null {
  const steps = trace.length;
  if (plan === null || plan.steps.length === 0) return null;
  const items = plan.steps.map(
    ({ title, decisions }) =>
      html`<li><h3>${title}</h3>${decisions.map((decision) => renderDecision(decision, steps))}</li>`,
  );
  return html`<section id="plan" aria-labelledby="plan-title"><h2 id="plan-title">Plan</h2>
<p class="lead">What was decided before and during the run, with reasons from this data and this machine, and what was refused.</p>
${plan.warnings.length > 0 && html`<ul class="warnings">${plan.warnings.map((warning) => html`<li class="notice">${renderProse(warning)}</li>`)}</ul>`}
<ol class="plan">${items}</ol></section>`;
}

function renderDecision({ question, choice, reasons, refused, seconds, bytes }: Decision, steps: number): Html {
  const costs = [
    seconds === null ? null : `about ${formatSeconds(seconds)}`,
    bytes === null ? null : formatBytes(bytes),
  ].filter((cost) => cost !== null);
  return html`<div class="choice"><p><span class="question">${question}</span> <b>${renderProse(choice)}</b>${costs.length > 0 && html` <span class="range">${costs.join(", ")}</span>`}</p>
${reasons.length > 0 && html`<ul class="reasons">${reasons.map((reason) => html`<li>${renderProse(reason)}</li>`)}</ul>`}
${refused.length > 0 && html`<ul class="refused">${refused.map(({ what, why, event }) => html`<li><b>not ${what}</b>: ${renderProse(why)}${event !== null && event <= steps && html` <a href="#step-${event}">step ${event}</a>`}</li>`)}</ul>`}</div>`;
}
