/** Threads side by side, each with a session of every model on a core of its own. */
import { Fault } from "../core/index.js";
import type { ModelSource, Placed, SessionOptions } from "./protocol.js";
import { Engine, type EngineOptions, type Session } from "./session.js";
import type { Feeds, Tensor } from "./tensor.js";

/** The sessions of one thread, by model. */
interface Thread {
  readonly engine: Engine;
  readonly sessions: readonly Session[];
}

interface Waiting {
  readonly resolve: (thread: Thread) => void;
  readonly reject: (fault: Fault) => void;
}

export interface PoolOptions extends EngineOptions, Pick<SessionOptions, "device"> {
  /**
   * The process stays smaller: each session has two cores, so that half as many hold the weights, and no arena. The answers are the
   * same to the last bit: an operator's threads share its outputs among them, and no sum.
   */
  readonly small?: boolean;
}

/**
 * Decoding and inference share the cores without waiting: each thread runs one picture's network on one core.
 * A thread that has ended is left out from then on; when none is left, every run fails and says why.
 */
export class SessionPool {
  readonly #idle: Thread[];
  readonly #all: readonly Thread[];
  readonly #queue: Waiting[] = [];
  /** Where all of its sessions run. */
  readonly placed: Placed;

  private constructor(threads: readonly Thread[], placed = threads[0]!.sessions[0]!.placed) {
    this.#all = threads;
    this.#idle = [...threads];
    this.placed = placed;
  }

  /**
   * Opens threads for so many cores with one model, or with several. A device other than the CPU gets one thread: its sessions would wait for each
   * other; where it refuses a model all run on the CPU. Throws `engine-failed` when ONNX Runtime refuses a model.
   */
  static async open(
    models: ModelSource | readonly ModelSource[],
    cores: number,
    { small = false, device = "cpu", ...options }: PoolOptions = {},
  ): Promise<SessionPool> {
    const shared = (isList(models) ? models : [models]).map(shareModel);
    const size = small ? Math.max(1, Math.floor(cores / 2)) : cores;
    const settings = small ? { threads: Math.max(1, Math.floor(cores / size)), arena: false } : { threads: 1 };
    if (device === "cpu") return new SessionPool(await openThreads(shared, size, settings, options));
    const threads = await openThreads(shared, 1, { ...settings, device }, options);
    const refused = threads[0]!.sessions.map(({ placed }) => placed).find(({ refusal }) => refusal !== null);
    if (!refused) return new SessionPool(threads);
    await threads[0]!.engine.close();
    return new SessionPool(await openThreads(shared, size, settings, options), refused);
  }

  get size(): number {
    return this.#all.length;
  }

  /** Why no thread serves any more; null while one does. */
  get ended(): string | null {
    return this.#isDead() ? this.#all.map(({ engine }) => engine.ended).join("; ") : null;
  }

  /** Runs one of the models in the next free thread; see `Session.run`. */
  async run(
    feeds: Feeds,
    outputs: readonly string[] | null = null,
    transfer: ArrayBuffer[] = [],
    model = 0,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const thread = this.#takeIdle() ?? (await this.#nextFree());
    try {
      return await thread.sessions[model]!.run(feeds, outputs, transfer);
    } finally {
      this.#giveBack(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ engine }) => engine.close()));
  }

  #takeIdle(): Thread | undefined {
    let thread = this.#idle.pop();
    while (thread && thread.engine.ended !== null) thread = this.#idle.pop();
    return thread;
  }

  #nextFree(): Promise<Thread> {
    if (this.#isDead()) return Promise.reject(this.#deathFault());
    return new Promise((resolve, reject) => this.#queue.push({ resolve, reject }));
  }

  #giveBack(thread: Thread): void {
    if (this.#isDead()) for (const { reject } of this.#queue.splice(0)) reject(this.#deathFault());
    if (thread.engine.ended !== null) return;
    const next = this.#queue.shift();
    if (next) next.resolve(thread);
    else this.#idle.push(thread);
  }

  #isDead(): boolean {
    return this.#all.every(({ engine }) => engine.ended !== null);
  }

  #deathFault(): Fault {
    return new Fault("engine-failed", {
      what: "no thread of the pool serves any more",
      got: this.ended ?? "nothing",
    });
  }
}

function isList(models: ModelSource | readonly ModelSource[]): models is readonly ModelSource[] {
  return Array.isArray(models);
}

async function openThreads(
  models: readonly ModelSource[],
  size: number,
  settings: SessionOptions,
  options: EngineOptions,
): Promise<readonly Thread[]> {
  const engines = Array.from({ length: Math.max(1, size) }, () => new Engine(options));
  const opened = await Promise.allSettled(engines.map((engine) => openThread(engine, models, settings)));
  const failure = opened.find((result) => result.status === "rejected");
  if (failure) {
    await Promise.all(engines.map((engine) => engine.close()));
    throw failure.reason;
  }
  return opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

async function openThread(engine: Engine, models: readonly ModelSource[], options: SessionOptions): Promise<Thread> {
  const sessions: Session[] = [];
  for (const model of models) sessions.push(await engine.open(model, options));
  return { engine, sessions };
}

/** The model in memory that all threads see, so that it is copied by each of them and not for each of them here. */
function shareModel(model: ModelSource): ModelSource {
  if (typeof model === "string") return model;
  if (model instanceof Uint8Array) return share(model);
  const externalData = Object.entries(model.externalData).map(([name, bytes]) => [name, share(bytes)] as const);
  return { graph: share(model.graph), externalData: Object.fromEntries(externalData) };
}

function share(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
