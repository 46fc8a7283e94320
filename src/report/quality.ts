/** How good the model is: accuracy with intervals on test and validation, and each class by itself. */
import { warnOfTest } from "../audit/index.js";
import { countOf, formatCount, formatPercent } from "../core/index.js";
import type { RequirementKind } from "../spec/index.js";
import type { ClassRow, Evidence, SplitMetrics } from "../verify/index.js";
import { drawBar, drawCount, drawInterval } from "./charts.js";
import { type Html, html, renderName } from "./html.js";
import { formatConfidence } from "../spec/index.js";

/** Classes shown before the rest is folded away. */
const openClasses = 40;

type Interval = readonly [number, number];

/** Accuracy, balanced accuracy and the quality of the probabilities, test beside validation. */
export function renderAccuracy(evidence: Evidence): Html {
  const { test, calibrate } = evidence.metrics;
  const splits = calibrate === null ? [test] : [test, calibrate];
  const from = scaleStart(splits);
  const headings = splits.map(
    (split, index) =>
      html`<th scope="col" role="columnheader">${index === 0 ? "Test" : "Validation"} <span class="aside">${countOf(split.n, "photograph")}</span></th>`,
  );
  const rows = measures.map(
    (measure) =>
      html`<tr role="row"><th scope="row" role="rowheader">${measure.name}<span class="aside">${measure.note}</span></th>${splits.map((split, index) => html`<td role="cell" data-label="${index === 0 ? "Test" : "Validation"}">${measure.show(split, targetOf(evidence, measure, index), from)}</td>`)}</tr>`,
  );
  return html`<section id="accuracy" aria-labelledby="accuracy-title">
<h2 id="accuracy-title">Accuracy</h2>
<p class="lead">${describeChance(evidence)}${describeOpening(evidence.run)}Validation is the part that nothing was trained on; it set the temperature of the probabilities.</p>
${testWarnings(evidence).map((warning) => html`<p class="notice">${warning}</p>`)}
<table class="figures cards" role="table"><caption class="hidden">Accuracy and quality of the probabilities by split</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Figure</th>${headings}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>
<p class="note">Whiskers and gray numbers: two-sided 95 % intervals, to compare by; the drawn scale runs from ${formatPercent(from, 0)} to 100 %. Lines of the spec are judged by one-sided bounds: those on test at ${formatConfidence(evidence.run.testAlpha)} confidence, which is what opening ${evidence.run.testOpening} of these photographs may spend.</p>
</section>`;
}

/** Classes that test lacks, and a small test split: said beside what was measured on it. */
export function testWarnings({ metrics, run }: Evidence): string[] {
  return warnOfTest(
    metrics.classes.map(({ label, testCount }) => ({ label, tested: testCount })),
    run.testAlpha,
  );
}

/** One row per class, weakest first, with recall and its interval. */
export function renderClasses(evidence: Evidence): Html {
  const rows = evidence.metrics.classes.toSorted(
    (a, b) => (a.recall ?? 2) - (b.recall ?? 2) || a.testCount - b.testCount,
  );
  const target = evidence.requirements.find((line) => line.kind === "worst-class-recall")?.target?.value ?? null;
  const most = Math.max(1, ...rows.map((row) => row.trainCount));
  const folded = rows.slice(openClasses);
  return html`<section id="classes" aria-labelledby="classes-title">
<h2 id="classes-title">Classes</h2>
<p class="lead">Weakest first. Recall is the share of a class's test photographs that the model labels right; the whisker spans its exact bounds, each at the ${formatConfidence(evidence.run.testAlpha)} confidence that lines about test are judged at${target !== null && ", the line the target for the worst class"}. A wide whisker means few photographs, not necessarily a weak class.</p>
${renderClassTable(rows.slice(0, openClasses), most, target, "Recall of each class on test, weakest first")}
${folded.length > 0 && html`<details><summary>The other ${countOf(folded.length, "class", "classes")}</summary>${renderClassTable(folded, most, target, "Recall of the other classes")}</details>`}
</section>`;
}

interface Measure {
  readonly name: string;
  readonly note: string;
  readonly kind?: RequirementKind;
  readonly show: (split: SplitMetrics, target: number | null, from: number) => Html;
}

const measures: readonly Measure[] = [
  {
    name: "Accuracy",
    note: "share labelled right",
    kind: "accuracy",
    show: (split, target, from) => renderShare(split.accuracy, split.accuracyInterval, target, from),
  },
  {
    name: "Balanced accuracy",
    note: "mean recall of the classes; interval approximate",
    kind: "balanced-accuracy",
    show: (split, target, from) => renderShare(split.balancedAccuracy, split.balancedAccuracyInterval, target, from),
  },
  {
    name: "Calibration error",
    note: "how far confidence is from the truth, on average; 0 is best",
    show: (split) => html`<span class="number strong">${formatPercent(split.calibrationError)}</span>`,
  },
  {
    name: "Negative log-likelihood",
    note: "surprise at the true labels, in nats; 0 is best",
    show: (split) => html`<span class="number strong">${split.negativeLogLikelihood.toFixed(3)}</span>`,
  },
];

function targetOf(evidence: Evidence, measure: Measure, index: number): number | null {
  const split = index === 0 ? "test" : "calibrate";
  return (
    evidence.requirements.find((line) => line.kind === measure.kind && line.split === split)?.target?.value ?? null
  );
}

function renderShare(value: number, [lower, upper]: Interval, target: number | null, from: number): Html {
  return html`<span class="number strong">${formatPercent(value)}</span> <span class="number range">${formatPercent(lower)} – ${formatPercent(upper)}</span>${drawInterval({ value, lower, upper, target }, from)}`;
}

/** A scale that starts at the tens below everything drawn. */
function scaleStart(splits: readonly SplitMetrics[]): number {
  const lowest = Math.min(...splits.flatMap((split) => [split.accuracyInterval[0], split.balancedAccuracyInterval[0]]));
  return Number.isFinite(lowest) ? Math.min(0.9, Math.max(0, Math.floor(lowest * 10) / 10)) : 0;
}

/** What guessing would give, so that the figures can be judged. */
function describeChance(evidence: Evidence): string {
  const counts = evidence.metrics.classes.map((row) => row.testCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return "";
  return `Always naming the most frequent of the ${formatCount(counts.length)} classes would be right for ${formatPercent(Math.max(...counts) / total)} of the test photographs. `;
}

/** Of a first opening. The ledger counts the same bundle again as the same opening, and knows of this machine alone. */
function describeOpening({ testOpening }: Evidence["run"]): string {
  return testOpening === 1
    ? "By the ledger of this machine, no other bundle was judged on the test photographs before this one. "
    : "";
}

function renderClassTable(rows: readonly ClassRow[], most: number, target: number | null, caption: string): Html {
  return html`<table class="classes cards" role="table"><caption class="hidden">${caption}</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Class</th><th scope="col" role="columnheader">Recall</th><th scope="col" role="columnheader" class="right">Right on test</th><th scope="col" role="columnheader" class="right">Precision</th><th scope="col" role="columnheader" class="right">Train</th></tr></thead>
<tbody role="rowgroup">${rows.map((row) => renderClassRow(row, most, target))}</tbody></table>`;
}

function renderClassRow(row: ClassRow, most: number, target: number | null): Html {
  return html`<tr role="row"><th scope="row" role="rowheader">${renderName(row.label)}</th><td role="cell" class="recall">${renderRecall(row, target)}</td><td role="cell" class="right number" data-label="Right on test">${formatCount(row.testCorrect)} of ${formatCount(row.testCount)}</td><td role="cell" class="right number" data-label="Precision">${row.precision === null ? "–" : formatPercent(row.precision)}</td><td role="cell" class="right number train" data-label="Train">${drawCount(row.trainCount / most)}<span>${formatCount(row.trainCount)}</span></td></tr>
`;
}

function renderRecall(row: ClassRow, target: number | null): Html {
  if (row.recall === null) return html`<span class="none">no test photographs</span>`;
  const { recall: value, recallLower: lower, recallUpper: upper } = row;
  const range =
    lower !== null &&
    upper !== null &&
    html` <span class="number range">${formatPercent(lower)} – ${formatPercent(upper)}</span>`;
  return html`${drawBar({ value, lower, upper, target })}<span class="words"><span class="number strong">${formatPercent(value)}</span>${range}</span>`;
}
