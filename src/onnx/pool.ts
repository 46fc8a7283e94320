/** Sessions side by side: one single-threaded session a core. */
import { Fault } from "../core/index.js";
import type { ModelSource } from "./protocol.js";
import { type EngineOptions, openSession, type Session } from "./session.js";
import type { Feeds, Tensor } from "./tensor.js";

interface Waiting {
  readonly resolve: (session: Session) => void;
  readonly reject: (fault: Fault) => void;
}

/**
 * Several single-threaded sessions of one model, one per core: decoding and inference then share the cores without waiting.
 * A session whose thread has ended is left out from then on; when none is left, every run fails and says why.
 */
export class SessionPool {
  readonly #idle: Session[];
  readonly #all: readonly Session[];
  readonly #queue: Waiting[] = [];

  private constructor(sessions: readonly Session[]) {
    this.#all = sessions;
    this.#idle = [...sessions];
  }

  static async open(model: ModelSource, size: number, engine: EngineOptions = {}): Promise<SessionPool> {
    const shared = shareModel(model);
    const opened = await Promise.allSettled(
      Array.from({ length: Math.max(1, size) }, () => openSession(shared, { threads: 1 }, engine)),
    );
    const sessions = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failure = opened.find((result) => result.status === "rejected");
    if (failure) {
      await Promise.all(sessions.map((session) => session.close()));
      throw failure.reason;
    }
    return new SessionPool(sessions);
  }

  get size(): number {
    return this.#all.length;
  }

  /** Runs on the next free session; see `Session.run`. */
  async run(
    feeds: Feeds,
    outputs: readonly string[] | null = null,
    transfer: ArrayBuffer[] = [],
  ): Promise<Readonly<Record<string, Tensor>>> {
    const session = this.#takeIdle() ?? (await this.#nextFree());
    try {
      return await session.run(feeds, outputs, transfer);
    } finally {
      this.#giveBack(session);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((session) => session.close()));
  }

  #takeIdle(): Session | undefined {
    let session = this.#idle.pop();
    while (session && session.ended !== null) session = this.#idle.pop();
    return session;
  }

  #nextFree(): Promise<Session> {
    if (this.#isDead()) return Promise.reject(this.#deathFault());
    return new Promise((resolve, reject) => this.#queue.push({ resolve, reject }));
  }

  #giveBack(session: Session): void {
    if (this.#isDead()) for (const { reject } of this.#queue.splice(0)) reject(this.#deathFault());
    if (session.ended !== null) return;
    const next = this.#queue.shift();
    if (next) next.resolve(session);
    else this.#idle.push(session);
  }

  #isDead(): boolean {
    return this.#all.every(({ ended }) => ended !== null);
  }

  #deathFault(): Fault {
    return new Fault("engine-failed", {
      what: "no thread of the pool serves any more",
      got: this.#all.map(({ ended }) => ended).join("; "),
    });
  }
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
