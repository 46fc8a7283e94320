// What each choice is worth on a set of photographs: out-of-fold accuracy and balanced accuracy of a linear head by network, way
// of making the square, side, looks and training views; each against the row it is compared with, on the same photographs.
// Usage: node bench/accuracy.mjs [images] [--exclude CLASS…] [--only TEXT] [--step N]   (every N-th photograph)
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadBackbone, recipeTaps, wholeLook } from "../dist/backbone/index.js";
import { random } from "../dist/core/index.js";
import { scan } from "../dist/dataset/index.js";
import { assembleFeatures, extractFeatures } from "../dist/features/index.js";
import { argmaxRows, comparePaired } from "../dist/metrics/index.js";
import { bootstrapInterval, clopperPearsonInterval } from "../dist/statistics/index.js";
import { cacheFolder } from "../dist/store/index.js";
import { fitHead } from "../dist/train/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exclude: { type: "string", multiple: true, default: ["Not sure", "Other", "Skip"] },
    only: { type: "string", default: "" },
    step: { type: "string", default: "1" },
  },
});
const [images = "../shared/data/clothing"] = positionals;
const threads = availableParallelism();
const shared = (file) => join("..", "shared", "weights", file);
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const networks = {
  lite0: () => loadBackbone("efficientnet-lite0"),
  lite2: () => loadBackbone("efficientnet-lite2"),
  "V2-B0": () => loadBackbone(shared("efficientnetv2-b0.onnx"), imagenet),
  MobileNetV2: () => loadBackbone(shared("mobilenetv2-7-features.onnx"), imagenet),
};
const square = (mode, size, cropFraction) => ({
  mode,
  size,
  kernel: "cubic",
  ...(cropFraction ? { cropFraction } : {}),
});
const mirrored = [wholeLook, { crop: 1, flip: true }];
const withMiddle = [wholeLook, { crop: 0.8, flip: false }];
const randomView = (size, least, draw) => ({
  mode: "random",
  size,
  kernel: "cubic",
  area: [least, 1],
  jitter: 0.2,
  seed: 1,
  draw,
});

/** [name, branches, view, looks, least areas of random training views, row it is compared with] */
const rows = [];
for (const [network, size] of [
  ["lite0", 224],
  ["lite2", 260],
  ["V2-B0", 224],
  ["MobileNetV2", 224],
]) {
  const row = (name, view, ...rest) =>
    rows.push([
      `${network} ${name}`,
      [[network, rest[2] ?? view.size]],
      view,
      rest[0] ?? [wholeLook],
      rest[1] ?? [],
      `${network} crop`,
    ]);
  row("crop", square("crop", size, 1));
  row("crop 7/8", square("crop", size, 0.875));
  row("squash", square("squash", size));
  row("letterbox", square("letterbox", size));
  if (!network.startsWith("lite")) continue;
  row("crop, + mirror", square("crop", size, 1), mirrored);
  row("crop, + 64 px", square("crop", size + 64, 1));
  if (network === "lite2") continue;
  row("crop, + middle look", square("crop", 280, 1), withMiddle, [], 224);
  row("crop, + 2 random training views of 35 % and more", square("crop", size, 1), [wholeLook], [0.35, 0.35]);
  row("crop, + 2 random training views of 8 % and more", square("crop", size, 1), [wholeLook], [0.08, 0.08]);
}
const both = (name, size, sides, looks) =>
  rows.push([
    `both ${name}`,
    [
      ["lite0", sides[0]],
      ["lite2", sides[1]],
    ],
    square("crop", size, 1),
    looks,
    [],
    "lite2 crop",
  ]);
both("crop", 260, [224, 260], [wholeLook]);
both("crop, + 64 px", 324, [288, 324], [wholeLook]);
both("crop, + 64 px, + mirror", 324, [288, 324], mirrored);

const dataset = await scan(images, { exclude: values.exclude, threads, cachePath: join(cacheFolder(), "scans") });
const unique = [...new Map(dataset.pictures.map((picture) => [picture.pixelHash, picture])).values()];
const pictures = unique.filter((_, i) => i % Number(values.step) === 0);
const classes = dataset.classes.length;
const labels = Int32Array.from(pictures, ({ label }) => dataset.classes.indexOf(label));
const groups = pictures.map(({ pixelHash }) => pixelHash);
const percent = (value) => (100 * value).toFixed(1);

const loaded = new Map();
async function load(name) {
  if (!loaded.has(name)) loaded.set(name, await networks[name]());
  return loaded.get(name);
}

async function featuresOf(recipe, leastAreas) {
  const taps = recipeTaps(recipe);
  const views = leastAreas.map((least, draw) => ({
    ...taps[0],
    look: wholeLook,
    view: randomView(recipe.view.size, least, draw),
  }));
  const options = { root: dataset.root, cacheFolder: cacheFolder(), threads };
  const { features } = await extractFeatures(pictures, [...taps, ...views], options);
  return [assembleFeatures(recipe, features.slice(0, taps.length)), ...features.slice(taps.length)];
}

function balancedInterval(predicted) {
  const statistic = ({ hits, support }) => {
    const recalls = [...hits].flatMap((count, k) => (support[k] > 0 ? [count / support[k]] : []));
    return recalls.reduce((a, b) => a + b, 0) / recalls.length;
  };
  const single = Array.from(predicted, (label, image) => [{ truth: labels[image], predicted: label }]);
  return bootstrapInterval({ classes, groups: single, statistic, alpha: 0.025, random: random(0, "bench") });
}

console.log(
  `${pictures.length} photographs, ${classes} classes; five folds, L2 strength by log loss; 95 % intervals (exact; bootstrap)`,
);
console.log("| features | accuracy, % | balanced accuracy, % | log loss | against | accuracy, points | log loss |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
const logits = new Map();
for (const [name, branchSizes, view, looks, leastAreas, base] of rows.filter(([title]) =>
  title.includes(values.only),
)) {
  const branches = await Promise.all(
    branchSizes.map(async ([network, size]) => ({ backbone: await load(network), size })),
  );
  const [judged, ...others] = await featuresOf({ view, looks, branches }, leastAreas);
  const { outOfFold, candidates } = await fitHead({
    views: [judged, ...others],
    judged,
    labels,
    classes,
    groups,
    seed: 1,
    threads,
  });
  logits.set(name, outOfFold);
  const predicted = argmaxRows(outOfFold, classes);
  const right = predicted.filter((label, i) => label === labels[i]).length;
  const { lower, upper } = clopperPearsonInterval(right, pictures.length, 0.05);
  const balanced = balancedInterval(predicted);
  const logLoss = Math.min(...candidates.map((candidate) => candidate.logLoss));
  const cells = [
    name,
    `${percent(right / pictures.length)} (${percent(lower)}–${percent(upper)})`,
    `${percent(balanced.estimate)} (${percent(balanced.lower)}–${percent(balanced.upper)})`,
    logLoss.toFixed(3),
  ];
  if (logits.has(base) && base !== name) {
    const gain = comparePaired(logits.get(base), outOfFold, labels, classes);
    cells.push(
      base,
      `${percent(gain.accuracyGain)} ± ${percent(gain.accuracyStandardError)}`,
      `${(-gain.logLossGain).toFixed(3)} ± ${gain.logLossStandardError.toFixed(3)}`,
    );
  } else cells.push("", "", "");
  console.log(`| ${cells.join(" | ")} |`);
}
