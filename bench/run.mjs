// The main job as a process: from nothing to verdict, then again with a warm cache. Wall seconds and peak resident memory.
// Usage: node bench/run.mjs [images] [spec] [rounds] [-- further arguments of `assay run`]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "./report.mjs";

const separator = process.argv.indexOf("--");
const own = process.argv.slice(2, separator < 0 ? undefined : separator);
const further = separator < 0 ? ["--exclude", "Not sure", "Other", "Skip"] : process.argv.slice(separator + 1);
const [images = "../shared/data/clothing", spec = "examples/clothing.md", rounds = "3"] = own;
const program = fileURLToPath(new URL("../bin/assay.js", import.meta.url));
// As a shell starts it: its first line sets how the C library gives memory back.
const start = process.platform === "win32" ? [process.execPath, program] : [program];

/** Runs once and returns seconds, peak MB (the kernel's high-water mark, polled; Linux only) and the evidence. */
async function once(home, name) {
  const out = join(home, name);
  const began = performance.now();
  const child = spawn(start[0], [...start.slice(1), "run", resolve(images), "--spec", spec, "--out", out, ...further], {
    env: { ...process.env, ASSAY_CACHE: join(home, "cache"), ASSAY_STATE: join(home, name, "..", `state-${name}`) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peak = 0;
  const poll = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0));
    } catch {}
  }, 50);
  await new Promise((done) => child.on("close", done));
  clearInterval(poll);
  const seconds = (performance.now() - began) / 1000;
  const { provenance } = JSON.parse(await readFile(join(out, "bundle", "assay.json"), "utf8"));
  const around = seconds - provenance.trainingSeconds;
  return {
    seconds,
    around,
    megabytes: peak / 1000,
    evidence: JSON.parse(await readFile(join(out, "evidence.json"), "utf8")),
  };
}

const series = {
  "from nothing, s": [],
  "of it not for learning, s": [],
  "warm cache, s": [],
  "from nothing, peak MB": [],
  "warm cache, peak MB": [],
};
let evidence;
for (let round = 0; round < Number(rounds); round++) {
  const home = await mkdtemp(join(tmpdir(), "assay-bench-"));
  const cold = await once(home, "cold");
  const warm = await once(home, "warm");
  series["from nothing, s"].push(cold.seconds);
  series["of it not for learning, s"].push(cold.around);
  series["warm cache, s"].push(warm.seconds);
  series["from nothing, peak MB"].push(cold.megabytes);
  series["warm cache, peak MB"].push(warm.megabytes);
  ({ evidence } = cold);
  await rm(home, { recursive: true });
}
describe(`assay run ${images} --spec ${spec} ${further.join(" ")}`, series);
const { n, accuracy, accuracyInterval, balancedAccuracy, balancedAccuracyInterval } = evidence.metrics.test;
const percent = (value) => `${(100 * value).toFixed(1)} %`;
console.log(
  `test: ${n} photographs, accuracy ${percent(accuracy)} (${accuracyInterval.map(percent).join(" to ")}, exact 95 %)`,
);
console.log(
  `balanced accuracy ${percent(balancedAccuracy)} (${balancedAccuracyInterval.map(percent).join(" to ")}, bootstrap 95 %)`,
);
for (const { id, verdict, text } of evidence.requirements) console.log(`  ${id}  ${verdict.padEnd(13)} ${text}`);
