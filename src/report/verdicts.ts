/** The first screen of the report: the outcome in one sentence, the tallies, every requirement with its verdict, and how to read them. */
import type { JudgedOn, Role } from "../spec/index.js";
import type { Evidence, RequirementEvidence, Verdict } from "../verify/index.js";
import { drawMargin } from "./charts.js";
import { type Html, html, renderProse } from "./html.js";
import { drawSign, renderBadge, verdictClass } from "./icons.js";
import { countVerdicts, decidingBound, exitCode, isExact, isMoreBetter, summarize, verdictOrder } from "./tally.js";
import { formatApart, formatConfidence, formatMoment, formatTarget } from "../spec/index.js";

/** The roles in the order in which they are told, with what they mean. */
export const roleWords: readonly { readonly role: Role; readonly name: string; readonly meaning: string }[] = [
  { role: "hard", name: "Hard requirements", meaning: "these decide the outcome" },
  { role: "premise", name: "Premises", meaning: "facts about the input; they do not change the outcome" },
  { role: "soft", name: "Soft requirements", meaning: "wishes; they do not change the outcome" },
];

const splitWords: Readonly<Record<JudgedOn, string>> = {
  scan: "counted in the input",
  test: "on test photographs",
  calibrate: "on validation photographs",
  bench: "on this machine",
  run: "as recorded by the run",
};

const sides = [
  { side: "lower", word: "at least" },
  { side: "upper", word: "at most" },
] as const;

const outcomes: Readonly<Record<0 | 3 | 4, { readonly verdict: Verdict; readonly sentence: string }>> = {
  0: { verdict: "met", sentence: "Every hard requirement is met." },
  3: { verdict: "not met", sentence: "Not every hard requirement is met." },
  4: { verdict: "unproven", sentence: "Nothing has failed, but not everything is proved." },
};

const verdictMeanings: Readonly<Record<Verdict, string>> = {
  met: "The measurement clears the target even after allowing for chance: the bound, not just the measured number, is on the good side.",
  "not met": "The target is missed, again after allowing for chance: even the favorable bound falls short.",
  unproven: "The data cannot decide, or this is not measured yet. The evidence says what would decide.",
  "not checkable": "No check exists for such a line. A person must judge it.",
};

/** The title block: what was judged, the outcome, and the tallies of each role. */
export function renderHeadline(evidence: Evidence): Html {
  const lacksHard = !evidence.requirements.some((line) => line.role === "hard");
  const { verdict, sentence } = outcomes[exitCode(evidence)];
  return html`<header class="head ${lacksHard ? "not-checkable" : verdictClass(verdict)}">
<p class="eyebrow">assay report</p>
<h1>${drawSign(lacksHard ? "not checkable" : verdict)}<span>${lacksHard ? "The spec has no hard requirement." : sentence}</span></h1>
${!lacksHard && html`<p class="summary">${summarize(evidence)}.</p>`}
${renderReuse(evidence.run)}
${renderSpent(evidence.run)}
<dl class="tallies">${roleWords.map(({ role, name }) => renderTally(evidence, role, name))}</dl>
</header>`;
}

/** The table of all requirements, hard ones first. */
export function renderVerdicts(evidence: Evidence): Html {
  return html`<section id="verdicts" aria-labelledby="verdicts-title">
<h2 id="verdicts-title">Verdicts</h2>
<table class="verdicts cards" role="table">
<caption class="hidden">Every requirement of the spec with its target, what was measured and the verdict</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Requirement</th><th scope="col" role="columnheader">Target</th><th scope="col" role="columnheader">Measured</th><th scope="col" role="columnheader">Verdict</th><th scope="col" role="columnheader">Evidence</th></tr></thead>
${roleWords.map(({ role, name, meaning }) => renderGroup(evidence, role, name, meaning))}
</table>
${renderLegend()}
</section>`;
}

function renderReuse({ testOpening, testAlpha, earlierOpenings }: Evidence["run"]): Html | null {
  if (testOpening <= 1) return null;
  const last = earlierOpenings.at(-1);
  const before =
    last === undefined ? "" : `, last on ${formatMoment(last.at)} by bundle ${last.bundleHash.slice(0, 12)}`;
  return html`<p class="notice"><strong>Reused test.</strong> Opening ${testOpening} of these test photographs: they were opened before${before}. Lines judged on test had to pass at the stricter level ${Number(testAlpha.toPrecision(2))}, and results that were seen can steer later choices toward them. Fresh photographs restore the full level.</p>`;
}

function renderSpent({ testSpentAt }: Evidence["run"]): Html | null {
  if (testSpentAt === null) return null;
  return html`<p class="notice"><strong>Spent test.</strong> The mistakes on these test photographs were shown on ${formatMoment(testSpentAt)}, before this bundle was judged on them. No line is met by them any more; fresh photographs would prove it.</p>`;
}

function renderTally(evidence: Evidence, role: Role, name: string): Html | null {
  const counts = countVerdicts(evidence, role);
  const present = verdictOrder.filter((verdict) => counts[verdict] > 0);
  if (present.length === 0) return null;
  const items = present.map(
    (verdict) =>
      html`<span class="count ${verdictClass(verdict)}">${drawSign(verdict)}<b>${counts[verdict]}</b> ${verdict}</span>`,
  );
  return html`<div><dt>${name}</dt><dd>${items}</dd></div>`;
}

function renderGroup(evidence: Evidence, role: Role, name: string, meaning: string): Html | null {
  const lines = evidence.requirements.filter((line) => line.role === role);
  if (lines.length === 0) return null;
  return html`<tbody role="rowgroup"><tr class="group" role="row"><th scope="rowgroup" colspan="5" role="rowheader">${name}<span>: ${meaning}</span></th></tr>
${lines.map(renderLine)}</tbody>
`;
}

function renderLine(line: RequirementEvidence): Html {
  return html`<tr class="line ${verdictClass(line.verdict)}" role="row"><th scope="row" role="rowheader" class="text"><bdi class="exact">${line.text}</bdi><span class="aside"><span class="id">${line.id}</span> ${line.role}${line.kind !== "not-checkable" && ` · ${line.estimator}, ${splitWords[line.split]}`}</span></th>
<td role="cell" class="target" data-label="Target">${line.target === null ? html`<span class="none">none</span>` : html`<span class="number">${formatTarget(line.target, line.unit)}</span>`}</td>
<td role="cell" class="measured" data-label="Measured">${renderMeasured(line)}</td>
<td role="cell" class="verdict">${renderBadge(line.verdict)}</td>
<td role="cell" class="evidence" data-label="Evidence">${renderProse(line.evidence)}</td></tr>
`;
}

function renderMeasured(line: RequirementEvidence): Html {
  if (line.measured === null) return html`<span class="none">not measured</span>`;
  const target = line.target?.value ?? null;
  const { lower, upper, measured } = line;
  return html`<span class="number strong">${formatApart(measured, target, line.unit)}</span>${renderBound(line)}${target !== null && drawMargin({ target, measured, lower, upper, moreIsBetter: isMoreBetter(line) })}`;
}

function renderBound(line: RequirementEvidence): Html | null {
  if (isExact(line)) return html`<span class="aside">${line.split === "run" ? "recorded" : "exact"}</span>`;
  const bound = decidingBound(line);
  const bounds = line.target === null ? sides.map(({ side }) => ({ side, value: line[side] })) : [bound];
  const target = line.target?.value ?? null;
  const words = bounds.flatMap((shown) => {
    if (shown === null || shown.value === null) return [];
    const { word } = sides.find(({ side }) => side === shown.side)!;
    return [html`${word} <span class="number">${formatApart(shown.value, target, line.unit)}</span>, `];
  });
  return words.length === 0
    ? null
    : html`<span class="aside">${words}<span class="number">${formatConfidence(line.alpha)}</span> confidence</span>`;
}

function renderLegend(): Html {
  const entries = verdictOrder.map(
    (verdict) => html`<div><dt>${renderBadge(verdict)}</dt><dd>${verdictMeanings[verdict]}</dd></div>`,
  );
  const sample = drawMargin({ target: 0, measured: 0.5, lower: 0.2, upper: 0.8, moreIsBetter: true });
  return html`<aside class="legend" aria-labelledby="legend-title"><h3 id="legend-title">How to read the verdicts</h3><dl>${entries}<div><dt>${sample}</dt><dd>The dot is what was measured, the whisker its bounds, the line in the middle the target. Right of the line is always the good side.</dd></div></dl></aside>`;
}
