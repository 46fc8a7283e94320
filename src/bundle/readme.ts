/** The page in a bundle that says what it is and how to use it. */
import { formatPercent } from "../core/index.js";
import { viewName } from "../image/index.js";
import type { BundleContent, Provenance } from "./manifest.js";

export function bundleReadme(content: BundleContent, provenance: Provenance): string {
  const rows = content.labels.map((label) => `| ${escapeCell(label)} | ${provenance.classCounts[label] ?? 0} |`);
  return `# An image classifier made by assay

\`model.onnx\` names one of ${content.labels.length} classes. Its verdicts are in the run's \`report.html\`.

    npx assay predict <this folder> photo.jpg

Input \`image\`: uint8 [n, ${content.preprocessing.size}, ${content.preprocessing.size}, 3], RGB, EXIF orientation applied,
view ${viewName(content.preprocessing)}; normalization is inside the model. Outputs: \`logits\`, \`probabilities\`
(temperature ${content.calibration.temperature.toFixed(3)}, fitted on ${content.calibration.images} photographs that nothing
trained on), \`features\`, \`activations\`.

\`assay.json\` holds labels, preprocessing and the hash of every file; \`golden/\` holds photographs of the training set
with the outputs they must give: a bundle that does not reproduce them refuses to predict. \`provenance.json\` says what it
was trained on.

Accuracy of out-of-fold predictions on the training photographs: ${formatPercent(provenance.outOfFoldAccuracy)}. Backbone
${content.backbone.name} (${content.backbone.license}).

| class | training photographs |
| --- | --- |
${rows.join("\n")}
`;
}

function escapeCell(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").replaceAll("|", "\\|");
}
