// `assay serve` as a user starts it: seconds until it is ready, resident memory, latency of one client against decode + model
// measured in the same run, of a remembered answer, and answers that differ from those of `assay predict`.
// Usage: node bench/serve.mjs <bundle> [folder of photographs] [requests] [rounds] [--state file.json]
//   requests: posted in all, by as many clients as there are cores, each photograph twice (default 10000)
//   rounds: starts, and photographs ×50 of one client (default 5)
//   state: where the count of answers is kept, so that a run which was ended goes on where it was
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBundle } from "../dist/bundle/index.js";
import { prepare } from "../dist/image/index.js";
import { SessionPool } from "../dist/onnx/index.js";
import { describe } from "./report.mjs";

const shared = fileURLToPath(new URL("../../shared/data/clothing", import.meta.url));
const { positionals, values } = parseArgs({ allowPositionals: true, options: { state: { type: "string" } } });
const [bundle, photographs = shared, requests = "10000", rounds = "5"] = positionals;
const program = fileURLToPath(new URL("../bin/assay.js", import.meta.url));
// As a shell starts it: its first line sets how the C library gives memory back.
const [command, ...before] = process.platform === "win32" ? [process.execPath, program] : [program];
const threads = availableParallelism();
const paths = readdirSync(photographs, { recursive: true })
  .filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name))
  .map((name) => resolve(photographs, name));

/** A running service, and the seconds until it answered `/readyz`. */
async function serve() {
  const start = performance.now();
  const child = spawn(command, [...before, "serve", bundle, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise((done) => child.stdout.once("data", done));
  const { address } = JSON.parse(String(line));
  await (await fetch(`${address}/readyz`)).json();
  const seconds = (performance.now() - start) / 1000;
  const closed = new Promise((done) => child.once("close", done));
  return { address, seconds, stop: () => (child.kill("SIGTERM"), closed) };
}

async function post(address, bytes) {
  const start = performance.now();
  const response = await fetch(`${address}/predict`, {
    method: "POST",
    body: bytes,
    headers: { "content-type": "image/jpeg" },
  });
  const answer = await response.json();
  return {
    status: response.status,
    cache: response.headers.get("x-cache"),
    answer,
    milliseconds: performance.now() - start,
  };
}

async function residentMegabytes(address) {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)[1]) / 1e6;
}

async function timed(action) {
  const start = performance.now();
  const value = await action();
  return [performance.now() - start, value];
}

const series = {};
const add = (name, value) => {
  series[name] ??= [];
  series[name].push(value);
};

if (Number(rounds) > 0) await timeOneClient();
if (Number(requests) > 0) await compareAnswers();

/** Starts, and one client against decode + model: the contestants take turns photograph by photograph. */
async function timeOneClient() {
  const { preprocessing: view } = JSON.parse(readFileSync(join(bundle, "assay.json"), "utf8"));
  const pool = await SessionPool.open(join(bundle, "model.onnx"), 1);
  let next = 0;
  const fresh = () => readFileSync(paths[next++ % paths.length]);
  const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];
  for (let round = 0; round < Number(rounds); round++) {
    const service = await serve();
    add("ready, s", service.seconds);
    add("resident MB when ready", await residentMegabytes(service.address));
    const times = { alone: [], service: [], hit: [] };
    for (let i = -5; i < 50; i++) {
      const bytes = fresh();
      const [decodeMs, data] = await timed(() => prepare(bytes, view));
      const feeds = { image: { type: "uint8", dims: [1, view.size, view.size, 3], data } };
      const [modelMs] = await timed(() => pool.run(feeds, ["probabilities"]));
      const asked = await post(service.address, bytes);
      const again = await post(service.address, bytes);
      if (i < 0 || asked.cache !== "miss" || again.cache !== "hit") continue;
      times.alone.push(decodeMs + modelMs);
      times.service.push(asked.milliseconds);
      times.hit.push(again.milliseconds);
    }
    add("decode + model, ms (p50)", median(times.alone));
    add("one client, ms (p50)", median(times.service));
    add("one client over decode + model, ms", median(times.service) - median(times.alone));
    add("remembered answer, ms (p50)", median(times.hit));
    await service.stop();
  }
  await pool.close();
  describe(`assay serve ${bundle}`, series);
}

/** Every answer against the offline ones, some hundred requests at a time. */
async function compareAnswers() {
  const total = Number(requests);
  const some = paths.slice(0, Math.ceil(total / 2));
  const fresh = { done: 0, differing: 0, largest: 0, busy: 0, seconds: 0, residentMegabytes: 0, processes: 0 };
  const tally = values.state && existsSync(values.state) ? JSON.parse(readFileSync(values.state, "utf8")) : fresh;
  tally.processes++;
  const offline = await openBundle(bundle, threads);
  const { labels } = offline.manifest;
  const expected = new Map();
  const service = await serve();
  while (tally.done < total) {
    const part = Array.from(
      { length: Math.min(250, total - tally.done) },
      (_, i) => some[(tally.done + i) % some.length],
    );
    const unknown = [...new Set(part)].filter((path) => !expected.has(path));
    for await (const prediction of offline.predict(unknown)) expected.set(prediction.path, prediction);
    const start = performance.now();
    const queue = part.values();
    await Promise.all(Array.from({ length: threads }, () => askAll(service.address, queue, expected, labels, tally)));
    tally.seconds += (performance.now() - start) / 1000;
    tally.done += part.length;
    tally.residentMegabytes = Math.max(tally.residentMegabytes, await residentMegabytes(service.address));
    if (values.state) writeFileSync(values.state, JSON.stringify(tally));
    if (tally.done % 1000 === 0) console.error(JSON.stringify(tally));
  }
  await service.stop();
  await offline.close();
  for (const name of Object.keys(series)) delete series[name];
  add(`requests/s, ${threads} clients`, tally.done / tally.seconds);
  add(`largest resident MB in ${tally.done} requests`, tally.residentMegabytes);
  add(`differing answers of ${tally.done}`, tally.differing);
  add("largest difference of a probability", tally.largest);
  add("answers 503", tally.busy);
  describe(`${tally.done} requests to ${tally.processes} processes`, series);
}

async function askAll(address, queue, expected, labels, tally) {
  for (const path of queue) {
    let answered = await post(address, readFileSync(path));
    while (answered.status === 503) {
      tally.busy++;
      answered = await post(address, readFileSync(path));
    }
    const own = expected.get(path);
    if ("error" in own) {
      if (answered.status !== 415) tally.differing++;
      continue;
    }
    const off = Math.max(...differences(answered.answer, own, labels));
    tally.largest = Math.max(tally.largest, off);
    if (answered.answer.class !== own.label || !(off <= 1e-5)) tally.differing++;
  }
}

/** Of the probabilities that an answer gives. */
function differences({ confidence, top }, own, labels) {
  return [
    Math.abs(confidence - own.confidence),
    ...top.map((one) => Math.abs(one.probability - own.probabilities[labels.indexOf(one.class)])),
  ];
}
