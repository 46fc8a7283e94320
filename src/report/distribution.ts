/** How the photographs are spread over the classes, and how uneven that is. */
import { countOf, formatCount } from "../core/index.js";
import type { ClassRow, Evidence } from "../verify/index.js";
import { type Html, html, renderName } from "./html.js";

/** Classes shown before the rest is folded away. */
const openClasses = 40;

/** A bar of training and one of test photographs for each class, the largest first. */
export function renderDistribution(evidence: Evidence): Html | null {
  const rows = evidence.metrics.classes.toSorted((a, b) => b.trainCount - a.trainCount || b.testCount - a.testCount);
  if (rows.length === 0) return null;
  const most = Math.max(1, ...rows.flatMap((row) => [row.trainCount, row.testCount]));
  const list = (shown: readonly ClassRow[]): Html =>
    html`<ul class="distribution">${shown.map((row) => renderRow(row, most))}</ul>`;
  const folded = rows.slice(openClasses);
  return html`<section id="distribution" aria-labelledby="distribution-title"><h2 id="distribution-title">Class distribution</h2>
<p class="lead">${describeImbalance(rows)} <span class="key"><i class="swatch learned"></i> learned from</span> <span class="key"><i class="swatch tested"></i> tested on</span></p>
${list(rows.slice(0, openClasses))}
${folded.length > 0 && html`<details><summary>The other ${countOf(folded.length, "class", "classes")}</summary>${list(folded)}</details>`}</section>`;
}

function renderRow({ label, trainCount, testCount }: ClassRow, most: number): Html {
  const bar = (kind: string, count: number): Html =>
    html`<span class="length ${kind}" style="width:${((100 * count) / most).toFixed(1)}%"></span>`;
  return html`<li><span class="name">${renderName(label)}</span><span class="lengths">${bar("learned", trainCount)}${bar("tested", testCount)}</span><span class="number">${formatCount(trainCount)} <span class="range">${formatCount(testCount)} test</span></span></li>`;
}

/** Largest to smallest, and the classes that count as rare: under half the mean. */
function describeImbalance(rows: readonly ClassRow[]): string {
  const counts = rows.map(({ trainCount }) => trainCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const smallest = Math.min(...counts);
  const rare = counts.filter((count) => count < total / rows.length / 2).length;
  const ratio =
    smallest === 0 ? "Some class has no training photograph." : describeRatio(Math.max(...counts) / smallest);
  const rareText =
    rare === 0
      ? ""
      : ` ${formatCount(rare)} ${rare === 1 ? "class is" : "classes are"} rare, under half the mean of ${formatCount(Math.round(total / rows.length))}.`;
  return `${formatCount(total)} training photographs of ${formatCount(rows.length)} classes. ${ratio}${rareText}`;
}

function describeRatio(ratio: number): string {
  if (ratio === 1) return "The classes are equal in size.";
  if (ratio < 1.05) return "The classes are about equal in size.";
  return `The largest class has ${ratio.toFixed(1)} times as many training photographs as the smallest.`;
}
