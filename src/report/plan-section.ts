/** The plan: each decision with its reasons, what was refused and why, and what it was predicted to cost. */
import { formatBytes, formatSeconds } from "../core/index.js";
import type { Plan } from "./data.js";
import { type Html, html } from "./html.js";

type Decision = Plan["steps"][number]["decisions"][number];

/** The steps of the plan in order; nothing without one. */
export function renderPlan(plan: Plan | null): Html | null {
  if (plan === null || plan.steps.length === 0) return null;
  const steps = plan.steps.map(
    ({ title, decisions }) => html`<li><h3>${title}</h3>${decisions.map(renderDecision)}</li>`,
  );
  return html`<section id="plan" aria-labelledby="plan-title"><h2 id="plan-title">Plan</h2>
<p class="lead">What was decided before and during the run, with reasons from this data and this machine, and what was refused.</p>
<ol class="plan">${steps}</ol></section>`;
}

function renderDecision({ question, choice, reasons, refused, seconds, bytes }: Decision): Html {
  const costs = [
    seconds === null ? null : `about ${formatSeconds(seconds)}`,
    bytes === null ? null : formatBytes(bytes),
  ].filter((cost) => cost !== null);
  return html`<div class="choice"><p><span class="question">${question}</span> <b>${choice}</b>${costs.length > 0 && html` <span class="range">${costs.join(", ")}</span>`}</p>
${reasons.length > 0 && html`<ul class="reasons">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
${refused.length > 0 && html`<ul class="refused">${refused.map(({ what, why }) => html`<li><b>not ${what}</b>: ${why}</li>`)}</ul>`}</div>`;
}
