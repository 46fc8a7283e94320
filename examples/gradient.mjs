// The gradient engine by itself: a small network learns to tell photographs apart, with nothing but an inference runtime.
// Usage: node examples/gradient.mjs <folder with one sub-folder of photographs for each class> [steps]
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  Engine,
  float32,
  GraphBuilder,
  gradient,
  readWeights,
  replaceWeights,
  selectLowering,
  splitModel,
} from "assay/autodiff";
import sharp from "sharp";

const [folder, steps = "30"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node examples/gradient.mjs <folder with one sub-folder of photographs for each class> [steps]");
  process.exit(2);
}
const side = 32;

/** Pixels in [-1, 1] as planes, and a label for each photograph; at most 16 of each class. */
async function readPhotographs() {
  const entries = await readdir(folder, { withFileTypes: true });
  const classes = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const images = [];
  const labels = [];
  for (const [label, name] of classes.entries())
    for (const file of (await readdir(join(folder, name))).toSorted().slice(0, 16)) {
      const raw = await sharp(join(folder, name, file))
        .resize(side, side, { fit: "fill" })
        .removeAlpha()
        .toColorspace("srgb")
        .raw()
        .toBuffer();
      const planes = new Float32Array(3 * side * side);
      for (let i = 0; i < planes.length; i++) planes[(i % 3) * side * side + Math.floor(i / 3)] = raw[i] / 127.5 - 1;
      images.push(planes);
      labels.push(label);
    }
  return { classes, images, labels };
}

/** Two convolutions of stride 2, the mean over pixels, a linear layer. */
function buildNetwork(classes) {
  const graph = new GraphBuilder();
  let state = 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  const weights = (name, dims) => {
    const [count, fan] = [dims.reduce((a, b) => a * b), dims.slice(1).reduce((a, b) => a * b, 1)];
    return graph.floats(
      Array.from({ length: count }, () => uniform() * Math.sqrt(6 / fan)),
      dims,
      name,
    );
  };
  const zeros = (name, size) => graph.floats(new Float32Array(size), [size], name);
  const halve = { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] };
  graph.input({ name: "image", type: "float32", dims: ["n", 3, side, side] });
  const first = graph.node("Relu", [
    graph.node("Conv", ["image", weights("w1", [12, 3, 3, 3]), zeros("b1", 12)], halve),
  ]);
  const second = graph.node("Relu", [
    graph.node("Conv", [first, weights("w2", [24, 12, 3, 3]), zeros("b2", 24)], halve),
  ]);
  const pooled = graph.node("Flatten", [graph.node("GlobalAveragePool", [second])]);
  graph.node("Gemm", [pooled, weights("w3", [classes, 24]), zeros("b3", classes)], { transB: 1n }, "logits");
  return graph.model;
}

const { classes, images, labels } = await readPhotographs();
const engine = new Engine();
const { lowering } = await selectLowering("cpu", engine);
const { model, gradients, loss, lossInputs } = await gradient(buildNetwork(classes.length), {
  loss: {
    kind: "cross-entropy",
    logits: "logits",
    classes: classes.length,
    targets: "labels",
    labelSmoothing: 0.05,
    reduction: "mean",
  },
  trainable: () => true,
  lowering,
  engine,
});

const pixels = new Float32Array(images.length * 3 * side * side);
images.forEach((planes, i) => pixels.set(planes, i * planes.length));
const feeds = {
  image: float32([images.length, 3, side, side], pixels),
  [lossInputs.targets]: { type: "int64", dims: [labels.length], data: BigInt64Array.from(labels, BigInt) },
  [lossInputs.scale]: float32([], Float32Array.of(1 / labels.length)),
};

// Adam (Kingma and Ba 2015): the weights are part of the graph, so every step opens a new session.
const weights = readWeights(model, gradients.keys());
const [means, squares] = [1, 2].map(
  () => new Map([...weights].map(([name, { length }]) => [name, new Float32Array(length)])),
);
for (let step = 1; step <= Number(steps); step++) {
  const session = await engine.open(splitModel(replaceWeights(model, weights)), { threads: 2, shortLived: true });
  const outputs = await session.run(feeds);
  await session.release();
  if (step === 1 || step % 10 === 0) console.log(`step ${step}: loss ${outputs[loss].data[0].toFixed(4)}`);
  for (const [name, weight] of weights) {
    const [g, m, v] = [outputs[gradients.get(name)].data, means.get(name), squares.get(name)];
    for (let i = 0; i < weight.length; i++) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.99 * v[i] + 0.01 * g[i] ** 2;
      weight[i] -= (0.02 * (m[i] / (1 - 0.9 ** step))) / (Math.sqrt(v[i] / (1 - 0.99 ** step)) + 1e-8);
    }
  }
}
await engine.close();
