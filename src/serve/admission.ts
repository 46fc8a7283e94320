/** How much the service takes upon itself at once: more is refused at once rather than kept waiting without end. */
import { Fault, formatBytes } from "../core/index.js";

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

  /** Runs a task as soon as there is room. Throws `service-busy` where too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn();
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
  async #turn(): Promise<void> {
    const { waiting } = this.#limits;
    if (this.#waiting.length >= waiting) throw busy(`${waiting} photographs wait already`);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function busy(got: string): Fault {
  return new Fault("service-busy", { what: "the service is busy", got });
}
