// `assay predict` as a user starts it: start-up, rate against the bound 1/(1/r_infer + 1/r_decode), and peak memory by count.
// Usage: node bench/predict.mjs <bundle> <folder of photographs> [rounds] [count…]
//   rounds: of 1,000 photographs and of one alone (default 3); counts: folders whose peak memory is measured (default 1000 5000)
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { SessionPool } from "../dist/onnx/index.js";
import { describe } from "./report.mjs";

const [bundle, photographs, rounds = "3", ...counts] = process.argv.slice(2);
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const threads = availableParallelism();
const sources = readdirSync(photographs, { recursive: true })
  .filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name))
  .map((name) => resolve(photographs, name));
const temporary = mkdtempSync(join(tmpdir(), "assay-bench-"));

/** A folder of links to photographs, again and again until there are `count`. */
function folderOf(count) {
  const folder = mkdtempSync(join(temporary, `${count}-`));
  for (let i = 0; i < count; i++) {
    const source = sources[i % sources.length];
    symlinkSync(source, join(folder, `${String(i).padStart(7, "0")}${source.slice(source.lastIndexOf("."))}`));
  }
  return folder;
}

/** Seconds to the first row, rows a second from there on, peak resident MB of the process, and its seconds in all. */
function predict(path) {
  const tell = 'process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}\\n`))';
  const start = performance.now();
  const args = ["--import", `data:text/javascript,${encodeURIComponent(tell)}`, program, "predict", bundle, path];
  const child = spawn(process.execPath, args);
  let rows = -1; // the header is none
  let first;
  let notes = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    notes += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text) => {
    rows += text.split("\n").length - 1;
    if (rows > 0) first ??= (performance.now() - start) / 1000;
  });
  return new Promise((done) => {
    child.on("close", () => {
      const all = (performance.now() - start) / 1000;
      done({ first, rate: rows / (all - first), all, megabytes: Number(/peak (\d+)/.exec(notes)?.[1]) / 1024 });
    });
  });
}

async function rate(items, action) {
  const start = performance.now();
  const queue = items.values();
  const work = async () => {
    for (const item of queue) await action(item);
  };
  await Promise.all(Array.from({ length: threads * 2 }, work));
  return items.length / ((performance.now() - start) / 1000);
}

const { size } = JSON.parse(readFileSync(join(bundle, "assay.json"), "utf8")).preprocessing;
const pool = await SessionPool.open(join(bundle, "model.onnx"), threads);
sharp.cache(false);
sharp.concurrency(1);
const some = sources.slice(0, 400);
const decodeRate = () =>
  rate(some, (path) => sharp(path, { autoOrient: true }).resize(size, size, { kernel: "cubic" }).raw().toBuffer());
const inferRate = async () => {
  const batch = () => ({
    image: { type: "uint8", dims: [2, size, size, 3], data: new Uint8Array(2 * size * size * 3) },
  });
  return 2 * (await rate(Array(some.length / 2).fill(0), () => pool.run(batch(), ["probabilities"])));
};

const series = {};
const add = (name, value) => {
  series[name] ??= [];
  series[name].push(value);
};
const thousand = folderOf(1000);
await predict(sources[0]);
for (let round = 0; round < Number(rounds); round++) {
  add("one photograph, s in all", (await predict(sources[0])).all);
  const [decode, infer] = [await decodeRate(), await inferRate()];
  const { first, rate: rows } = await predict(thousand);
  add("1,000 photographs: s to the first row", first);
  add("1,000 photographs: rows/s from there on", rows);
  add("bound, rows/s", 1 / (1 / infer + 1 / decode));
  add("rate over bound", rows * (1 / infer + 1 / decode));
}
await pool.close();
for (const count of counts.length > 0 ? counts : ["1000", "5000"])
  add(`peak resident MB, ${count} photographs`, (await predict(folderOf(Number(count)))).megabytes);
rmSync(temporary, { recursive: true });
describe(`assay predict ${bundle}`, series);
