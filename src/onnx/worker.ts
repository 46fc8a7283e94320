/** The worker thread that owns ONNX Runtime sessions: `session.run` blocks its thread, so it never runs on the main one. */
import { parentPort } from "node:worker_threads";
import { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import type { CallName, Calls, Reply, Request, SessionOptions } from "./protocol.js";
import type { Feeds, Tensor } from "./tensor.js";

const sessions = new Map<number, InferenceSession>();

type Handlers = { readonly [K in CallName]: (ask: Calls[K]["ask"]) => Promise<Calls[K]["answer"]> };

const handlers: Handlers = {
  create: async ({ session, model, options }) => {
    const settings = sessionSettings(options);
    sessions.set(
      session,
      // The two branches look alike and are two overloads: a path lets ONNX Runtime read the file itself.
      typeof model === "string"
        ? await InferenceSession.create(model, settings)
        : await InferenceSession.create(model, settings),
    );
    return null;
  },
  run: async ({ session, feeds, outputs }) => {
    const owned = find(session);
    const results = await owned.run(toRuntime(feeds), outputs ? [...outputs] : [...owned.outputNames]);
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromRuntime(value)]));
  },
  time: async ({ session, feeds, warmUp, runs }) => {
    const owned = find(session);
    const ready = toRuntime(feeds);
    const elapsedMs = new Float64Array(runs);
    for (let i = -warmUp; i < runs; i++) {
      const start = performance.now();
      await owned.run(ready);
      if (i >= 0) elapsedMs[i] = performance.now() - start;
    }
    return elapsedMs;
  },
  release: async ({ session }) => {
    await sessions.get(session)?.release();
    sessions.delete(session);
    return null;
  },
};

function sessionSettings(options: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // What ONNX Runtime would print on standard error comes back as the error of the call.
    logSeverityLevel: 4,
    // Spinning threads would steal the core on which pictures are decoded.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

function find(session: number): InferenceSession {
  const owned = sessions.get(session);
  if (!owned) throw new Error(`no session ${session} in this worker`);
  return owned;
}

function toRuntime(feeds: Feeds): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new RuntimeTensor(type as "float32", data as Float32Array, dims),
    ]),
  );
}

function fromRuntime(value: RuntimeTensor): Tensor {
  return { type: value.type, dims: value.dims, data: value.data } as Tensor;
}

async function answer(request: Request): Promise<Reply> {
  try {
    const handle = handlers[request.call] as (ask: Request["ask"]) => Promise<Calls[CallName]["answer"]>;
    return { id: request.id, answer: await handle(request.ask) };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
}

if (!parentPort) throw new Error("this file is the entry of a worker thread");
const port = parentPort;
port.on("message", (request: Request) => {
  void answer(request).then((reply) => port.postMessage(reply));
});
