/** The worst mistakes as pictures: where a person sees what the model does not. */
import { formatCount, formatPercent } from "../core/index.js";
import type { Mistake, Mistakes } from "./data.js";
import { type Html, html, renderName, showControls } from "./html.js";

const splitWords: Readonly<Record<Mistakes["split"], { readonly name: string; readonly note: string }>> = {
  calibrate: {
    name: "Validation, calibrate",
    note: "judged by the delivered model, which never trained on them",
  },
  select: {
    name: "Validation, select",
    note: "judged by a model that had not learned from them; they chose among models",
  },
  test: {
    name: "Test",
    note: "shown because --reveal was given: this test split is spent",
  },
};

/** A gallery for each split that has mistakes. */
export function renderMistakes(all: readonly Mistakes[]): Html | null {
  if (all.length === 0) return null;
  const shown = all.flatMap(({ worst }) => worst);
  const withheld = shown.length > 0 && shown.every(({ thumbnail }) => thumbnail === null);
  const tested = all.some(({ split }) => split === "test");
  return html`<section id="mistakes" aria-labelledby="mistakes-title"><h2 id="mistakes-title">Worst mistakes</h2>
<p class="lead">The photographs that were labelled wrong with the greatest confidence.${!tested && " None is from test: whoever looks at those and then changes something has used the test up."}${withheld && " Photographs are kept out of this report (--no-images)."}</p>
${all.map(renderSplit)}</section>`;
}

function renderSplit({ split, images, count, worst }: Mistakes): Html {
  const { name, note } = splitWords[split];
  const shown = worst.length < count ? `, the worst ${formatCount(worst.length)} below` : "";
  return html`<h3>${name}</h3>
<p class="note">${formatCount(count)} of ${formatCount(images)} photographs are wrong${shown}; ${note}.</p>
${worst.length > 0 && html`<ul class="gallery ${worst.some(({ heatMap }) => heatMap) ? "paired" : ""}">${worst.map(renderMistake)}</ul>`}`;
}

function renderMistake(mistake: Mistake): Html {
  const { path, actual, labelled, confidence, actualProbability, thumbnail, heatMap = null } = mistake;
  const alt = showControls(`${path}: ${actual}, labelled ${labelled}`);
  const picture = (source: string | null, kind: string, text: string): Html | false =>
    source !== null && html`<img class="${kind}" src="${source}" alt="${text}">`;
  return html`<li>${(thumbnail !== null || heatMap !== null) && html`<div class="views">${picture(thumbnail, "photograph", alt)}${picture(heatMap, "heat", showControls(`where ${labelled} was seen in ${path}`))}</div>`}<div class="words"><b>${renderName(actual)}</b> <span class="arrow">taken for</span> <b class="wrong">${renderName(labelled)}</b><span class="aside">${formatPercent(confidence)} sure, ${formatPercent(actualProbability)} for the true class</span><code>${renderName(path)}</code></div></li>`;
}
