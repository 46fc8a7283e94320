// A fine-tuning step of EfficientNet-Lite0 at 224 px by the gradient engine: all layers, and the last three stages from a cached prefix,
// against forward passes and, where Python has torch, against PyTorch's best of {float32, bfloat16} × {contiguous, channels last}.
// A step is what a trainer does: a session with the new weights in each thread, gradients of the effective batch, AdamW.
// Usage: node bench/autodiff.mjs [--rounds 3] [--batch 32] [--micro 4] [--threads 2] [--python python3] [--model file.onnx --side 224] [--profile]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  Engine,
  float32,
  foldBatchNorm,
  gradient,
  GraphBuilder,
  readModel,
  readWeights,
  replaceWeights,
  selectLowering,
  splitModel,
} from "../dist/autodiff/index.js";
import { keepOutputs } from "../dist/onnx/index.js";
import { profile } from "./autodiff-profile.mjs";
import { describe, median } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    batch: { type: "string", default: "32" },
    micro: { type: "string", default: "4" },
    threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
    python: { type: "string", default: "python3" },
    model: { type: "string" },
    side: { type: "string", default: "224" },
    profile: { type: "boolean", default: false },
  },
});
const [rounds, batch, fewest, threads, side] = ["rounds", "batch", "micro", "threads", "side"].map((name) =>
  Number(options[name]),
);
const classes = 1000;
const isLite0 = options.model === undefined;
const path = options.model ?? join(import.meta.dirname, "..", "models", "efficientnet-lite0.onnx");

/** What follows the first value that a stage works on, as a network of its own whose input is that value. */
function suffix(model, stage, dims) {
  const { graph } = model;
  const first = graph.node.find(({ opType, output }) => opType === "Conv" && output[0].startsWith(`${stage}/`));
  const cut = first.input[0];
  graph.node = graph.node.filter(({ output }) => !output.includes(cut));
  graph.input = [];
  new GraphBuilder(model).input({ name: cut, type: "float32", dims: ["n", ...dims] });
  keepOutputs(model, ["logits"]);
  return cut;
}

const engines = Array.from({ length: threads }, () => new Engine());

/** A step as the trainer does it, with what it needs kept between steps. */
async function makeStep(model, input, dims, micro) {
  const { lowering, dropped } = await selectLowering("cpu", engines[0]);
  if (dropped.length > 0)
    console.log(`plain operators for ${dropped.map(({ part, reason }) => `${part}: ${reason}`).join("; ")}`);
  const result = await gradient(model, {
    loss: { kind: "cross-entropy", logits: "logits", classes, targets: "labels", reduction: "mean" },
    trainable: (_name, shape) => shape.length > 0,
    sizes: { [input]: dims },
    batch: micro,
    lowering,
    engine: engines[0],
  });
  const weights = readWeights(result.model, result.gradients.keys());
  const moments = new Map(
    [...weights].map(([name, { length }]) => [
      name,
      { m: new Float32Array(length), v: new Float32Array(length), g: new Float32Array(length) },
    ]),
  );
  const size = micro * dims.reduce((a, b) => a * b);
  const pixels = new Float32Array(new SharedArrayBuffer(size * 4)).map(
    (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.013),
  );
  const feeds = {
    [input]: float32([micro, ...dims], pixels),
    [result.lossInputs.targets]: { type: "int64", dims: [micro], data: new BigInt64Array(micro).fill(3n) },
    [result.lossInputs.scale]: float32([], Float32Array.of(1 / batch)),
  };
  let count = 0;
  const step = async () => {
    const start = performance.now();
    const usage = process.cpuUsage();
    const split = splitModel(replaceWeights(result.model, weights));
    const sessions = await Promise.all(engines.map((engine) => engine.open(split, { threads: 1, shortLived: true })));
    const opened = performance.now();
    for (const { g } of moments.values()) g.fill(0);
    let left = batch / micro;
    const work = async (session) => {
      while (left-- > 0) {
        const outputs = await session.run(feeds);
        for (const [name, { g }] of moments) {
          const part = outputs[result.gradients.get(name)].data;
          for (let i = 0; i < g.length; i++) g[i] += part[i];
        }
      }
      await session.release();
    };
    await Promise.all(sessions.map(work));
    const ran = performance.now();
    count++;
    for (const [name, w] of weights) adamW(w, moments.get(name), count);
    const end = performance.now();
    return {
      seconds: (end - start) / 1000,
      creation: (opened - start) / (end - start),
      optimizer: (end - ran) / (end - start),
      processor: processorSeconds(usage),
    };
  };
  return { step, result, feeds };
}

/** Of all threads together: what a machine that others use as well does not change much. */
function processorSeconds(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Loshchilov and Hutter 2019. */
function adamW(w, { m, v, g }, count) {
  const [rate, c1, c2] = [1e-5, 1 / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count)];
  for (let i = 0; i < w.length; i++) {
    m[i] = 0.9 * m[i] + 0.1 * g[i];
    v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
    w[i] -= rate * ((m[i] * c1) / (Math.sqrt(v[i] * c2) + 1e-8) + 0.01 * w[i]);
  }
}

/** Seconds of a forward pass over the effective batch, one session a thread. */
async function makeForward(model, input, dims, micro) {
  const sessions = await Promise.all(engines.map((engine) => engine.open(splitModel(model), { threads: 1 })));
  const feeds = {
    [input]: float32([micro, ...dims], new Float32Array(micro * dims.reduce((a, b) => a * b)).fill(0.1)),
  };
  return async () => {
    const start = performance.now();
    let left = batch / micro;
    await Promise.all(
      sessions.map(async (session) => {
        while (left-- > 0) await session.run(feeds, ["logits"]);
      }),
    );
    return (performance.now() - start) / 1000;
  };
}

/** PyTorch in a process of its own, asked line by line; null where it is not installed. */
async function openPeer() {
  const child = spawn(options.python, [join(import.meta.dirname, "peers", "finetune-step.py"), String(threads)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = new Promise((resolve) => child.once("error", () => resolve("no torch")));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => (await Promise.race([lines.next().then(({ value }) => value), failed])) ?? "no torch";
  const greeting = await read();
  if (greeting === "no torch") return null;
  console.log(greeting);
  return {
    step: async (variant, part) => {
      child.stdin.write(`${variant} ${part} ${batch} ${batch}\n`);
      return Number(await read());
    },
    close: () => child.kill(),
  };
}

async function compare(part, model, input, dims, micro, peer) {
  const { step, result, feeds } = await makeStep(model, input, dims, micro);
  if (options.profile) return profile(result.model, feeds);
  const forward = await makeForward(model, input, dims, micro);
  let variants = peer ? ["fp32", "fp32-last", "bf16", "bf16-last"] : [];
  const series = {
    "gradient engine": [],
    "forward alone": [],
    ...Object.fromEntries(variants.map((name) => [`PyTorch ${name}`, []])),
  };
  const shares = [];
  await step();
  await forward();
  for (let round = 0; round < rounds; round++) {
    const own = await step();
    shares.push(own);
    series["gradient engine"].push(own.seconds);
    series["forward alone"].push(await forward());
    for (const variant of variants) series[`PyTorch ${variant}`].push(await peer.step(variant, part));
    // What is far behind in the first round is not asked again.
    const fastest = Math.min(...variants.map((variant) => series[`PyTorch ${variant}`][0]));
    variants = variants.filter((variant) => series[`PyTorch ${variant}`][0] < 1.5 * fastest);
  }
  describe(`${part}, ${batch} images a step in micro-batches of ${micro}, seconds`, series);
  const own = median(series["gradient engine"]);
  const least = (name) => Math.min(...series[name]);
  const percent = (name) => `${(100 * median(shares.map((share) => share[name]))).toFixed(0)} %`;
  console.log(`  of a step: new sessions ${percent("creation")}, optimizer ${percent("optimizer")}`);
  console.log(`  processor seconds of a step: ${median(shares.map(({ processor }) => processor)).toFixed(2)}`);
  console.log(
    `  a step is ${(own / median(series["forward alone"])).toFixed(2)} forward passes (by the least of each, ${(least("gradient engine") / least("forward alone")).toFixed(2)})`,
  );
  if (!peer) return;
  const best = variants.map((name) => [name, median(series[`PyTorch ${name}`])]).toSorted((a, b) => a[1] - b[1])[0];
  console.log(
    `  PyTorch's best (${best[0]}) takes ${(best[1] / own).toFixed(2)} times as long (by the least of each, ${(least(`PyTorch ${best[0]}`) / least("gradient engine")).toFixed(2)})`,
  );
}

const peer = isLite0 && !options.profile ? await openPeer() : null;
if (!peer && !options.profile)
  console.log(isLite0 ? `skipped: no torch in ${options.python}` : "skipped: PyTorch has the embedded network only");
const model = foldBatchNorm(await readModel(path));
await compare("full", model, model.graph.input[0].name, [3, side, side], fewest, peer);
if (isLite0) {
  const last = foldBatchNorm(await readModel(path));
  const cut = suffix(last, "stage5", [80, 14, 14]);
  await compare("stages", last, cut, [80, 14, 14], 2 * fewest, peer);
}
peer?.close();
await Promise.all(engines.map((engine) => engine.close()));
