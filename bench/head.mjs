// The linear head: 5,000 × 1,280 features, 20 classes, ten strengths by five folds and the final fit, against one fit of
// scikit-learn's LogisticRegression at the chosen strength where python3 has it. Interleaved; cap the cores alike.
// Usage: node bench/head.mjs [rounds] [rows] [width] [classes]
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../dist/core/index.js";
import { fitHead } from "../dist/train/index.js";
import { describe, median } from "./report.mjs";

const [rounds = 3, rows = 5000, width = 1280, classes = 20] = process.argv.slice(2).map(Number);
const threads = availableParallelism();

/** Like pooled features: not negative, a few directions make most of the spread, classes overlap, and 5 % of labels are wrong. */
function draw() {
  const generator = random(1, "bench head");
  const hidden = 64;
  const normals = (count) => Float32Array.from({ length: count }, () => generator.normal());
  const centers = normals(classes * hidden).map((value) => value * 0.8);
  const mixing = normals(hidden * width).map((value, at) => value / (1 + Math.floor(at / width)) ** 0.7);
  const labels = new Int32Array(rows);
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const label = generator.below(classes);
    labels[row] = generator.next() < 0.05 ? generator.below(classes) : label;
    const own = data.subarray(row * width, (row + 1) * width).fill(-0.3);
    for (let h = 0; h < hidden; h++) {
      const strength = generator.normal() + centers[label * hidden + h];
      for (let i = 0; i < width; i++) own[i] += strength * mixing[h * width + i];
    }
    for (let i = 0; i < width; i++) own[i] = Math.max(0, own[i] + 0.5 * generator.normal());
  }
  return { features: { rows, width, data }, labels };
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
  const result = spawnSync("python3", ["-c", python, folder, rows, width, strength].map(String), {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: limit, OPENBLAS_NUM_THREADS: limit },
  });
  return result.status === 0 ? result.stdout.trim().split(" ").map(Number) : null;
}

const { features, labels } = draw();
const groups = Array.from(labels, (_, row) => String(row));
const base = { features, labels, classes, groups, seed: 1, threads };
const folder = await mkdtemp(join(tmpdir(), "assay-bench-"));
await writeFile(join(folder, "x.f32"), features.data);
await writeFile(join(folder, "y.i32"), labels);
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
describe(`head: ${rows} × ${width}, ${classes} classes, five folds; seconds`, seconds);
console.log(
  `  chosen strength ${head.strength}, objective ${head.loss.toFixed(6)} after ${head.iterations} iterations`,
);
if (reference) {
  const ratio = median(seconds["scikit-learn, one fit"]) / median(seconds["all ten strengths"]);
  console.log(`  one fit of scikit-learn takes ${ratio.toFixed(2)} times as long as all 51 fits of assay`);
  console.log(
    `  its objective ${reference[1].toFixed(6)} (relative difference ${(head.loss / reference[1] - 1).toExponential(1)}), ${reference[2]} iterations`,
  );
}
