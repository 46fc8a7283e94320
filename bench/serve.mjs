// `assay serve` as a user starts it: seconds until it is ready, resident memory, latency of one client against decode + model
// measured in the same run, of a remembered answer, and answers that differ from those of `assay predict`.
// Usage: node bench/serve.mjs <bundle> [folder of photographs] [requests] [rounds]
//   requests: posted in all, by as many clients as there are cores, twice (default 10000); rounds: starts, and photographs ×50 of one client (default 5)
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openBundle } from "../dist/bundle/index.js";
import { prepare } from "../dist/image/index.js";
import { SessionPool } from "../dist/onnx/index.js";
import { describe } from "./report.mjs";

const shared = fileURLToPath(new URL("../../shared/data/clothing", import.meta.url));
const [bundle, photographs = shared, requests = "10000", rounds = "5"] = process.argv.slice(2);
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const threads = availableParallelism();
const paths = readdirSync(photographs, { recursive: true })
  .filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name))
  .map((name) => resolve(photographs, name));

/** A running service, and the seconds until it answered `/readyz`. */
async function serve() {
  const start = performance.now();
  const child = spawn(process.execPath, [program, "serve", bundle, "--port", "0", "--json"], {
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

// Starts, and one client against decode + model: the contestants take turns photograph by photograph.
const { preprocessing: view } = JSON.parse(readFileSync(join(bundle, "assay.json"), "utf8"));
const pool = await SessionPool.open(join(bundle, "model.onnx"), 1);
let next = 0;
const fresh = () => readFileSync(paths[next++ % paths.length]);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
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

// Every answer against the offline ones.
const some = paths.slice(0, Math.ceil(Number(requests) / 2));
const offline = await openBundle(bundle, threads);
const expected = new Map();
for await (const prediction of offline.predict(some)) expected.set(prediction.path, prediction);
const { labels } = offline.manifest;
await offline.close();
const service = await serve();
let differing = 0;
let largest = 0;
let busy = 0;
const queue = Array.from({ length: Number(requests) }, (_, i) => some[i % some.length]).values();
const start = performance.now();
await Promise.all(
  Array.from({ length: threads }, async () => {
    for (const path of queue) {
      let answered = await post(service.address, readFileSync(path));
      while (answered.status === 503) {
        busy++;
        answered = await post(service.address, readFileSync(path));
      }
      const { status, answer } = answered;
      const offlineAnswer = expected.get(path);
      if ("error" in offlineAnswer) {
        if (status !== 415) differing++;
        continue;
      }
      const off = [
        [answer.confidence, offlineAnswer.confidence],
        ...answer.top.map((one) => [one.probability, offlineAnswer.probabilities[labels.indexOf(one.class)]]),
      ].map(([got, wanted]) => Math.abs(got - wanted));
      largest = Math.max(largest, ...off);
      if (answer.class !== offlineAnswer.label || !(Math.max(...off) <= 1e-5)) differing++;
    }
  }),
);
for (const name of Object.keys(series)) delete series[name];
add(`requests/s, ${threads} clients`, Number(requests) / ((performance.now() - start) / 1000));
add(`resident MB after ${requests} requests`, await residentMegabytes(service.address));
add(`differing answers of ${requests}`, differing);
add("largest difference of a probability", largest);
add("answers 503", busy);
await service.stop();
describe(`${requests} requests`, series);
