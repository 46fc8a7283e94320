/** The price of `met` as a section of the page. */
import type { Evidence, RequirementEvidence } from "../verify/index.js";
import type { ReportExtras } from "./data.js";
import { type Html, html, renderProse } from "./html.js";
import { renderBadge, verdictClass } from "./icons.js";
import { priceLines } from "./price.js";
import { lacksNumber } from "./price-bounds.js";
import type { Option, Price, Surety } from "./price-option.js";

const words: Readonly<Record<Surety, string>> = {
  certain: "decides",
  likely: "decides, if what was observed is the truth",
  "measured effect": "effect measured, may not be enough",
  "effect not measured": "effect not measured",
};

/** For each open line what would change it; nothing where no line is open. */
export function renderPrices(evidence: Evidence, extras: ReportExtras): Html | null {
  const prices = priceLines(evidence, extras);
  if (prices.length === 0) return null;
  const priced = prices.filter(({ line, options }) => options.length > 0 && !lacksNumber(line));
  const aimless = prices.filter(({ line }) => lacksNumber(line));
  const rest = prices.filter(({ options }) => options.length === 0).map(({ line }) => line);
  return html`<section id="price" aria-labelledby="price-title"><h2 id="price-title">The price of met</h2>
<p class="lead">What would change the lines that are open, the surest first. Every number follows from what this run measured; what was not measured is said so.</p>
${priced.map(renderPrice)}${aimless.length > 0 && renderAimless(aimless)}${rest.length > 0 && renderUnpriced(rest)}</section>`;
}

function renderPrice({ line, options }: Price): Html {
  return html`<article class="price ${verdictClass(line.verdict)}"><header>${renderHead(line)}</header><ol class="options">${options.map(renderOption)}</ol></article>`;
}

function renderHead({ id, role, text, verdict }: RequirementEvidence): Html {
  return html`${renderBadge(verdict)}<div><bdi class="exact">${text}</bdi><span class="aside"><span class="id">${id}</span> ${role}</span></div>`;
}

function renderOption({ surety, what, why }: Option): Html {
  return html`<li><b>${what}</b> <span class="surety ${surety === "certain" || surety === "likely" ? "sure" : ""}">${words[surety]}</span><span class="aside">${renderProse(why)}</span></li>`;
}

function renderAimless(prices: readonly Price[]): Html {
  const items = prices.map(
    ({ line: { id, text }, options }) =>
      html`<li><span class="id">${id}</span> <bdi class="exact">${text}</bdi><span class="aside">${options.map(({ why }) => why).join(" ")}</span></li>`,
  );
  return html`<article class="price unmeasured"><header><div><b>Give these lines a number</b> <span class="surety sure">${words.certain}</span><span class="aside">They were measured, and nothing says how much is enough.</span></div></header><ul class="options">${items}</ul></article>`;
}

function renderUnpriced(lines: readonly RequirementEvidence[]): Html {
  const items = lines.map(
    ({ id, text, evidence }) =>
      html`<li><span class="id">${id}</span> <bdi class="exact">${text}</bdi><span class="aside">${renderProse(evidence)}</span></li>`,
  );
  return html`<article class="price unmeasured"><header><div><b>Without a price in numbers</b><span class="aside">The evidence says what is missing and, where that is known, what would decide.</span></div></header><ul class="options">${items}</ul></article>`;
}
