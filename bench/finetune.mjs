// What fine-tuning brings on a set of photographs: its epochs on select, and head alone against tuned network on the test split, paired.
// Usage: node bench/finetune.mjs [images] [--exclude CLASS…] [--backbone name] [--cut-share 0.6] [--settings '{"epochs": 4}'] [--seeds 1]
//        [--step N]  (every N-th photograph)  [--out file.json]  (predictions of each photograph)
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadBackbone, plainRecipe, recipeTaps } from "../dist/backbone/index.js";
import { fitTemperature } from "../dist/calibrate/index.js";
import { scan, splitDataset } from "../dist/dataset/index.js";
import { assembleFeatures, extractFeatures } from "../dist/features/index.js";
import { findNetworkCuts, fineTune, usualSettings } from "../dist/finetune/index.js";
import { argmaxRows, comparePaired, logitLosses, measurePredictions, softmaxRows } from "../dist/metrics/index.js";
import { Session } from "../dist/onnx/index.js";
import { cacheFolder } from "../dist/store/index.js";
import { applyHead, fitHead } from "../dist/train/index.js";

const threshold = "MALLOC_MMAP_THRESHOLD_"; // as `bin/assay.js` has it: glibc reads it when a process starts
if (process.platform === "linux" && process.env[threshold] === undefined) {
  const env = { ...process.env, [threshold]: "131072" };
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit", env }).status ?? 1);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exclude: { type: "string", multiple: true, default: ["Not sure", "Other", "Skip"] },
    backbone: { type: "string", default: "efficientnet-lite0" },
    "cut-share": { type: "string", default: "0.65" },
    settings: { type: "string", default: "{}" },
    seeds: { type: "string", default: "1" },
    step: { type: "string", default: "1" },
    out: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const [root = "../shared/data/clothing"] = positionals;
const threads = Number(values.threads);
const backbone = await loadBackbone(values.backbone);
const recipe = plainRecipe(backbone);
const [branch] = recipe.branches;
const dataset = await scan(root, { exclude: values.exclude, cachePath: join(cacheFolder(), "bench-finetune") });
const pictures = dataset.pictures.filter((_, i) => i % Number(values.step) === 0);
const rows = splitDataset({ pictures }, { seed: 1, testShare: 0.15 });
const classes = dataset.classes.length;
const part = (...splits) => {
  const chosen = pictures.filter((_, i) => splits.includes(rows[i].split));
  return { photographs: chosen, labels: Int32Array.from(chosen, ({ label }) => dataset.classes.indexOf(label)) };
};
const [train, select, calibrate, test] = ["train", "select", "calibrate", "test"].map((split) => part(split));
console.log(
  `${train.labels.length} train, ${select.labels.length} select, ${calibrate.labels.length} calibrate, ${test.labels.length} test`,
);
const options = { root, cacheFolder: cacheFolder(), threads };

async function logitsOf(network, head, { photographs }) {
  const own = { ...recipe, branches: [{ ...branch, backbone: network }] };
  const { features } = await extractFeatures(photographs, recipeTaps(own), options);
  return applyHead(head, assembleFeatures(own, features));
}
const { features } = await extractFeatures(train.photographs, recipeTaps(recipe), options);
const all = assembleFeatures(recipe, features);
const fit = await fitHead({
  views: [all],
  judged: all,
  labels: train.labels,
  groups: train.photographs.map(({ pixelHash }) => pixelHash),
  classes,
  seed: 1,
  threads,
});
const headLogits = Object.fromEntries(
  await Promise.all(
    Object.entries({ select, calibrate, test }).map(async ([name, own]) => [
      name,
      await logitsOf(backbone, fit.head, own),
    ]),
  ),
);
function describe(name, logits) {
  const { temperature } = fitTemperature(
    logits.calibrate,
    calibrate.labels,
    classes,
    1 / (calibrate.labels.length + 2),
  );
  const cooled = logits.test.map((value) => value / temperature);
  const probabilities = softmaxRows(cooled, classes);
  const { accuracy, balancedAccuracy, negativeLogLikelihood } = measurePredictions(test.labels, probabilities, classes);
  console.log(
    `${name}: test accuracy ${(100 * accuracy).toFixed(1)} %, balanced ${(100 * balancedAccuracy).toFixed(1)} %, log loss ${negativeLogLikelihood.toFixed(3)}`,
  );
  return cooled;
}
const before = describe("head alone", headLogits);
const share = Number(values["cut-share"]);
const cuts = await findNetworkCuts(branch, fit.head);
const whole = cuts[0].prefixMultiplyAdds + cuts[0].suffixMultiplyAdds;
const cut = share >= 1 ? null : cuts.find(({ suffixMultiplyAdds }) => suffixMultiplyAdds <= share * whole);
console.log(
  cut
    ? `cut at ${cut.value} [${cut.dims.join(", ")}], ${(cut.suffixMultiplyAdds / whole).toFixed(2)} of the work behind it`
    : "no cut",
);
let spans = []; // of each run of a graph: from, to, and whether it was a gradient
for (const [name, isGradient] of [
  ["sum", true],
  ["run", false], // the frozen part of the next batch
]) {
  const own = Reflect.get(Session.prototype, name);
  Session.prototype[name] = async function (...given) {
    const from = performance.now();
    const answer = await own.apply(this, given);
    spans.push({ from, to: performance.now(), isGradient });
    return answer;
  };
}
/** Seconds from the first gradient to the last, those in which some thread computes one, and those in which it runs any graph. */
function measureSteps() {
  const gradients = spans.filter(({ isGradient }) => isGradient);
  const [from, to] = [Math.min(...gradients.map((one) => one.from)), Math.max(...gradients.map((one) => one.to))];
  const covered = (some) => {
    let [total, end] = [0, from];
    for (const one of some.toSorted((a, b) => a.from - b.from)) {
      total += Math.max(0, Math.min(one.to, to) - Math.max(one.from, end));
      end = Math.max(end, one.to);
    }
    return total / 1000;
  };
  return { wall: (to - from) / 1000, gradient: covered(gradients), graph: covered(spans) };
}
const settings = { ...usualSettings, ...JSON.parse(values.settings) };
const results = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  const folder = mkdtempSync(join(tmpdir(), "assay-finetune-"));
  const start = performance.now();
  const tuned = await fineTune({
    branch,
    head: fit.head,
    root,
    train,
    select,
    cut,
    threads,
    seed,
    folder,
    view: recipe.view,
    settings,
    listen: (event) => {
      if (event.kind !== "epoch") return console.log(JSON.stringify(event));
      const { epoch, learned, train: own, select: chosen, averaged, seconds } = event.record;
      const show = (judged) => (judged ? `${judged.loss.toFixed(3)} ${(100 * judged.accuracy).toFixed(1)} %` : "-");
      console.log(
        `epoch ${epoch}: learned ${show(learned)}, train ${show(own)}, select ${show(chosen)}, averaged ${show(averaged)}, ${seconds.toFixed(0)} s`,
      );
      if (epoch > 0) {
        const count = Math.max(1, Math.floor(train.labels.length / settings.batch));
        const { wall, gradient, graph } = measureSteps();
        console.log(
          `  a step takes ${(wall / count).toFixed(3)} s, gradients are computed in ${(gradient / count).toFixed(3)} s of it; no graph runs in ${(100 * (1 - graph / wall)).toFixed(1)} % of it`,
        );
      }
      spans = [];
    },
  });
  const seconds = (performance.now() - start) / 1000;
  rmSync(folder, { recursive: true });
  const logits = {};
  for (const [name, own] of Object.entries({ calibrate, test }))
    logits[name] = await logitsOf(tuned.backbone, tuned.head, own);
  const after = describe(
    `tuned, seed ${seed}, epoch ${tuned.best.epoch}${tuned.best.isAveraged ? " averaged" : ""}, ${seconds.toFixed(0)} s`,
    logits,
  );
  const gain = comparePaired(before, after, test.labels, classes);
  console.log(
    `  against the head alone: accuracy ${(100 * gain.accuracyGain).toFixed(1)} ± ${(100 * gain.accuracyStandardError).toFixed(1)} points, log loss −${gain.logLossGain.toFixed(3)} ± ${gain.logLossStandardError.toFixed(3)}; peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
  );
  results.push({
    seed,
    seconds,
    history: tuned.history,
    labels: [...argmaxRows(after, classes)],
    losses: [...logitLosses(after, test.labels, classes)],
  });
}
if (values.out)
  writeFileSync(
    values.out,
    JSON.stringify({ paths: test.photographs.map(({ path }) => path), truth: [...test.labels], results }),
  );
