/** The recipes that were tried: what each brought over the one in force then, what it costs, and what was decided. */
import { scaleLinear, scaleLog } from "d3-scale";
import { formatCount, formatPercent, formatSeconds } from "../core/index.js";
import type { Candidate, Estimate, LearningCurve, MeasuredOn, ReportExtras } from "./data.js";
import { type Html, html, renderName } from "./html.js";
import { type Axis, drawPlot, drawPoint } from "./plot.js";

/** Table, a chart of accuracy against cost for each thing it was measured on, and the learning curve; nothing where nothing was tried. */
export function renderCandidates(extras: ReportExtras): Html | null {
  const { candidates = [], learningCurve = null, fineTuning = null } = extras;
  if (candidates.length === 0 && learningCurve === null) return null;
  const plots = [
    ...bases.map((on) =>
      renderCostPlot(
        candidates.filter((one) => one.on === on),
        on,
      ),
    ),
    learningCurve && renderCurve(learningCurve, fineTuning !== null),
  ];
  return html`<section id="candidates" aria-labelledby="candidates-title"><h2 id="candidates-title">What was tried</h2>
<p class="lead">Recipes are compared on the same training photographs, out of fold, with the one in force at that moment; ± is one standard error of the paired difference. Fine-tuned networks have learned from all of those, and are compared on select: figures on select and figures out of fold are not comparable. What does not help is rolled back.</p>
${candidates.length > 0 && renderTable(candidates)}
<div class="plots">${plots}</div></section>`;
}

const costUnits = ["multiply-adds of one picture", "time of the trial"];

const bases: readonly MeasuredOn[] = ["train, out of fold", "select"];

function renderTable(candidates: readonly Candidate[]): Html {
  const shows = candidates.some(({ utility }) => utility !== null);
  const head = (name: string, right = true, units: readonly string[] = []): Html =>
    html`<th scope="col" role="columnheader" class="${right ? "right" : ""}">${name}${units.map((unit) => html`<span class="aside">${unit}</span>`)}</th>`;
  return html`<table class="candidates cards" role="table"><caption class="hidden">Recipes tried, in order</caption>
<thead role="rowgroup"><tr role="row">${head("Recipe", false)}${head("Accuracy")}${head("Log loss")}${shows && head("Utility")}${head("Cost", true, costUnits)}${head("Decision", false)}</tr></thead>
<tbody role="rowgroup">${candidates.map((candidate) => renderRow(candidate, shows))}</tbody></table>`;
}

function renderRow(candidate: Candidate, showsUtility: boolean): Html {
  const { name, action, on, outcome, reason, accuracy, accuracyGain, logLoss, logLossGain } = candidate;
  const proposed = action === null ? "where the search began" : action === name ? "an action" : action;
  const figure = (value: string | null, gain: string | null): Html =>
    html`<span class="number strong">${value ?? "–"}</span>${gain !== null && html`<span class="aside number">${gain}</span>`}`;
  return html`<tr role="row" class="${outcome.replace(" ", "-")}"><th scope="row" role="rowheader">${renderName(name)}<span class="aside">${proposed}${accuracy !== null && `; on ${on}`}</span></th>
<td role="cell" class="right" data-label="Accuracy">${figure(accuracy === null ? null : formatPercent(accuracy), accuracyGain && formatGain(accuracyGain, 100, 1, " points"))}</td>
<td role="cell" class="right" data-label="Log loss">${figure(logLoss === null ? null : logLoss.toFixed(3), logLossGain && formatGain({ ...logLossGain, value: -logLossGain.value }, 1, 3, ""))}</td>
${showsUtility && html`<td role="cell" class="right" data-label="Utility">${renderUtility(candidate)}</td>`}
<td role="cell" class="right" data-label="Cost: multiply-adds, time">${renderCost(candidate)}</td>
<td role="cell" class="outcome" data-label="Decision"><b>${outcome}</b>${reason !== null && html`<span class="aside">${outcome === "start" && "although "}${reason}</span>`}</td></tr>
`;
}

/** The mean, and the parts that rewards and penalties ask for. */
function renderUtility({ utility }: Candidate): Html {
  if (utility === null) return html`–`;
  const parts = Object.entries(utility.parts).map(([name, value]) => `${name} ${value.toFixed(2)}`);
  return html`<span class="number strong">${utility.total.toFixed(3)}</span><span class="aside">${parts.join(", ")}</span>`;
}

function renderCost({ multiplyAdds, seconds, outcome }: Candidate): Html {
  const time = seconds === null ? null : `${formatSeconds(seconds)}${outcome === "not measured" ? " predicted" : ""}`;
  if (multiplyAdds === null) return html`<span class="number">${time ?? "–"}</span>`;
  return html`<span class="number">${formatOperations(multiplyAdds)}</span>${time !== null && html`<span class="aside number">${time}</span>`}`;
}

/** 385000000 → "385 M". */
function formatOperations(multiplyAdds: number): string {
  if (multiplyAdds === 0) return "0";
  return multiplyAdds >= 1e9 ? `${(multiplyAdds / 1e9).toPrecision(3)} G` : `${(multiplyAdds / 1e6).toPrecision(3)} M`;
}

function formatGain({ value, standardError }: Estimate, scale: number, digits: number, unit: string): string {
  const shown = Math.abs(value * scale).toFixed(digits);
  const error = Number.isFinite(standardError) ? (standardError * scale).toFixed(digits) : "?";
  return `${value < 0 ? "−" : "+"}${shown} ± ${error}${unit}`;
}

const percent = (value: number): string => formatPercent(value, 0);

/** Accuracy on one thing against multiply-adds where they are known, else against seconds; nothing for fewer than two. */
function renderCostPlot(candidates: readonly Candidate[], on: MeasuredOn): Html | null {
  const byOperations = candidates.some(({ multiplyAdds }) => multiplyAdds !== null);
  const points = candidates.flatMap((candidate) => {
    const cost = byOperations ? candidate.multiplyAdds : candidate.seconds;
    return candidate.accuracy === null || !cost ? [] : [{ candidate, cost, accuracy: candidate.accuracy }];
  });
  if (points.length < 2) return null;
  const error = ({ candidate }: (typeof points)[number]): number =>
    Number.isFinite(candidate.accuracyGain?.standardError) ? candidate.accuracyGain!.standardError : 0;
  const costs = points.map(({ cost }) => cost);
  const x: Axis = byOperations
    ? {
        scale: scaleLinear().domain([0, 1.05 * Math.max(...costs)]),
        label: "multiply-adds of one picture",
        format: formatOperations,
        ticks: 4,
      }
    : {
        scale: scaleLinear().domain([0, 1.05 * Math.max(...costs)]),
        label: "seconds of the trial",
        format: String,
        ticks: 4,
      };
  const y: Axis = {
    scale: scaleLinear()
      .domain([
        Math.min(...points.map((point) => point.accuracy - error(point))) - 0.005,
        Math.min(1, Math.max(...points.map((point) => point.accuracy + error(point))) + 0.005),
      ])
      .nice(5),
    label: `accuracy on ${on}`,
    format: (value) => formatPercent(value, 1),
  };
  const plot = drawPlot(`Accuracy on ${on} of the recipes against what they cost`, x, y, (left, up) =>
    points.map((point) =>
      drawPoint(
        {
          x: left(point.cost),
          y: up(point.accuracy),
          low: up(point.accuracy - error(point)),
          high: up(Math.min(1, point.accuracy + error(point))),
        },
        point.candidate.outcome.replace(" ", "-"),
        `${point.candidate.name}: ${formatPercent(point.accuracy)}, ${point.candidate.outcome}`,
      ),
    ),
  );
  return html`<figure><figcaption><b>Accuracy on ${on} against cost</b> <span class="range">filled: kept; whiskers: one standard error of the difference</span></figcaption>${plot}</figure>`;
}

function renderCurve({ points, doubling }: LearningCurve, isTuned: boolean): Html {
  const ends = points.flatMap(({ accuracy: { value, standardError } }) => [
    value - standardError,
    value + standardError,
  ]);
  const images = points.map((point) => point.images);
  const x: Axis = {
    scale: scaleLog()
      .base(2)
      .domain([Math.min(...images) / 1.25, Math.max(...images) * 1.25]),
    label: "training photographs",
    format: formatCount,
    ticks: images,
  };
  const y: Axis = {
    scale: scaleLinear()
      .domain([Math.min(...ends) - 0.005, Math.min(1, Math.max(...ends) + 0.005)])
      .nice(5),
    label: "accuracy of heads, out of fold",
    format: percent,
  };
  const { gain, judged } = doubling;
  const text = `heads on the frozen network; the last doubling brought ${formatGain(gain, 100, 1, " points")} on the same ${formatCount(judged)} photographs${isTuned ? ". The delivered network was fine-tuned: how it learns from more photographs was not measured" : ""}`;
  const plot = drawPlot(`Learning curve: ${text}`, x, y, (left, up) => [
    html`<path class="curve" d="M${points.map((point) => `${left(point.images)} ${up(point.accuracy.value)}`).join("L")}"/>`,
    ...points.map((point) => {
      const { value, standardError } = point.accuracy;
      return drawPoint(
        { x: left(point.images), y: up(value), low: up(value - standardError), high: up(value + standardError) },
        "kept",
        `${formatCount(point.images)} photographs: ${formatPercent(value)}`,
      );
    }),
  ]);
  return html`<figure><figcaption><b>More photographs</b> <span class="range">${text}</span></figcaption>${plot}</figure>`;
}
