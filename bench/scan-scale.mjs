/**
 * The scan at scale: many small files (memory must stay flat), and photographs as phones write them.
 *
 *   npm run build && node bench/scan-scale.mjs [--files 100000] [--phones 24] [--threads N]
 *
 * Makes its files in the system's temporary folder and removes them.
 */
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { scan } from "../dist/dataset/index.js";
import { prepare } from "../dist/image/index.js";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "100000" },
    phones: { type: "string", default: "24" },
    threads: { type: "string" },
  },
});
const threads = Number(values.threads ?? availableParallelism());
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
sharp.cache(false);
sharp.concurrency(1);

/** Runs the work and watches the resident memory. */
async function watch(name, images, work) {
  let peak = 0;
  const marks = [];
  const timer = setInterval(() => {
    const { rss } = process.memoryUsage();
    peak = Math.max(peak, rss);
    marks.push(rss);
  }, 50);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  const quarters = [0.25, 0.5, 0.75, 1].map((share) => megabytes(marks[Math.ceil(share * marks.length) - 1] ?? 0));
  console.log(
    `${name}: ${seconds.toFixed(1)} s, ${(images / seconds).toFixed(0)} images/s, peak ${megabytes(peak)}, at each quarter ${quarters.join(", ")}`,
  );
}

async function smallFiles(root, count) {
  for (let c = 0; c < 50; c++) await mkdir(join(root, `class ${c}`), { recursive: true });
  for (let start = 0; start < count; start += 64)
    await Promise.all(
      Array.from({ length: Math.min(64, count - start) }, async (_, k) => {
        const i = start + k;
        const pixels = Buffer.alloc(16 * 16 * 3, i % 251);
        pixels.writeUInt32LE(i, 100);
        const bytes = await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
          .png({ compressionLevel: 1 })
          .toBuffer();
        await writeFile(join(root, `class ${i % 50}`, `${i}.png`), bytes);
      }),
    );
}

/** 4032 × 3024 with the detail of a photograph, as phones write them: 4:2:0, quality 90, EXIF orientation 6. */
async function phoneFiles(root, count) {
  const noise = { type: "gaussian", mean: 128, sigma: 40 };
  const photo = await sharp({ create: { width: 1008, height: 756, channels: 3, background: "#777", noise } })
    .resize(4032, 3024, { kernel: "cubic" })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
  for (const name of ["a", "b"]) await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, "a", "0.jpg"), photo);
  for (let i = 1; i < count; i++) await link(join(root, "a", "0.jpg"), join(root, i % 2 ? "b" : "a", `${i}.jpg`));
  console.log(`phone photographs of ${megabytes(photo.length)} each`);
  return Array.from({ length: count }, (_, i) => join(root, i % 2 ? "b" : "a", `${i}.jpg`));
}

async function inParallel(files, work) {
  let next = 0;
  const worker = async () => {
    while (next < files.length) await work(files[next++]);
  };
  await Promise.all(Array.from({ length: 2 * threads + 4 }, worker));
}

const root = await mkdtemp(join(tmpdir(), "assay-scan-scale-"));
try {
  console.log(`${threads} threads on ${cpus()[0].model}`);
  if (Number(values.phones) > 0) {
    const count = Number(values.phones);
    const files = await phoneFiles(join(root, "phones"), count);
    const view = { mode: "crop", size: 224, cropFraction: 0.875, kernel: "cubic" };
    await watch("bare sharp with shrink-on-load to 256", count, () =>
      inParallel(files, (file) =>
        sharp(file, { autoOrient: true }).resize(256, 256, { fit: "cover" }).raw().toBuffer(),
      ),
    );
    await watch("prepare for a network", count, () =>
      inParallel(files, async (file) => prepare(await readFile(file), view)),
    );
    await watch("bare sharp, every pixel", count, () =>
      inParallel(files, (file) => sharp(file, { autoOrient: true }).raw().toBuffer()),
    );
    await watch("scan (every pixel, hashed)", count, () => scan(join(root, "phones"), { threads }));
  }
  if (Number(values.files) > 0) {
    const count = Number(values.files);
    await smallFiles(join(root, "small"), count);
    globalThis.gc?.();
    const cachePath = join(root, "cache");
    await watch(`scan of ${count} small files`, count, () => scan(join(root, "small"), { threads, cachePath }));
    await watch("again unchanged", count, () => scan(join(root, "small"), { threads, cachePath }));
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
