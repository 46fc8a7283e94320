// Feature extraction against its bound 1/(1/r_infer + 1/r_decode): bare ONNX Runtime on ready tensors and bare sharp
// decode + resize, each using all cores, interleaved in one process. Usage: node bench/extraction.mjs [images] [count] [rounds]
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import { loadBackbone } from "../dist/backbone/index.js";
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
const ready = new Float32Array(8 * 3 * size * size).map((_, i) => Math.sin(i));

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
const oneSession = async () => {
  const input = new Tensor("float32", ready, [8, 3, size, size]);
  for (let i = 0; i < sources.length; i += 8) await session.run({ input }, ["features"]);
};
const pool = await SessionPool.open(model, threads);
const sessionEach = () =>
  bounded(Array(Math.ceil(sources.length / 8)).fill(0), threads, () =>
    pool.run({ input: float32([8, 3, size, size], ready) }, ["features"]),
  );
sharp.cache(false);
sharp.concurrency(1);
const decode = () =>
  bounded(paths, threads * 2, (path) =>
    sharp(path).autoOrient().resize(256, 256, { fit: "cover", kernel: "cubic" }).raw().toBuffer(),
  );
let cacheNumber = 0;
const extract = () =>
  extractFeatures(sources, {
    root: dataset.root,
    backbone,
    view: backbone.row.view,
    cacheFolder: join(folder, String(cacheNumber++)),
    threads,
  });

const results = { "infer, one session": [], "infer, a session a core": [], decode: [], extract: [] };
for (let round = 0; round < Number(rounds); round++) {
  results["infer, one session"].push(await rate(sources.length, oneSession));
  results["infer, a session a core"].push(await rate(sources.length, sessionEach));
  results.decode.push(await rate(sources.length, decode));
  results.extract.push(await rate(sources.length, extract));
}
await pool.close();
await rm(folder, { recursive: true });
const infer = Math.max(median(results["infer, one session"]), median(results["infer, a session a core"]));
const bound = 1 / (1 / infer + 1 / median(results.decode));
describe(`feature extraction of ${sources.length} photographs of ${images}, images/s`, results);
console.log(
  `bound ${bound.toFixed(1)} images/s; extraction reaches ${(median(results.extract) / bound).toFixed(3)} of it`,
);
