// Feature extraction against its bound 1/(1/r_infer + 1/r_decode): bare ONNX Runtime on ready tensors and bare sharp
// decode + resize, each using all cores, interleaved in one process. Usage: node bench/extraction.mjs [images] [count] [rounds]
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import { loadBackbone, plainRecipe, recipeTaps } from "../dist/backbone/index.js";
import { scan } from "../dist/dataset/index.js";
import { extractFeatures } from "../dist/features/index.js";
import { float32, SessionPool, serializeModel } from "../dist/onnx/index.js";
import { describe, median } from "./report.mjs";

const [images = "../shared/data/clothing", count = "800", rounds = "5"] = process.argv.slice(2);
const threads = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), "assay-bench-"));
const dataset = await scan(images, { threads });
const step = Math.max(1, Math.floor(dataset.pictures.length / Number(count)));
const sources = dataset.pictures.filter((_, i) => i % step === 0).slice(0, Number(count));
const paths = sources.map(({ path }) => join(dataset.root, path));
const backbone = await loadBackbone("efficientnet-lite0");
const { size } = backbone.row.view;
const model = serializeModel(backbone.model);
const ready = (batch) => new Float32Array(batch * 3 * size * size).map((_, i) => Math.sin(i));

async function rate(items, action) {
  const start = performance.now();
  await action();
  return items / ((performance.now() - start) / 1000);
}

async function bounded(items, limit, action) {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of queue) await action(item);
    }),
  );
}

const session = await InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
const oneSession = (batch) => async () => {
  const input = new Tensor("float32", ready(batch), [batch, 3, size, size]);
  for (let i = 0; i < sources.length; i += batch) await session.run({ input }, ["features"]);
};
const pool = await SessionPool.open(model, threads);
const sessionEach = (batch) => () => {
  const data = ready(batch);
  return bounded(Array(Math.ceil(sources.length / batch)).fill(0), threads * 2, () =>
    pool.run({ input: float32([batch, 3, size, size], data) }, ["features"]),
  );
};
const contestants = {};
for (const batch of [1, 2, 8]) {
  contestants[`infer, one session, batch ${batch}`] = oneSession(batch);
  contestants[`infer, a session a core, batch ${batch}`] = sessionEach(batch);
}
sharp.cache(false);
sharp.concurrency(1);
const decode = () =>
  bounded(paths, threads * 2, (path) =>
    sharp(path).autoOrient().resize(256, 256, { fit: "cover", kernel: "cubic" }).raw().toBuffer(),
  );
let cacheNumber = 0;
const extract = () =>
  extractFeatures(sources, recipeTaps(plainRecipe(backbone)), {
    root: dataset.root,
    cacheFolder: join(folder, String(cacheNumber++)),
    threads,
  });

contestants.decode = decode;
contestants.extract = extract;
const results = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
for (let round = 0; round < Number(rounds); round++)
  for (const [name, action] of Object.entries(contestants)) results[name].push(await rate(sources.length, action));
await pool.close();
await rm(folder, { recursive: true });
const infer = Math.max(
  ...Object.keys(results)
    .filter((name) => name.startsWith("infer"))
    .map((name) => median(results[name])),
);
const bound = 1 / (1 / infer + 1 / median(results.decode));
describe(`feature extraction of ${sources.length} photographs of ${images}, images/s`, results);
console.log(
  `bound ${bound.toFixed(1)} images/s; extraction reaches ${(median(results.extract) / bound).toFixed(3)} of it`,
);
