/** The page in a bundle that says what the model is for, what it comes from and where it was not tested (Mitchell et al. 2019, "Model cards for model reporting"). */
import { lookName } from "../backbone/index.js";
import { formatCount, formatPercent } from "../core/index.js";
import type { View, ViewMode } from "../image/index.js";
import type { Story } from "../spec/index.js";
import { type BundleContent, hashContent, type Provenance } from "./manifest.js";
import { escapeMarkdown, markdownTable } from "./markdown.js";

/** What each split was used for. */
function splitUses({ fineTuning }: Provenance): Readonly<Record<keyof Provenance["images"], string>> {
  const chosen = "the recipe and the strength were chosen on these, out of fold";
  return {
    train: `${chosen}; the delivered ${fineTuning ? "network and head" : "head"} learned from these; golden examples come from these`,
    select: fineTuning
      ? "the epoch was chosen on these, and fine-tuning against the frozen network; nothing learned from them"
      : "a head that had not seen these was checked on them; then the delivered head learned from these too",
    calibrate: "the temperature was fitted on these",
    test: "sealed: not looked at when this was written",
  };
}

const modeTexts: Readonly<Record<ViewMode, (view: View) => string>> = {
  squash: () => "stretched to the square",
  crop: ({ cropFraction = 1 }) =>
    `resized in proportion, and the middle square cut out (${formatPercent(cropFraction, 1)} of the shorter side); what lies outside is not seen`,
  letterbox: () => "fitted into the square in proportion, the rest padded with middle gray",
};

export function modelCard(content: BundleContent, provenance: Provenance, story?: Story): string {
  const { labels, calibration, preprocessing, backbones, decisionBias } = content;
  return `# Model card: a classifier of photographs into ${labels.length} classes

Bundle \`${hashContent(content).slice(0, 12)}\`, made by assay ${provenance.machine.assay}. This card is written before the test split is opened: the
verdicts on the requirements, with their bounds, are in the run's report.

## Intended use

${intendedUse(story)}Every photograph gets one of the labels below with a probability, a photograph of something else too. Prepare
photographs as \`assay predict\` and \`bundle.test.mjs\` do.

## Classes

${classTable(labels, provenance)}

## Data

${formatCount(provenance.imageCount)} readable labelled photographs; copies count once below. \`provenance.json\` has the hash of every one.

${splitTable(provenance)}

## How it works

- Preprocessing: upright, sRGB, transparency on white, ${modeTexts[preprocessing.mode](preprocessing)}; ${preprocessing.size} × ${preprocessing.size} pixels, ${preprocessing.kernel} resampling.
- ${describeBackbones(backbones)}, ${describeTuning(provenance)}; a linear head on their features${describeLooks(content)}.
- Calibration: logits divided by ${calibration.temperature.toFixed(3)}, fitted on ${formatCount(calibration.images)} photographs that nothing trained on. Probabilities hold
  for the class frequencies of the data.
- Label: ${decisionBias === null ? "the most probable class." : "the largest log probability after the bias of `assay.json` is added; probabilities stay as they are."}

## What is known so far

Accuracy of out-of-fold predictions on the training photographs${provenance.fineTuning ? ", of a head on the network before it was trained further" : ""}: ${formatPercent(provenance.outOfFoldAccuracy)}.${selectText(provenance)}

## Limits

- Not tested on photographs from other sources: other cameras, light, backgrounds, seasons, places or people who photograph.
  Check it on a sample of yours with \`assay verify\`.
- Not tested on photographs that show none of the classes, or several of them. It has no answer "none of these".
- Not tested against pictures made to deceive it, nor for fairness between groups of people.
- ${weakestText(labels, provenance)}
- When what is photographed changes, accuracy and calibration may fall without a sign of it: measure again.
`;
}

/** The spec's own words, where it has a story. */
function intendedUse(story: Story | undefined): string {
  const parts = [
    ["Who", story?.asA],
    ["Wants", story?.iWant],
    ["So that", story?.soThat],
  ].flatMap(([name, text]) => (text ? [`- ${name}: ${escapeMarkdown(text)}`] : []));
  return parts.length > 0 ? `In the words of the specification:\n\n${parts.join("\n")}\n\n` : "";
}

function classTable(labels: readonly string[], { classCounts }: Provenance): string {
  return markdownTable(
    ["class", "training photographs"],
    labels.map((label) => [escapeMarkdown(label), formatCount(classCounts[label] ?? 0)]),
  );
}

function splitTable(provenance: Provenance): string {
  const { images } = provenance;
  const rows = Object.entries(splitUses(provenance)).map(([split, use]) => [
    split,
    formatCount(images[split as keyof typeof images].length),
    use,
  ]);
  return markdownTable(["split", "photographs", "use"], rows);
}

function selectText({ images, selectAccuracy, fineTuning }: Provenance): string {
  const chosen = fineTuning ? ", somewhat high since the network was chosen on them" : "";
  return images.select.length > 0 ? ` On the photographs of select: ${formatPercent(selectAccuracy)}${chosen}.` : "";
}

function describeTuning({ fineTuning }: Provenance): string {
  if (!fineTuning) return "not trained further";
  const { network, parameters, epochs, isAveraged } = fineTuning;
  const mean = isAveraged ? ", averaged over its steps" : "";
  return `${escapeMarkdown(network)} trained further with its head: ${formatCount(parameters)} numbers, ${epochs} epochs${mean}`;
}

function weakestText(labels: readonly string[], { classCounts }: Provenance): string {
  const [least] = labels.toSorted((a, b) => (classCounts[a] ?? 0) - (classCounts[b] ?? 0));
  return `Least is known of the class with the fewest training photographs: ${escapeMarkdown(least!)} (${formatCount(classCounts[least!] ?? 0)}).`;
}

function describeBackbones(backbones: BundleContent["backbones"]): string {
  const each = backbones.map(
    ({ name, license, size }) => `${escapeMarkdown(name)} at ${size} px (license ${escapeMarkdown(license)})`,
  );
  return each.length === 1 ? `Backbone: ${each[0]}` : `Backbones side by side: ${each.join(" and ")}`;
}

function describeLooks({ looks }: BundleContent): string {
  return looks.length === 1 ? "" : `, which are the mean over ${looks.length} looks: ${looks.map(lookName).join(", ")}`;
}
