/**
 * Scan of a folder of photographs against bare decoding of the same files with sharp, at the same concurrency, turn by turn
 * in one run; then the scan of the unchanged folder again.
 *
 *   npm run build && node bench/scan.mjs [folder] [--threads N] [--rounds N]
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { scan } from "../dist/dataset/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string" }, rounds: { type: "string", default: "3" } },
});
const root = resolve(positionals[0] ?? join(import.meta.dirname, "../../shared/data/clothing"));
const threads = Number(values.threads ?? availableParallelism());
/** What the scan keeps in flight. */
const inFlight = 2 * threads + 4;

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function decodeAll(files) {
  let next = 0;
  const decode = async () => {
    while (next < files.length) await sharp(files[next++]).raw().toBuffer();
  };
  await Promise.all(Array.from({ length: inFlight }, decode));
}

sharp.cache(false);
sharp.concurrency(1);
const files = (await readdir(root, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(jpe?g|png|webp)$/i.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));
console.log(`${files.length} photographs in ${root}; ${threads} threads on ${cpus()[0].model}`);
await decodeAll(files.slice(0, 500)); // warms the disk and the libraries

const ratios = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const before = await seconds(() => decodeAll(files));
  const scanned = await seconds(() => scan(root, { threads }));
  const after = await seconds(() => decodeAll(files));
  const bare = (before + after) / 2;
  ratios.push(bare / scanned);
  console.log(
    `bare ${(files.length / bare).toFixed(0)} images/s, scan ${(files.length / scanned).toFixed(0)} images/s, ratio ${(bare / scanned).toFixed(3)}`,
  );
}
console.log(`median ratio ${ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)].toFixed(3)} (goal ≥ 0.85)`);

const cachePath = await mkdtemp(join(tmpdir(), "assay-scan-cache-"));
try {
  console.log(`first scan with a cache ${(await seconds(() => scan(root, { threads, cachePath }))).toFixed(2)} s`);
  console.log(`again unchanged ${(await seconds(() => scan(root, { threads, cachePath }))).toFixed(2)} s (goal ≤ 2 s)`);
} finally {
  await rm(cachePath, { recursive: true });
}
console.log(`peak resident memory ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`);
