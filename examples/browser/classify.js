// A bundle in the browser: from its address to labels and probabilities. Nothing here touches the page; page.js does.
import * as ort from "onnxruntime-web";
import { resize, shrink } from "./resize.js";

/** Gray of a letterbox's padding, as in training. */
const paddingGray = 0x7f;

/** The side of the square before the middle of it is cut out; that of the view where nothing is. */
const sideOf = ({ mode, size, cropFraction = 1 }) =>
  mode === "crop" ? Math.max(size, Math.round(size / cropFraction)) : size;

/** Pixels of a w × h photograph for one of the result, across and down. */
const steps = {
  squash: (w, h, side) => [w / side, h / side],
  crop: (w, h, side) => [Math.min(w, h) / side, Math.min(w, h) / side],
  letterbox: (w, h, side) => [Math.max(w, h) / side, Math.max(w, h) / side],
};

/** Fetches a bundle's parts and starts its model. Throws an Error that names what is missing. */
export async function openBundle(address) {
  const base = new URL(address.endsWith("/") ? address : `${address}/`, location.href);
  const read = async (name) => {
    const response = await fetch(new URL(name, base));
    if (!response.ok) throw new Error(`${new URL(name, base)} is not there (${response.status})`);
    return response;
  };
  const { labels, preprocessing, decisionBias } = await (await read("assay.json")).json();
  const model = new Uint8Array(await (await read("model.onnx")).arrayBuffer());
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return { base, read, session, labels, preprocessing, decisionBias: decisionBias ?? labels.map(() => 0) };
}

/** A picture's file → [size, size, 3] bytes of sRGB, upright, transparency on white: close to what the model was trained on. */
export async function prepare({ preprocessing }, file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const stepsOf = ({ width, height }) => steps[preprocessing.mode](width, height, sideOf(preprocessing));
  const block = (await isJpeg(file)) ? jpegBlock(Math.min(...stepsOf(bitmap))) : 1;
  const picture = shrink(draw(bitmap), block, block, Math.floor);
  const [stepAcross, stepDown] = stepsOf(picture);
  const toWidth = Math.max(1, Math.round(picture.width / stepAcross));
  const toHeight = Math.max(1, Math.round(picture.height / stepDown));
  const resized = resize(picture, { toWidth, toHeight, stepAcross, stepDown }, preprocessing.kernel);
  return center(resized, toWidth, toHeight, preprocessing);
}

async function isJpeg(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

/** sharp lets the JPEG decoder reduce by 2, 4 or 8, and less where that would be all of the reduction. */
function jpegBlock(step) {
  const block = [8, 4, 2, 1].find((size) => step >= size) ?? 1;
  return block > 1 && Math.floor(step) === block ? block / 2 : block;
}

/** The bytes of a square that is prepared already, such as golden/0.pixels.png, exactly as they are in the file. */
export async function readPixels(file) {
  const { data } = draw(await createImageBitmap(file, { colorSpaceConversion: "none" }));
  return Uint8Array.from({ length: (data.length / 4) * 3 }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]);
}

function draw(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** The middle [size, size, 3] of RGB pixels; gray where there are none. */
function center(pixels, width, height, preprocessing) {
  const { size } = preprocessing;
  const side = sideOf(preprocessing);
  // sharp cuts in two steps, of which the first rounds up and pads rounding down.
  const [left, top] = [width, height].map((length) => Math.ceil((length - side) / 2) + Math.floor((side - size) / 2));
  const square = new Uint8Array(size * size * 3).fill(paddingGray);
  const from = Math.max(0, left);
  const to = Math.min(width, left + size);
  for (let y = Math.max(0, top); y < Math.min(height, top + size); y++)
    square.set(pixels.subarray((y * width + from) * 3, (y * width + to) * 3), ((y - top) * size + from - left) * 3);
  return square;
}

/** Prepared pixels → the label and every class's calibrated probability. */
export async function classify({ session, labels, preprocessing: { size }, decisionBias }, pixels) {
  const image = new ort.Tensor("uint8", pixels, [1, size, size, 3]);
  const outputs = await session.run({ image }, ["probabilities"]);
  const probabilities = [...outputs.probabilities.data];
  const scores = probabilities.map((probability, i) => Math.log(probability) + decisionBias[i]);
  return { label: labels[scores.indexOf(Math.max(...scores))], probabilities };
}

/**
 * Runs the golden examples: how far the probabilities are from what they must be, from the pixels that assay prepared (this is
 * the engine's part) and from the photographs, prepared here. Throws where the pixels get another label.
 */
export async function checkGolden(bundle) {
  const examples = await (await bundle.read("golden/golden.json")).json();
  const blobOf = async (name) => (await bundle.read(name)).blob();
  const offBy = ({ probabilities }, answer) =>
    Math.max(...probabilities.map((value, i) => Math.abs(value - answer.probabilities[i])));
  const differences = { pixels: 0, photographs: 0 };
  for (const example of examples) {
    const answer = await classify(bundle, await readPixels(await blobOf(example.pixels)));
    if (answer.label !== example.label)
      throw new Error(`${example.pixels} is ${example.label}; this browser's answer is ${answer.label}`);
    const prepared = await classify(bundle, await prepare(bundle, await blobOf(example.image)));
    differences.pixels = Math.max(differences.pixels, offBy(example, answer));
    differences.photographs = Math.max(differences.photographs, offBy(example, prepared));
  }
  return { examples, differences };
}
