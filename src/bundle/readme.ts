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

| file | what |
| --- | --- |
| \`model.onnx\` | the network, from prepared pixels to probabilities; labels and preprocessing in its metadata |
| \`assay.json\` | labels, preprocessing, calibration, versions, the hash of every file |
| \`golden/\` | photographs of the training set with the pixels and probabilities they must give |
| \`provenance.json\` | hashes of the photographs by split, class counts, machine |
| \`MODEL_CARD.md\` | intended use, data, limits |
| \`openapi.json\` | what \`assay serve\` answers to, as OpenAPI 3.1 |
| \`bundle.test.mjs\` | the test below; its functions show how to use the model in an application |

## The model

Input \`image\`: uint8 [n, ${preprocessing.size}, ${preprocessing.size}, 3], RGB, EXIF orientation applied, transparency on white, view
\`${viewName(preprocessing)}\`. Normalization is inside the model. Outputs: \`logits\` and \`probabilities\` [n, ${labels.length}] (temperature
${calibration.temperature.toFixed(3)}, fitted on ${calibration.images} photographs that nothing trained on), \`features\`; \`activations\` of each network whose pooling is a global average. The label is the class with the
${content.decisionBias === null ? "largest probability." : "largest log probability plus its `decisionBias` in `assay.json`; the probabilities stay as they are."}

## Check it without assay

In this folder, with Node.js 20 or newer:

    npm install --ignore-scripts onnxruntime-node sharp
    node --test

This checks the hash of every file, prepares the golden photographs anew, runs the model and compares: the same label,
pixels within a mean of ${tolerances.pixels} of 255, probabilities within ${tolerances.probability}.

## Use it elsewhere

From Python, with \`pip install onnxruntime numpy pillow\`:

\`\`\`python
${pythonExample(content)}
\`\`\`

The same file runs in a browser with onnxruntime-web; assay's \`examples/browser\` is a page that does.

Whatever prepares the photographs must do as \`prepare\` in \`bundle.test.mjs\` does: another library resizes and decodes a little
differently, which moves probabilities. Measure it on the golden photographs: \`golden/*.png\` must give nearly the pixels
of \`golden/*.pixels.png\`.

## What it learned from

Accuracy of out-of-fold predictions on the training photographs${provenance.fineTuning ? ", before the network was trained further" : ""}: ${formatPercent(provenance.outOfFoldAccuracy)}. Backbone
${backbones.map(({ name, license }) => `${escapeMarkdown(name)} (${escapeMarkdown(license)})`).join(", ")}.

${markdownTable(
  ["class", "training photographs"],
  labels.map((label) => [escapeMarkdown(label), provenance.classCounts[label] ?? 0]),
)}
`;
}

/** Runs a golden example's pixels in this folder and prints the label. */
function pythonExample({ decisionBias }: BundleContent): string {
  const bias = 'json.loads(metadata["decisionBias"])';
  const scores = decisionBias === null ? "probabilities[0]" : `numpy.log(probabilities[0]) + ${bias}`;
  return `import json
import numpy
import onnxruntime
from PIL import Image

model = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
metadata = model.get_modelmeta().custom_metadata_map
pixels = numpy.asarray(Image.open("golden/0.pixels.png").convert("RGB"))  # prepared already
(probabilities,) = model.run(["probabilities"], {"image": pixels[numpy.newaxis]})
scores = ${scores}
print(json.loads(metadata["labels"])[scores.argmax()])`;
}
