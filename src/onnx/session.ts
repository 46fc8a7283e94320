/** Sessions on the main thread's side: handles whose work happens in worker threads. */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { Fault } from "../core/index.js";
import type { CallName, Calls, Reply, SessionOptions } from "./protocol.js";
import type { Feeds, Tensor } from "./tensor.js";

// Under vitest this file is TypeScript, which a worker of Node 20 cannot load: the built worker serves there.
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/onnx/worker.js" : "./worker.js",
  import.meta.url,
);

/**
 * ONNX Runtime 1.30 matches the process's command line with a recursive std::regex, about 300 bytes of stack a character: with
 * Node's 4 MB some 200 paths as arguments end the process. The memory is only reserved until it is used.
 */
const stackSizeMb = 256;

/** The version of ONNX Runtime, without loading it. */
export const runtimeVersion: string = (
  createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string }
).version;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Fault) => void;
}

/** One worker thread; it can own several sessions. */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #ended: string | null = null;
  #whenIdle: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor() {
    this.#worker = new Worker(workerFile, { resourceLimits: { stackSizeMb } });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#worker.on("exit", (code) => this.#fail(`the worker thread ended with code ${code}`));
  }

  /** Opens a session. Throws `engine-failed` when ONNX Runtime refuses the model. */
  async open(model: Uint8Array | string, options: SessionOptions): Promise<Session> {
    const session = this.#nextId++;
    await this.call("create", { session, model, options });
    return new Session(this, session);
  }

  call<K extends CallName>(call: K, ask: Calls[K]["ask"], transfer: ArrayBuffer[] = []): Promise<Calls[K]["answer"]> {
    if (this.#ended !== null) return Promise.reject(engineFault(this.#ended));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, ask }, transfer);
    });
  }

  /**
   * Ends the thread as soon as what it was asked has been answered; new requests fail at once. Ending it in the middle of a run
   * would take the whole process down: ONNX Runtime's binding cannot return into a thread that is gone.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#ended ??= "the engine is closed";
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      this.#checkIdle();
    });
    await this.#worker.terminate();
  }

  #checkIdle(): void {
    if (this.#waiting.size === 0) this.#whenIdle?.();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(engineFault(reply.error));
    else waiting?.resolve(reply.answer as never);
    this.#checkIdle();
  }

  #fail(reason: string): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(engineFault(reason));
    this.#waiting.clear();
    this.#checkIdle();
  }
}

/** A model ready to run in its engine's thread. */
export class Session {
  readonly #engine: Engine;
  readonly #session: number;

  constructor(engine: Engine, session: number) {
    this.#engine = engine;
    this.#session = session;
  }

  /**
   * Runs the model once. Feeds are copied to the worker unless their buffers are listed in `transfer`, which empties them here.
   * Throws `engine-failed`.
   */
  run(
    feeds: Feeds,
    outputs: readonly string[] | null = null,
    transfer: ArrayBuffer[] = [],
  ): Promise<Readonly<Record<string, Tensor>>> {
    return this.#engine.call("run", { session: this.#session, feeds, outputs }, transfer);
  }

  /** Milliseconds of `runs` single runs after `warmUp` unmeasured ones, timed inside the worker. */
  time(feeds: Feeds, warmUp: number, runs: number): Promise<Float64Array> {
    return this.#engine.call("time", { session: this.#session, feeds, warmUp, runs });
  }

  /** Frees the session; the engine stays. */
  async release(): Promise<void> {
    await this.#engine.call("release", { session: this.#session });
  }

  /** Frees the session and ends the engine's thread. */
  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** A session in a thread of its own. */
export async function openSession(model: Uint8Array | string, options: SessionOptions): Promise<Session> {
  const engine = new Engine();
  try {
    return await engine.open(model, options);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

type Sessions = readonly Session[];

/**
 * A worker thread a core, each with a single-threaded session of every model: decoding and inference then share the cores
 * without waiting for each other.
 */
export class SessionPool {
  readonly #idle: Sessions[];
  readonly #all: readonly Sessions[];
  readonly #queue: ((sessions: Sessions) => void)[] = [];

  private constructor(all: readonly Sessions[]) {
    this.#all = all;
    this.#idle = [...all];
  }

  /** Opens `size` threads with one model, or with several. Throws `engine-failed` when ONNX Runtime refuses one. */
  static async open(
    models: Uint8Array | string | readonly (Uint8Array | string)[],
    size: number,
  ): Promise<SessionPool> {
    const every = typeof models === "string" || models instanceof Uint8Array ? [models] : models;
    const engines = Array.from({ length: Math.max(1, size) }, () => new Engine());
    try {
      return new SessionPool(await Promise.all(engines.map((engine) => openAll(engine, every))));
    } catch (error) {
      await Promise.all(engines.map((engine) => engine.close()));
      throw error;
    }
  }

  get size(): number {
    return this.#all.length;
  }

  /** Runs one of the models in the next free thread; see `Session.run`. */
  async run(
    feeds: Feeds,
    outputs: readonly string[] | null = null,
    transfer: ArrayBuffer[] = [],
    model = 0,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const sessions = this.#idle.pop() ?? (await new Promise<Sessions>((resolve) => this.#queue.push(resolve)));
    try {
      return await sessions[model]!.run(feeds, outputs, transfer);
    } finally {
      const next = this.#queue.shift();
      if (next) next(sessions);
      else this.#idle.push(sessions);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(([first]) => first?.close()));
  }
}

async function openAll(engine: Engine, models: readonly (Uint8Array | string)[]): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const model of models) sessions.push(await engine.open(model, { threads: 1 }));
  return sessions;
}

function engineFault(reason: string): Fault {
  return new Fault("engine-failed", { what: `ONNX Runtime failed: ${reason}` });
}
