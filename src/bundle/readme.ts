/** The page in a bundle that says what it is and how to use it. */
import { formatPercent } from "../core/index.js";
import { viewName } from "../image/index.js";
import { tolerances } from "./golden.js";
import type { BundleContent, Provenance } from "./manifest.js";
import { escapeMarkdown, markdownTable } from "./markdown.js";

export function bundleReadme(content: BundleContent, provenance: Provenance): string {
  const { labels, preprocessing, calibration, backbones } = content;
  return `# An image classifier made by assay

\`model.onnx\` names one of ${labels.length} classes. Its verdicts are in the run's \`report.html\`; what it is for, and what it was
not tested on, in [MODEL_CARD.md](MODEL_CARD.md).

    npx assay predict <this folder> photo.jpg

Input \`image\`: uint8 [n, ${preprocessing.size}, ${preprocessing.size}, 3], RGB, EXIF orientation applied,
view ${viewName(preprocessing)}; normalization is inside the model. Outputs: \`logits\`, \`probabilities\`
(temperature ${calibration.temperature.toFixed(3)}, fitted on ${calibration.images} photographs that nothing
trained on), \`features\`, \`activations\`.

\`assay.json\` holds labels, preprocessing and the hash of every file; \`golden/\` holds photographs of the training set
with the outputs they must give: a bundle that does not reproduce them refuses to predict. \`provenance.json\` says what it
was trained on.

## Check it without assay

In this folder, with Node.js 20 or newer:

    npm install --ignore-scripts onnxruntime-node sharp
    node --test

This checks the hash of every file, prepares the golden photographs anew, runs the model and compares: the same label,
pixels within a mean of ${tolerances.pixels} of 255, probabilities within ${tolerances.probability}. \`bundle.test.mjs\` is short, and its functions
\`prepare\` and \`classify\` are an example of using the model in an application of yours. A photograph prepared in any
other way gets answers that nobody has tested.

## What it learned from

Accuracy of out-of-fold predictions on the training photographs: ${formatPercent(provenance.outOfFoldAccuracy)}. Backbone
${backbones.map(({ name, license }) => `${escapeMarkdown(name)} (${escapeMarkdown(license)})`).join(", ")}.

${markdownTable(
  ["class", "training photographs"],
  labels.map((label) => [escapeMarkdown(label), provenance.classCounts[label] ?? 0]),
)}
`;
}
