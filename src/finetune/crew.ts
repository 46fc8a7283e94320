/** Threads side by side, one a core: each runs the frozen part of a network, and in turn the trained part of every step. */
import {
  type BoundInput,
  type Device,
  Engine,
  type Feeds,
  type ModelSource,
  type Session,
  type SessionOptions,
  type SummedOutput,
  type Tensor,
} from "../onnx/index.js";

type Outputs = Readonly<Record<string, Tensor>>;

/** A model in every thread of a crew. */
export class CrewSession {
  readonly #crew: Crew;
  readonly #sessions: readonly Session[];

  constructor(crew: Crew, sessions: readonly Session[]) {
    this.#crew = crew;
    this.#sessions = sessions;
  }

  /** Runs the model in the next free thread. Throws `engine-failed`. */
  run(feeds: Feeds, outputs: readonly string[] | null = null, transfer: ArrayBuffer[] = []): Promise<Outputs> {
    return this.#crew.work((thread) => this.#sessions[thread]!.run(feeds, outputs, transfer));
  }

  /** Runs and sums in the next free thread, as `Session.sum` does. Throws `engine-failed`. */
  sum(runs: readonly Feeds[], kept: readonly string[], summed: readonly SummedOutput[]): Promise<readonly Outputs[]> {
    return this.#crew.work((thread) => this.#sessions[thread]!.sum(runs, kept, summed));
  }

  /** Fills inputs in every thread, while none runs. Throws `engine-failed`. */
  async bind(inputs: readonly BoundInput[], numbers: Float32Array): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.bind(inputs, numbers)));
  }

  async release(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.release()));
  }
}

export class Crew {
  readonly device: Device;
  readonly #engines: readonly Engine[];
  readonly #idle: number[];
  readonly #waiting: ((thread: number) => void)[] = [];

  /** A device other than the CPU gets one thread: its sessions would wait for each other. */
  constructor(threads: number, device: Device = "cpu") {
    this.device = device;
    this.#engines = Array.from({ length: device === "cpu" ? Math.max(1, threads) : 1 }, () => new Engine());
    this.#idle = [...this.#engines.keys()];
  }

  get size(): number {
    return this.#engines.length;
  }

  /** Any of the threads, for work that needs one. */
  get engine(): Engine {
    return this.#engines[0]!;
  }

  /** Opens a model in every thread, with memory as it is needed: a plan would take twice as much in each. Throws `engine-failed`. */
  async open(
    model: ModelSource,
    options: Pick<SessionOptions, "shortLived" | "optimization"> = {},
  ): Promise<CrewSession> {
    const { device } = this;
    const opening = this.#engines.map((engine) => engine.open(model, { threads: 1, device, plan: false, ...options }));
    await Promise.allSettled(opening);
    return new CrewSession(this, await Promise.all(opening));
  }

  /** Does work in the next free thread, in the order of the calls. */
  async work<T>(task: (thread: number) => Promise<T>): Promise<T> {
    const thread = this.#idle.shift() ?? (await new Promise<number>((resolve) => this.#waiting.push(resolve)));
    try {
      return await task(thread);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.close()));
  }
}
