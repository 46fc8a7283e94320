// The linear head. Build first; each command prints what it measures.
//   node bench/head.mjs [--rounds 3] [--rows 5000] [--width 1280] [--classes 20] [--python python3]
//     ten strengths by five folds and the final fit, against one fit of scikit-learn's LogisticRegression at the chosen strength
//     where that Python has it; interleaved, with the cores capped alike.
//   node bench/head.mjs --scale [--rows 60000] [--width 2560] [--classes 20]
//     seconds and peak memory of one strength by five folds and the final fit
//   node bench/head.mjs --photographs [--images ../shared/data/clothing] [--rounds 3]
//     L-BFGS against AdamW, and class weighting against logit adjustment, on features of Lite0
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { decodeFloat16Array, encodeFloat16, random } from "../dist/core/index.js";
import { fitHead } from "../dist/train/index.js";
import { comparePhotographs } from "./head-photographs.mjs";
import { describe, median } from "./report.mjs";

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    rows: { type: "string" },
    width: { type: "string" },
    classes: { type: "string", default: "20" },
    python: { type: "string", default: "python3" },
    scale: { type: "boolean", default: false },
    photographs: { type: "boolean", default: false },
    images: { type: "string", default: "../shared/data/clothing" },
  },
});
const rounds = Number(given.rounds);
const rows = Number(given.rows ?? (given.scale ? 60000 : 5000));
const width = Number(given.width ?? (given.scale ? 2560 : 1280));
const classes = Number(given.classes);
const threads = availableParallelism();
const title = `${rows} × ${width}, ${classes} classes, five folds`;

/** Like pooled features: not negative, a few directions make most of the spread, classes overlap, and 5 % of labels are wrong. */
function draw(hidden) {
  const generator = random(1, "bench head");
  const normals = (count) => Float32Array.from({ length: count }, () => generator.normal());
  const centers = normals(classes * hidden).map((value) => value * 0.8);
  const mixing = normals(hidden * width).map((value, at) => value / (1 + Math.floor(at / width)) ** 0.7);
  const noise = normals(65536).map((value) => value * 0.5);
  const labels = new Int32Array(rows);
  const data = new Uint16Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const label = generator.below(classes);
    labels[row] = generator.next() < 0.05 ? generator.below(classes) : label;
    const own = new Float32Array(width).fill(-0.3);
    for (let h = 0; h < hidden; h++) {
      const strength = generator.normal() + centers[label * hidden + h];
      for (let i = 0; i < width; i++) own[i] += strength * mixing[h * width + i];
    }
    for (let i = 0; i < width; i++)
      data[row * width + i] = encodeFloat16(Math.max(0, own[i] + noise[generator.below(65536)]));
  }
  return { views: [{ rows, width, data }], labels, classes, groups: Array.from(labels, (_, row) => String(row)) };
}

/** Standardizes, fits once, prints seconds and our objective at the solution. */
const python = `
import sys, time, numpy as np
from sklearn.linear_model import LogisticRegression
folder, n, d, strength = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
x = np.fromfile(folder + "/x.f32", np.float32).reshape(n, d); y = np.fromfile(folder + "/y.i32", np.int32)
start = time.perf_counter()
s = x.std(0); z = (x - x.mean(0)) / np.where(s > 0, s, 1)
rows = 2 if y.max() == 1 else 1
m = LogisticRegression(C=rows / (strength * n), max_iter=1000).fit(z, y)
seconds = time.perf_counter() - start
o = m.decision_function(z).astype(np.float64)
o = np.stack([-o / 2, o / 2], 1) if o.ndim == 1 else o
o -= o.max(1, keepdims=True)
loss = (np.log(np.exp(o).sum(1)) - o[np.arange(n), y]).mean() + strength / 2 / rows * (m.coef_.astype(np.float64) ** 2).sum()
print(seconds, loss, m.n_iter_[0])
`;

function fitByPython(folder, strength) {
  const limit = String(threads);
  const result = spawnSync(given.python, ["-c", python, folder, rows, width, strength].map(String), {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: limit, OPENBLAS_NUM_THREADS: limit },
  });
  return result.status === 0 ? result.stdout.trim().split(" ").map(Number) : null;
}

async function compareWithPython() {
  const base = { ...draw(64), seed: 1, threads };
  const folder = await mkdtemp(join(tmpdir(), "assay-bench-"));
  await writeFile(join(folder, "x.f32"), decodeFloat16Array(base.views[0].data));
  await writeFile(join(folder, "y.i32"), base.labels);
  const seconds = { "stopping early": [], "all ten strengths": [], "scikit-learn, one fit": [] };
  let head;
  let reference = null;
  for (let round = 0; round < rounds; round++) {
    const fit = await fitHead(base);
    seconds["stopping early"].push(fit.seconds);
    seconds["all ten strengths"].push((await fitHead({ ...base, exhaustive: true })).seconds);
    if (round === 0) console.table(fit.candidates);
    ({ head } = fit);
    reference = fitByPython(folder, head.strength);
    if (reference) seconds["scikit-learn, one fit"].push(reference[0]);
  }
  await rm(folder, { recursive: true });
  if (!reference) delete seconds["scikit-learn, one fit"];
  describe(`head: ${title}; seconds`, seconds);
  const { strength, loss, iterations } = head;
  console.log(`  chosen strength ${strength}, objective ${loss.toFixed(6)} after ${iterations} iterations`);
  if (!reference) return;
  const ratio = median(seconds["scikit-learn, one fit"]) / median(seconds["all ten strengths"]);
  console.log(`  one fit of scikit-learn takes ${ratio.toFixed(2)} times as long as all 51 fits of assay`);
  const difference = (loss / reference[1] - 1).toExponential(1);
  console.log(
    `  its objective ${reference[1].toFixed(6)} (relative difference ${difference}), ${reference[2]} iterations`,
  );
}

async function measureScale() {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
  const base = { ...draw(16), seed: 1, threads, strengths: [0.03] };
  global.gc?.();
  const before = process.memoryUsage.rss();
  const { seconds, candidates } = await fitHead(base);
  describe(`head: ${title}, one strength; seconds`, { "folds and final fit": [seconds] });
  const peak = process.resourceUsage().maxRSS * 1024;
  const { byteLength } = base.views[0].data;
  console.log(
    `  features ${megabytes(byteLength)} MB; resident before ${megabytes(before)} MB, peak ${megabytes(peak)} MB`,
  );
  console.log(`  out-of-fold log loss ${candidates[0].logLoss.toFixed(4)}`);
}

if (given.scale) await measureScale();
else if (given.photographs) await comparePhotographs(given.images, rounds);
else await compareWithPython();
