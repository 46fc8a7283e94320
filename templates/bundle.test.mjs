// Shows that this bundle gives, on your machine, the answers it was delivered with. In this folder, with Node.js 20 or newer:
//
//     npm install --ignore-scripts onnxruntime-node sharp
//     node --test
//
// prepare() and classify() are also all that an application needs to use the model without assay.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import ort from "onnxruntime-node";
import sharp from "sharp";

const read = (name) => readFile(new URL(name, import.meta.url));
const bundle = JSON.parse(await read("assay.json"));
const golden = JSON.parse(await read("golden/golden.json"));

/** Another processor, libvips or ONNX Runtime may differ by this much: in pixels on average, of 255, and in a probability. */
const tolerance = { pixels: 2, probability: 0.02 };

/** sharp's ways to make a square; the remainder of prepare() cuts the middle out where the view is a crop. */
const fits = { squash: "fill", crop: "cover", letterbox: "contain" };

/** A photograph's file → [size, size, 3] bytes of upright sRGB, transparency on white: what the model was trained on. */
async function prepare(file, { mode, size, kernel, cropFraction = 1 }) {
  const side = mode === "crop" ? Math.max(size, Math.round(size / cropFraction)) : size;
  const square = await sharp(file, { autoOrient: true })
    .resize(side, side, { fit: fits[mode], kernel, background: "#7f7f7f" })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer();
  const margin = Math.floor((side - size) / 2);
  return sharp(square, { raw: { width: side, height: side, channels: 3 } })
    .extract({ left: margin, top: margin, width: size, height: size })
    .raw()
    .toBuffer();
}

/** Prepared pixels → the label and the calibrated probability of every class. The model normalizes them itself. */
async function classify(session, pixels) {
  const { size } = bundle.preprocessing;
  const image = new ort.Tensor("uint8", pixels, [1, size, size, 3]);
  const probabilities = [...(await session.run({ image }, ["probabilities"])).probabilities.data];
  const bias = bundle.decisionBias ?? probabilities.map(() => 0);
  const scores = probabilities.map((probability, i) => Math.log(probability) + bias[i]);
  return { label: bundle.labels[scores.indexOf(Math.max(...scores))], probabilities };
}

for (const [name, hash] of Object.entries(bundle.files))
  await test(`${name} is the file that was written`, async () => {
    assert.equal(
      createHash("sha256")
        .update(await read(name))
        .digest("hex"),
      hash,
    );
  });

const session = await ort.InferenceSession.create(await read("model.onnx"));
for (const { image, pixels, label, probabilities } of golden)
  await test(`${image} is still ${label}`, async () => {
    const prepared = await prepare(await read(image), bundle.preprocessing);
    const expected = await sharp(await read(pixels))
      .raw()
      .toBuffer();
    assert.equal(prepared.length, expected.length);
    const off = prepared.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / expected.length;
    assert.ok(off <= tolerance.pixels, `prepared pixels are off by ${off} of 255 on average`);
    const answer = await classify(session, prepared);
    assert.equal(answer.label, label);
    assert.equal(answer.probabilities.length, probabilities.length);
    for (const [i, probability] of probabilities.entries()) {
      const difference = Math.abs(answer.probabilities[i] - probability);
      const text = `${bundle.labels[i]}: ${answer.probabilities[i]} instead of ${probability}`;
      assert.ok(difference <= tolerance.probability, text);
    }
  });
await session.release();
