/** What the model takes for what: the confusion matrix where it fits a page, and the most frequent confusions as a list. */
import { formatCount, formatPercent } from "../core/index.js";
import type { Evidence } from "../verify/index.js";
import { type Html, html, renderName, showControls } from "./html.js";
import { strongestTint } from "./palette.js";

/** Above this many classes the matrix is no longer readable and only the list is shown. */
export const largestMatrix = 40;
const longestList = 12;
const weakestTint = 0.06;

/** Pictures of one class labelled as another. */
export interface Confusion {
  readonly actual: number;
  readonly labelled: number;
  readonly count: number;
  /** Of all pictures of the actual class. */
  readonly share: number;
}

/** The confusions of a matrix, most frequent first, then the largest share of their class. */
export function rankConfusions(matrix: readonly (readonly number[])[]): readonly Confusion[] {
  return matrix
    .flatMap((row, actual) => row.map((count, labelled) => ({ actual, labelled, count, share: count / sumOf(row) })))
    .filter((cell) => cell.actual !== cell.labelled && cell.count > 0)
    .toSorted((a, b) => b.count - a.count || b.share - a.share);
}

/** The confusions on test: list, and matrix for at most 40 classes. */
export function renderConfusions(evidence: Evidence, revealed: boolean): Html {
  const matrix = evidence.metrics.test.confusion;
  const names = matrix.map((_, index) => evidence.metrics.classes[index]?.label ?? `class ${index + 1}`);
  return html`<section id="confusions" aria-labelledby="confusions-title">
<h2 id="confusions-title">Confusions</h2>
<p class="lead">What the model took for what, on the test photographs.${!revealed && " Individual test photographs are not shown: to improve the model, look at the mistakes on validation. Choosing anything by the test results uses the test up."}</p>
${renderList(rankConfusions(matrix), names)}
${matrix.length > 0 && matrix.length <= largestMatrix && renderMatrix(matrix, names)}
</section>`;
}

function renderList(confusions: readonly Confusion[], names: readonly string[]): Html {
  if (confusions.length === 0) return html`<p>No test photograph was labelled wrong.</p>`;
  const most = confusions[0]!.count;
  const shown = confusions.slice(0, longestList);
  const items = shown.map(
    ({ actual, labelled, count, share }) =>
      html`<li><span class="pair">${renderName(names[actual]!)} <span class="arrow">taken for</span> ${renderName(names[labelled]!)}</span><span class="meter"><span class="miss" style="width:${Math.round((100 * count) / most)}%"></span></span><span class="number">${formatCount(count)} <span class="range">${formatPercent(share)} of class</span></span></li>`,
  );
  return html`<ol class="confusions">${items}</ol>${renderRest(confusions.slice(longestList))}`;
}

function renderRest(rest: readonly Confusion[]): Html | null {
  if (rest.length === 0) return null;
  const photographs = sumOf(rest.map((cell) => cell.count));
  return html`<p class="note">And ${formatCount(rest.length)} more ${rest.length === 1 ? "pair" : "pairs"} with ${formatCount(photographs)} ${photographs === 1 ? "photograph" : "photographs"} in all.</p>`;
}

function renderMatrix(matrix: readonly (readonly number[])[], names: readonly string[]): Html {
  const heads = names.map(
    (name, index) =>
      html`<th scope="col" title="${showControls(name)}"><span>${index + 1} ${renderName(name)}</span></th>`,
  );
  const rows = matrix.map(
    (row, actual) =>
      html`<tr><th scope="row"><span class="no">${actual + 1}</span> ${renderName(names[actual]!)}</th>${row.map((count, labelled) => renderCell(count, sumOf(row), actual === labelled))}</tr>`,
  );
  return html`<h3>Matrix</h3>
<p class="note">Rows: the true class. Columns: the label given. Blue cells on the diagonal are right, orange ones are confusions; the deeper the color, the larger the share of the row.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><caption class="hidden">Number of test photographs by true class (rows) and given label (columns)</caption>
<thead><tr><td></td>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function renderCell(count: number, total: number, right: boolean): Html {
  if (count === 0) return html`<td class="zero">·</td>`;
  const tint = weakestTint + (strongestTint - weakestTint) * (count / total) ** (right ? 1 : 0.5);
  return html`<td class="${right ? "hit" : "miss"}" style="--tint:${tint.toFixed(3)}">${count}</td>`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
