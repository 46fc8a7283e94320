/** Sessions on the main thread's side: handles whose work happens in worker threads. */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { Fault } from "../core/index.js";
import type {
  BoundInput,
  CallName,
  Calls,
  ModelSource,
  Placed,
  Reply,
  SessionOptions,
  SummedOutput,
} from "./protocol.js";
import { explainRefusal } from "./refusal.js";
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

export interface EngineOptions {
  /** Largest JavaScript heap of the thread, in megabytes; the memory of ONNX Runtime and of tensors lies outside it. */
  readonly heapMb?: number;
}

/**
 * One worker thread; it can own several sessions. When the thread ends by itself (its heap is full), all that waits for it
 * and all that is asked later fails with one fault. An abort inside ONNX Runtime, and the system's killer of processes that take
 * too much memory, end the whole process: no thread can catch that.
 */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #ended: string | null = null;
  #whenIdle: (() => void) | null = null;
  #closed: Promise<void> | null = null;
  #isGone = false;

  constructor({ heapMb }: EngineOptions = {}) {
    const heap = heapMb === undefined ? {} : { maxOldGenerationSizeMb: heapMb };
    this.#worker = new Worker(workerFile, { resourceLimits: { stackSizeMb, ...heap } });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("messageerror", (error) => this.#fail(`an answer could not be read: ${error.message}`));
    this.#worker.on("error", (error) => this.#fail(`the worker thread ended: ${error.message}`));
    this.#worker.on("exit", (code) => this.#fail(`the worker thread ended with code ${code}`));
  }

  /** Why nothing can be asked any more; null while the thread serves. */
  get ended(): string | null {
    return this.#ended;
  }

  /**
   * Opens a session; buffers in `transfer` move to the thread and are empty here afterwards. Throws `engine-failed` when ONNX
   * Runtime refuses the model, `model-invalid` when it is none.
   */
  async open(model: ModelSource, options: SessionOptions, transfer: ArrayBuffer[] = []): Promise<Session> {
    const session = this.#nextId++;
    const placed = await this.call("create", { session, model, options }, transfer);
    return new Session(this, session, placed);
  }

  call<K extends CallName>(call: K, ask: Calls[K]["ask"], transfer: ArrayBuffer[] = []): Promise<Calls[K]["answer"]> {
    if (this.#ended !== null) return Promise.reject(explainRefusal(this.#ended));
    return this.#ask(call, ask, transfer);
  }

  #ask<K extends CallName>(call: K, ask: Calls[K]["ask"], transfer: ArrayBuffer[] = []): Promise<Calls[K]["answer"]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      try {
        // A buffer that is gone would pass here and fail in the thread, where nobody knows whose request it was.
        for (const buffer of transfer) void new Uint8Array(buffer);
        this.#worker.postMessage({ id, call, ask }, transfer);
        this.#waiting.set(id, { resolve, reject });
      } catch (error) {
        // A buffer that was transferred before, or is listed twice.
        reject(new Fault("engine-failed", { what: "a tensor cannot be sent to the engine", got: String(error) }));
      }
    });
  }

  /**
   * Frees all sessions and ends the thread as soon as what it was asked has been answered; new requests fail at once. Ending it in the
   * middle of a run would take the whole process down: ONNX Runtime's binding cannot return into a thread that is gone.
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
    if (!this.#isGone) await this.#ask("releaseAll", null).catch(() => {}); // the thread may end meanwhile
    await this.#worker.terminate();
  }

  #checkIdle(): void {
    if (this.#waiting.size === 0) this.#whenIdle?.();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(explainRefusal(reply.error));
    else waiting?.resolve(reply.answer as never);
    this.#checkIdle();
  }

  #fail(reason: string): void {
    this.#ended ??= reason;
    this.#isGone = true;
    for (const { reject } of this.#waiting.values()) reject(explainRefusal(reason));
    this.#waiting.clear();
    this.#checkIdle();
  }
}

/** A model ready to run in its engine's thread. */
export class Session {
  readonly #engine: Engine;
  readonly #session: number;
  /** Where it runs. */
  readonly placed: Placed;

  constructor(engine: Engine, session: number, placed: Placed) {
    this.#engine = engine;
    this.#session = session;
    this.placed = placed;
  }

  /** Why the session's thread serves no more; null while it does. */
  get ended(): string | null {
    return this.#engine.ended;
  }

  /**
   * Runs the model once. Feeds are copied to the worker unless their buffers are listed in `transfer`, which empties them here, or
   * are shared memory, which the worker copies. Throws `engine-failed`.
   */
  run(
    feeds: Feeds,
    outputs: readonly string[] | null = null,
    transfer: ArrayBuffer[] = [],
  ): Promise<Readonly<Record<string, Tensor>>> {
    return this.#engine.call("run", { session: this.#session, feeds, outputs }, transfer);
  }

  /**
   * Runs once for each of the feeds; gives the kept outputs of each run, and writes the sums of others, in the order of the runs, into
   * shared memory. Throws `engine-failed`.
   */
  sum(
    runs: readonly Feeds[],
    kept: readonly string[],
    summed: readonly SummedOutput[],
  ): Promise<Calls["sum"]["answer"]> {
    return this.#engine.call("sum", { session: this.#session, runs, kept, summed });
  }

  /**
   * Fills inputs from numbers, which are copied (shared memory goes to the thread without a copy of its own): later runs need not be
   * given them. Not while a run is under way.
   */
  async bind(inputs: readonly BoundInput[], numbers: Float32Array): Promise<void> {
    await this.#engine.call("bind", { session: this.#session, inputs, numbers });
  }

  /** Milliseconds of `runs` single runs after `warmUp` unmeasured ones, timed inside the worker. */
  time(feeds: Feeds, warmUp: number, runs: number): Promise<Float64Array> {
    return this.#engine.call("time", { session: this.#session, feeds, warmUp, runs });
  }

  /**
   * Types and sizes of the outputs, without a run, as far as the runtime infers them: free dimensions are names, and an unknown shape
   * is empty, as that of a scalar is.
   */
  async declared(): Promise<readonly (readonly [string, Calls["declared"]["answer"][string]])[]> {
    return Object.entries(await this.#engine.call("declared", { session: this.#session }));
  }

  /** Runs the model once and returns types and sizes of its outputs, without the numbers. Throws `engine-failed`. */
  shapes(feeds: Feeds): Promise<Calls["shapes"]["answer"]> {
    return this.#engine.call("shapes", { session: this.#session, feeds });
  }

  /** Frees the session; the engine stays. A second time, or after the engine's end, nothing happens. */
  async release(): Promise<void> {
    if (this.ended === null) await this.#engine.call("release", { session: this.#session });
  }

  /** Frees the session and ends the engine's thread. */
  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** A session in a thread of its own. */
export async function openSession(
  model: ModelSource,
  options: SessionOptions,
  engineOptions: EngineOptions = {},
): Promise<Session> {
  const engine = new Engine(engineOptions);
  try {
    return await engine.open(model, options);
  } catch (error) {
    await engine.close();
    throw error;
  }
}
