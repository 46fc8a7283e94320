// A fine-tuning step of EfficientNet-Lite0 (or another network) at 224 px by the gradient engine: all layers, and the last three stages from
// a cached prefix, against forward passes and, where Python has torch, against PyTorch's best of {float32, bfloat16} × {contiguous,
// channels last}; the stages also against PyTorch without a cache.
// A step is what the trainer does: the new weights to each thread, gradients of the effective batch, AdamW.
// Usage: node bench/autodiff.mjs [--rounds 3] [--batch 32] [--micro 4] [--threads 2] [--python python3] [--model file.onnx --side 224] [--profile]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  Engine,
  float32,
  foldBatchNorm,
  gradient,
  makeResident,
  readModel,
  readWeights,
  selectLowering,
  splitModel,
} from "../dist/autodiff/index.js";
import { findCuts } from "../dist/finetune/cut.js";
import { cutModel } from "../dist/finetune/cut-model.js";
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
const path = options.model ?? join(import.meta.dirname, "..", "models", "efficientnet-lite0.onnx");
/** Networks that the peer has too: what enters their last three stages. */
const known = { "efficientnet-lite0": [80, 14, 14], "efficientnetv2-b0": [48, 28, 28] };
const network = basename(path, ".onnx");

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
  const opening = performance.now();
  const resident = await makeResident(result.model, [...weights.keys()], engines[0]);
  if (!resident) throw new Error("the runtime does more with the weights than move them");
  const sessions = await Promise.all(
    engines.map((engine) => engine.open(resident.model, { threads: 1, optimization: "disabled", plan: false })),
  );
  const opened = (performance.now() - opening) / 1000;
  const flat = share(weights);
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
  const summed = sessions.map(() =>
    [...weights].map(([name, { length }]) => ({
      name: result.gradients.get(name),
      dims: result.model.graph.initializer.find((tensor) => tensor.name === name).dims.map(Number),
      into: new Float32Array(new SharedArrayBuffer(length * 4)),
    })),
  );
  let count = 0;
  const step = async () => {
    const start = performance.now();
    const usage = process.cpuUsage();
    await Promise.all(sessions.map((session) => session.bind(resident.inputs, flat)));
    const bound = performance.now();
    // A share of the micro-batches for each thread, added up there, as the trainer does.
    const runs = Array.from({ length: batch / micro / threads }, () => feeds);
    await Promise.all(sessions.map((session, thread) => session.sum(runs, [result.loss], summed[thread])));
    for (const [name, { g }] of moments) {
      const parts = summed.map((outputs) => outputs.find((one) => one.name === result.gradients.get(name)).into);
      g.set(parts[0]);
      for (const part of parts.slice(1)) for (let i = 0; i < g.length; i++) g[i] += part[i];
    }
    const ran = performance.now();
    count++;
    for (const [name, w] of weights) adamW(w, moments.get(name), count);
    const end = performance.now();
    return {
      seconds: (end - start) / 1000,
      handing: (bound - start) / (end - start),
      optimizer: (end - ran) / (end - start),
      processor: processorSeconds(usage),
    };
  };
  return { step, result, feeds, opened };
}

/** The weights one behind the other in shared memory; the given ones become views of it. */
function share(weights) {
  const length = [...weights.values()].reduce((sum, one) => sum + one.length, 0);
  const flat = new Float32Array(new SharedArrayBuffer(length * 4));
  let start = 0;
  for (const [name, values] of weights) {
    const view = flat.subarray(start, (start += values.length));
    view.set(values);
    weights.set(name, view);
  }
  return flat;
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
  const script = join(import.meta.dirname, "peers", "finetune-step.py");
  const child = spawn(options.python, [script, String(threads), network], { stdio: ["pipe", "pipe", "inherit"] });
  const failed = new Promise((resolve) => child.once("error", () => resolve("no torch")));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => (await Promise.race([lines.next().then(({ value }) => value), failed])) ?? "no torch";
  const greeting = await read();
  if (greeting === "no torch") return null;
  console.log(greeting);
  return {
    step: async (variant, part) => {
      child.stdin.write(`${variant} ${part} ${batch} ${batch}\n`);
      const [seconds, processor] = (await read()).split(" ").map(Number);
      return { seconds, processor };
    },
    close: () => child.kill(),
  };
}

const formats = ["fp32", "fp32-last", "bf16", "bf16-last"];

/** PyTorch's steps, in those formats that are not far behind in the first round. */
function contest(peer, part) {
  const steps = new Map(peer ? formats.map((format) => [`PyTorch ${part} ${format}`, []]) : []);
  const seconds = (name) => steps.get(name).map((step) => step.seconds);
  let left = [...steps.keys()];
  return {
    steps,
    round: async () => {
      for (const name of left) steps.get(name).push(await peer.step(name.split(" ").at(-1), part));
      const fastest = Math.min(...left.map((name) => seconds(name)[0]));
      left = left.filter((name) => seconds(name)[0] < 1.5 * fastest);
    },
    /** Of those that stayed, the one with the least median. */
    best: () => left.toSorted((a, b) => median(seconds(a)) - median(seconds(b)))[0],
  };
}

/** `rivals`: the parts that PyTorch is asked for. */
async function compare(part, model, input, dims, micro, peer, rivals) {
  const { step, result, feeds, opened } = await makeStep(model, input, dims, micro);
  if (options.profile) return profile(result.model, feeds);
  const forward = await makeForward(model, input, dims, micro);
  const contests = rivals.map((rival) => contest(peer, rival));
  const [ours, passes] = [[], []];
  await step();
  await forward();
  for (let round = 0; round < rounds; round++) {
    ours.push(await step());
    passes.push(await forward());
    for (const one of contests) await one.round();
  }
  const seconds = (steps) => steps.map((one) => one.seconds);
  const all = [["gradient engine", ours], ...contests.flatMap(({ steps }) => [...steps])];
  const series = Object.fromEntries(all.map(([name, steps]) => [name, seconds(steps)]));
  describe(`${network}, ${part}, ${batch} images a step in micro-batches of ${micro}, seconds`, {
    "forward alone": passes,
    ...series,
  });
  const percent = (name) => `${(100 * median(ours.map((one) => one[name]))).toFixed(0)} %`;
  const ratio = (a, b) =>
    `${(median(a) / median(b)).toFixed(2)} (by the least of each ${(Math.min(...a) / Math.min(...b)).toFixed(2)})`;
  const processor = (steps) => median(steps.map((one) => one.processor));
  console.log(
    `  of a step: handing the weights on ${percent("handing")}, optimizer ${percent("optimizer")}; opened once in ${opened.toFixed(2)} s`,
  );
  console.log(`  processor seconds of a step: ${processor(ours).toFixed(2)}`);
  console.log(`  a step in forward passes: ${ratio(seconds(ours), passes)}`);
  if (!peer) return;
  for (const one of contests) {
    const theirs = one.steps.get(one.best());
    const used = (processor(theirs) / processor(ours)).toFixed(2);
    console.log(
      `  ${one.best()} in steps of ours: ${ratio(seconds(theirs), seconds(ours))}, in processor seconds ${used}`,
    );
  }
}

const stages = side === 224 ? known[network] : undefined;
const peer = stages && !options.profile ? await openPeer() : null;
if (!peer && !options.profile)
  console.log(
    `skipped: ${stages ? `no torch in ${options.python}` : `the peer has ${Object.keys(known).join(", ")} at 224 px`}`,
  );
const model = foldBatchNorm(await readModel(path));
const input = model.graph.input[0].name;
await compare("full", model, input, [3, side, side], fewest, peer, ["full"]);
if (stages) {
  const cuts = await findCuts(model, { output: "logits", sizes: { [input]: [3, side, side] }, engine: engines[0] });
  const cut = cuts.findLast(({ dims }) => dims.join() === stages.join());
  await compare("stages", cutModel(model, cut).suffix, cut.value, stages, 2 * fewest, peer, ["stages", "frozen"]);
}
peer?.close();
await Promise.all(engines.map((engine) => engine.close()));
