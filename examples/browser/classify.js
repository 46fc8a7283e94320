// A bundle in the browser: from its address to labels and probabilities. Nothing here touches the page; page.js does.
import * as ort from "onnxruntime-web";
import { resize } from "./resize.js";

/** Gray of a letterbox's padding, as in training. */
const paddingGray = 0x7f;

/** The size that a w × h photograph is resized to, before the middle is cut out or padding is laid around. */
const resizedSizes = {
  squash: (_w, _h, { size }) => [size, size],
  crop: (w, h, { size, cropFraction = 1 }) => {
    const side = Math.max(size, Math.round(size / cropFraction));
    return [w, h].map((length) => Math.round((length * side) / Math.min(w, h)));
  },
  letterbox: (w, h, { size }) => [w, h].map((length) => Math.max(1, Math.round((length * size) / Math.max(w, h)))),
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
  const { width, height } = bitmap;
  const [toWidth, toHeight] = resizedSizes[preprocessing.mode](width, height, preprocessing);
  const resized = resize(draw(bitmap), toWidth, toHeight, preprocessing.kernel);
  return center(resized, toWidth, toHeight, preprocessing);
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
function center(pixels, width, height, { size, mode, cropFraction = 1 }) {
  const side = mode === "crop" ? Math.max(size, Math.round(size / cropFraction)) : size;
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

/** Runs the golden pixels: the examples, and the largest difference of a probability from what it must be. */
export async function checkGolden(bundle) {
  const examples = await (await bundle.read("golden/golden.json")).json();
  let difference = 0;
  for (const { pixels, label, probabilities } of examples) {
    const answer = await classify(bundle, await readPixels(await (await bundle.read(pixels)).blob()));
    if (answer.label !== label) throw new Error(`${pixels} is ${label}; this browser's answer is ${answer.label}`);
    difference = Math.max(difference, ...probabilities.map((value, i) => Math.abs(value - answer.probabilities[i])));
  }
  return { examples, difference };
}
