/** How much the service takes upon itself at once: more is refused at once rather than kept waiting without end. */
import { checkInterrupted, Fault, formatBytes } from "../core/index.js";

export interface AdmissionLimits {
  /** Photographs decoded and classified side by side. */
  readonly running: number;
  /** Photographs that wait for their turn. */
  readonly waiting: number;
  /** Bytes of all uploads that are held in memory. */
  readonly heldBytes: number;
}

/** The bytes of one upload, held until they are released. */
export interface Hold {
  /** Throws `service-busy`. */
  add(bytes: number): void;
  release(): void;
}

/** First come, first served. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #heldBytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs a task as soon as there is room; one that nobody waits for any more, as `gone` says, gives its place in the queue away and
   * is not begun. Throws `service-busy` where too many wait already, `interrupted` where it was given up.
   */
  async run<T>(task: () => Promise<T>, gone?: AbortSignal): Promise<T> {
    checkInterrupted(gone);
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn(gone);
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  hold(): Hold {
    let held = 0;
    return {
      add: (bytes) => {
        if (this.#heldBytes + bytes > this.#limits.heldBytes)
          throw busy(`${formatBytes(this.#limits.heldBytes)} of uploads are in memory`);
        held += bytes;
        this.#heldBytes += bytes;
      },
      release: () => {
        this.#heldBytes -= held;
        held = 0;
      },
    };
  }

  /** Resolves when the place of a task that has ended is handed over. */
  async #turn(gone?: AbortSignal): Promise<void> {
    const { waiting } = this.#limits;
    if (this.#waiting.length >= waiting) throw busy(`${waiting} photographs wait already`);
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        gone?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new Fault("interrupted", { what: "nobody waits for the answer any more" }));
      };
      this.#waiting.push(enter);
      gone?.addEventListener("abort", leave, { once: true });
    });
  }
}

function busy(got: string): Fault {
  return new Fault("service-busy", { what: "the service is busy", got });
}
