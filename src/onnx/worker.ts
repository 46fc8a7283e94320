/** The worker thread that owns ONNX Runtime sessions: `session.run` blocks its thread, so it never runs on the main one. */
import { parentPort } from "node:worker_threads";
import { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { describeError } from "../core/index.js";
import { type Device, devices } from "./device.js";
import type { CallName, Calls, ModelSource, Reply, Request, SessionOptions } from "./protocol.js";
import type { SplitModel } from "./split.js";
import { addTo, type ElementType, type Feeds, isElementType, type Tensor } from "./tensor.js";

const sessions = new Map<number, InferenceSession>();
/** Inputs by session that runs need not be given. */
const bound = new Map<number, Record<string, RuntimeTensor>>();
/** Outputs by session that every run writes to the same place. */
const written = new Map<number, Record<string, RuntimeTensor>>();

type Handlers = { readonly [K in CallName]: (ask: Calls[K]["ask"]) => Promise<Calls[K]["answer"]> };

const handlers: Handlers = {
  create: async ({ session, model, options }) => {
    const { device = "cpu" } = options;
    try {
      sessions.set(session, await createSession(model, options, device));
      return { device, refusal: null };
    } catch (error) {
      if (device === "cpu") throw error;
      sessions.set(session, await createSession(model, options, "cpu"));
      return { device: "cpu", refusal: describeError(error) };
    }
  },
  run: async ({ session, feeds, outputs }) => {
    const found = find(session);
    const given = { ...bound.get(session), ...toRuntime(feeds) };
    const results = await found.run(given, outputs ? [...outputs] : [...found.outputNames]);
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromRuntime(value)]));
  },
  sum: async ({ session, runs, kept, summed }) => {
    const found = find(session);
    const own = written.get(session) ?? {};
    for (const { name, dims, into } of summed)
      own[name] ??= new RuntimeTensor("float32", new Float32Array(into.length), dims);
    written.set(session, own);
    const fetches = { ...own, ...Object.fromEntries(kept.map((name) => [name, null])) };
    const answers: Readonly<Record<string, Tensor>>[] = [];
    for (const [i, feeds] of runs.entries()) {
      const results = await found.run({ ...bound.get(session), ...toRuntime(feeds) }, fetches);
      answers.push(Object.fromEntries(kept.map((name) => [name, fromRuntime(results[name]!)])));
      for (const { name, into } of summed) {
        const part = own[name]!.data as Float32Array;
        if (i === 0) into.set(part);
        else addTo(into, part);
      }
    }
    return answers;
  },
  bind: ({ session, inputs, numbers }) => {
    const before = bound.get(session);
    const tensors = inputs.map((input) => {
      const data = (before?.[input.name]?.data as Float32Array | undefined) ?? new Float32Array(input.positions.length);
      collect(numbers, input.positions, data);
      return [input.name, new RuntimeTensor("float32", data, input.dims)] as const;
    });
    bound.set(session, Object.fromEntries(tensors));
    return Promise.resolve(null);
  },
  time: async ({ session, feeds, warmUp, runs }) => {
    const found = find(session);
    const ready = toRuntime(feeds);
    const elapsedMs = new Float64Array(runs);
    for (let i = -warmUp; i < runs; i++) {
      const start = performance.now();
      await found.run(ready);
      if (i >= 0) elapsedMs[i] = performance.now() - start;
    }
    return elapsedMs;
  },
  declared: ({ session }) => {
    const tensors = find(session).outputMetadata.flatMap((one) =>
      one.isTensor && isElementType(one.type) ? [one] : [],
    );
    const shapes = tensors.map(
      ({ name, type, shape }) => [name, { type: type as ElementType, dims: [...shape] }] as const,
    );
    return Promise.resolve(Object.fromEntries(shapes));
  },
  shapes: async ({ session, feeds }) => {
    const found = find(session);
    const tensors = found.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name);
    const results = tensors.length > 0 ? await found.run(toRuntime(feeds), tensors) : {};
    const numeric = Object.entries(results).filter(([, { type }]) => isElementType(type));
    return Object.fromEntries(
      numeric.map(([name, { type, dims }]) => [name, { type: type as ElementType, dims: [...dims] }]),
    );
  },
  release: ({ session }) => release(session),
  releaseAll: async () => {
    for (const session of sessions.keys()) await release(session);
    return null;
  },
};

async function release(session: number): Promise<null> {
  const released = sessions.get(session);
  sessions.delete(session);
  bound.delete(session);
  written.delete(session);
  await released?.release();
  return null;
}

function createSession(model: ModelSource, options: SessionOptions, device: Device): Promise<InferenceSession> {
  const settings = sessionSettings(options, device);
  // The first two branches look alike and are two overloads: a path lets ONNX Runtime read the file itself.
  if (typeof model === "string") return InferenceSession.create(model, settings);
  if (model instanceof Uint8Array) return InferenceSession.create(owned(model), settings);
  return InferenceSession.create(owned(model.graph), { ...settings, externalData: externalData(model) });
}

function sessionSettings(options: SessionOptions, device: Device): InferenceSession.SessionOptions {
  return {
    executionProviders: [devices[device].provider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: options.optimization ?? "all",
    enableCpuMemArena: options.shortLived !== true && options.arena !== false,
    enableMemPattern: options.shortLived !== true && options.plan !== false,
    ...(options.optimizedTo === undefined ? {} : { optimizedModelFilePath: options.optimizedTo }),
    // Errors are thrown and reach the caller; ONNX Runtime would also print them.
    logSeverityLevel: 4,
    // Spinning threads would steal the core on which pictures are decoded.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

/* Four at a time, here and below: twice as fast as one by one. */

function collect(numbers: Float32Array, positions: Int32Array, into: Float32Array): void {
  const at = (position: number): number => (position < 0 ? 0 : numbers[position]!);
  const whole = into.length - (into.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const [a, b] = [positions[i]!, positions[i + 1]!];
    const [c, d] = [positions[i + 2]!, positions[i + 3]!];
    into[i] = at(a);
    into[i + 1] = at(b);
    into[i + 2] = at(c);
    into[i + 3] = at(d);
  }
  for (let i = whole; i < into.length; i++) into[i] = at(positions[i]!);
}

function find(session: number): InferenceSession {
  const found = sessions.get(session);
  if (!found) throw new Error("the session was released");
  return found;
}

/** ONNX Runtime refuses shared memory: what comes in it is copied here, once, beside the main thread's work. */
function owned<T extends Tensor["data"]>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as T) : data;
}

function externalData(model: SplitModel): { path: string; data: Uint8Array }[] {
  return Object.entries(model.externalData).map(([path, data]) => ({ path, data: owned(data) }));
}

function toRuntime(feeds: Feeds): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new RuntimeTensor(type as "float32", owned(data) as Float32Array, dims),
    ]),
  );
}

function fromRuntime(value: RuntimeTensor): Tensor {
  return { type: value.type, dims: value.dims, data: value.data } as Tensor;
}

/** The buffers of an answer: they are this thread's own (ONNX Runtime's binding copies its results out), so they can move. */
function buffersOf(reply: Reply): ArrayBuffer[] {
  if (!("answer" in reply) || reply.answer === null) return [];
  if (reply.answer instanceof Float64Array) return [reply.answer.buffer as ArrayBuffer];
  const records = (Array.isArray(reply.answer) ? reply.answer : [reply.answer]) as Readonly<
    Record<string, Partial<Tensor> | null>
  >[];
  const tensors = records.flatMap((one) => Object.values(one));
  return [...new Set(tensors.flatMap((one) => (one?.data ? [one.data.buffer as ArrayBuffer] : [])))];
}

async function answer(request: Request): Promise<Reply> {
  try {
    const handle = handlers[request.call] as (ask: Request["ask"]) => Promise<Calls[CallName]["answer"]>;
    return { id: request.id, answer: await handle(request.ask) };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
}

async function serve(request: Request): Promise<void> {
  const reply = await answer(request);
  try {
    port.postMessage(reply, buffersOf(reply));
  } catch (error) {
    port.postMessage({ id: request.id, error: `the result cannot be passed on: ${String(error)}` });
  }
}

if (!parentPort) throw new Error("this file is the entry of a worker thread");
const port = parentPort;
port.on("messageerror", (error) => {
  throw error; // ends this thread, which the main one sees
});
port.on("message", (request: Request) => void serve(request));
