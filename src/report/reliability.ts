/** Whether confidence can be believed: bins of equal size, the share that is right in each with its exact interval. */
import { scaleLinear } from "d3-scale";
import { formatCount, formatPercent } from "../core/index.js";
import type { Evidence, ReliabilityBin, SplitMetrics } from "../verify/index.js";
import { type Html, html } from "./html.js";
import { drawPlot, drawPoint } from "./plot.js";

/** The diagram of test, and that of validation beside it; nothing without photographs. */
export function renderReliability(evidence: Evidence): Html | null {
  const { test, calibrate } = evidence.metrics;
  const splits = [
    { name: "Test", split: test },
    { name: "Validation", split: calibrate },
  ].filter((one): one is { name: string; split: SplitMetrics } => (one.split?.reliability.length ?? 0) > 0);
  if (splits.length === 0) return null;
  return html`<section id="reliability" aria-labelledby="reliability-title"><h2 id="reliability-title">Reliability</h2>
<p class="lead">Can the confidence be believed? Photographs in order of confidence, in bins of equal size. On the line, confidence is the share that is right; below it the model is too sure, above it too careful. Whiskers: exact two-sided 95 % intervals.</p>
<div class="plots">${splits.map(({ name, split }) => renderSplit(name, split))}</div>
</section>`;
}

function renderSplit(name: string, { reliability, n, calibrationError }: SplitMetrics): Html {
  const from = Math.floor(10 * Math.min(...reliability.flatMap((bin) => [bin.confidence, bin.interval[0]]))) / 10;
  const axis = { scale: scaleLinear().domain([from, 1]), format: (value: number) => formatPercent(value, 0) };
  const plot = drawPlot(
    `Reliability on ${name.toLowerCase()}: ${describe(reliability)}`,
    { ...axis, label: "confidence" },
    { ...axis, label: "right" },
    (x, y) => [
      html`<path class="ideal" d="M${x(from)} ${y(from)}L${x(1)} ${y(1)}"/>`,
      ...reliability.map((bin) =>
        drawPoint(
          { x: x(bin.confidence), y: y(bin.accuracy), low: y(bin.interval[0]), high: y(bin.interval[1]) },
          "",
          describeBin(bin),
        ),
      ),
    ],
  );
  const rows = reliability.map(
    (bin) =>
      html`<tr><td class="number right">${formatPercent(bin.confidence)}</td><td class="number right">${formatPercent(bin.accuracy)}</td><td class="number right range">${formatPercent(bin.interval[0])} – ${formatPercent(bin.interval[1])}</td><td class="number right">${formatCount(bin.n)}</td></tr>`,
  );
  return html`<figure><figcaption><b>${name}</b> <span class="range">${formatCount(n)} photographs, calibration error ${formatPercent(calibrationError)}</span></figcaption>${plot}
<details><summary>The numbers</summary><table class="small"><thead><tr><th scope="col" class="right">Confidence</th><th scope="col" class="right">Right</th><th scope="col" class="right">95 % interval</th><th scope="col" class="right">Images</th></tr></thead><tbody>${rows}</tbody></table></details></figure>`;
}

function describe(bins: readonly ReliabilityBin[]): string {
  const apart = bins.filter(({ confidence, interval }) => confidence < interval[0] || confidence > interval[1]).length;
  return `confidence lies within the interval in ${bins.length - apart} of ${bins.length} bins`;
}

function describeBin({ confidence, accuracy, n }: ReliabilityBin): string {
  return `confidence ${formatPercent(confidence)}: ${formatPercent(accuracy)} of ${formatCount(n)} right`;
}
