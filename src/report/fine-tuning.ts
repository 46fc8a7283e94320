/** How a network was fine-tuned: loss and accuracy by epoch, on what it learned from and on what it did not. */
import { scaleLinear } from "d3-scale";
import { formatCount, formatPercent } from "../core/index.js";
import { describeRates } from "../finetune/index.js";
import type { FineTuning, ReportExtras } from "./data.js";
import { type Html, html, renderName } from "./html.js";
import { type Axis, drawPlot, drawPoint } from "./plot.js";

export function renderFineTuning({ fineTuning = null }: ReportExtras): Html | null {
  if (fineTuning === null) return null;
  const { network, depth, epochs, batch, rates, parameters, best, history } = fineTuning;
  const { train, select, averaged } = history.find(({ epoch }) => epoch === best.epoch)!;
  const gap = formatPercent(train.accuracy - (best.isAveraged ? averaged! : select).accuracy);
  const plots = (["loss", "accuracy"] as const).map((measure) => renderCurves(fineTuning, measure));
  return html`<section id="fine-tuning" aria-labelledby="fine-tuning-title"><h2 id="fine-tuning-title">Fine-tuning</h2>
<p class="lead">${renderName(network)}: ${depth}, ${formatCount(parameters)} numbers, in batches of ${batch} with ${describeRates(rates)}, over at most ${epochs} epochs. The delivered weights are those after epoch ${best.epoch}${best.isAveraged && ", averaged over its steps"}. There a sample of train is ${gap} of accuracy above select: what was learned by heart.</p>
<div class="plots">${plots}</div></section>`;
}

const measures = {
  loss: { title: "Log loss by epoch", label: "log loss", format: (value: number) => value.toFixed(3), ticks: "f" },
  accuracy: { title: "Accuracy by epoch", label: "accuracy", format: formatPercent, ticks: "%" },
} as const;

function renderCurves({ history, best }: FineTuning, measure: keyof typeof measures): Html {
  const { title, label, format, ticks } = measures[measure];
  const curves = {
    train: history.map(({ train }) => train[measure]),
    select: history.map(({ select }) => select[measure]),
    averaged: history.map(({ averaged, select }) => (averaged ?? select)[measure]),
  };
  const chosen = curves[best.isAveraged ? "averaged" : "select"][best.epoch]!;
  const all = Object.values(curves).flat();
  const last = Math.max(1, history.length - 1);
  const x: Axis = {
    scale: scaleLinear().domain([0, last]),
    label: "epoch",
    format: String,
    ticks: history.map(({ epoch }) => epoch),
  };
  const scale = scaleLinear()
    .domain([Math.min(...all), Math.max(...all)])
    .nice(5);
  const asTick = scale.tickFormat(5, ticks); // with the digits that its steps need
  const y: Axis = { scale, label, format: (value) => asTick(value).replace("%", " %") };
  const plot = drawPlot(`${title}, on train and on select`, x, y, (left, up) => [
    ...Object.entries(curves).map(([name, values]) => {
      const path = values.map((value, i) => `${left(i)} ${up(value)}`).join("L");
      return html`<path class="curve ${name}" d="M${path}"><title>${name}</title></path>`;
    }),
    drawPoint(
      { x: left(best.epoch), y: up(chosen), low: up(chosen), high: up(chosen) },
      "kept",
      `delivered: ${format(chosen)}`,
    ),
  ]);
  return html`<figure><figcaption><b>${title}</b> <span class="range">dashed: train; solid: select; dotted: select with averaged weights</span></figcaption>${plot}</figure>`;
}
