/** What learning cost: this process's own time, that of earlier processes of the run, and what features from the cache once took. */
import { readFile } from "node:fs/promises";
import { peakMemoryBytes } from "../bench/index.js";
import type { Extraction } from "../features/index.js";
import { writeJson } from "../store/index.js";

/** What earlier processes of a run spent, as it is kept in its folder. */
interface Spent {
  readonly seconds: number;
  readonly peakBytes: number;
  /** Features whose time is part of the seconds: to find them in the cache costs nothing more. */
  readonly taps: readonly string[];
}

/** A kill loses so much of the count. */
const saveEveryMs = 5000;

export class Workload {
  readonly #path: string | null;
  readonly #before: Spent;
  readonly #start = performance.now();
  /** Of features from the cache, by tap. */
  readonly #earlierSeconds = new Map<string, number>();
  #earlierPeakBytes: number;
  readonly #timer: NodeJS.Timeout | null;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string | null, before: Spent) {
    this.#path = path;
    this.#before = before;
    this.#earlierPeakBytes = before.peakBytes;
    this.#timer = path === null ? null : setInterval(() => this.#save(), saveEveryMs).unref();
  }

  /** Goes on counting where an earlier process of the run, which kept its count in the file, was ended; null: nothing is kept. */
  static async open(path: string | null): Promise<Workload> {
    const text = path === null ? null : await readFile(path, "utf8").catch(() => null);
    const none = { seconds: 0, peakBytes: 0, taps: [] };
    return new Workload(path, text === null ? none : (JSON.parse(text) as Spent));
  }

  /** Notes what an extraction took from the cache; a tap that is used again counts once, by its largest part. */
  async record(work: Promise<Extraction>): Promise<Extraction> {
    const extraction = await work;
    for (const [key, { seconds, peakBytes }] of extraction.earlier) {
      const counted = this.#before.taps.includes(key) ? 0 : seconds;
      this.#earlierSeconds.set(key, Math.max(counted, this.#earlierSeconds.get(key) ?? 0));
      this.#earlierPeakBytes = Math.max(this.#earlierPeakBytes, peakBytes);
    }
    return extraction;
  }

  /** Seconds since learning began, interruptions left out and work reused from the cache counted as when it was done. */
  get seconds(): number {
    const earlier = [...this.#earlierSeconds.values()].reduce((a, b) => a + b, 0);
    return this.#before.seconds + earlier + (performance.now() - this.#start) / 1000;
  }

  /** Peak resident memory in bytes of the processes that did the work. */
  get peakBytes(): number {
    return Math.max(peakMemoryBytes(), this.#earlierPeakBytes);
  }

  /** Keeps the count so far. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#save();
    await this.#saving;
  }

  /** One after the other; a full disk shows where something is written that matters more. */
  #save(): void {
    const path = this.#path;
    if (path === null) return;
    const taps = [...new Set([...this.#before.taps, ...this.#earlierSeconds.keys()])];
    const spent: Spent = { seconds: this.seconds, peakBytes: this.peakBytes, taps };
    this.#saving = this.#saving.then(() => writeJson(path, spent)).catch(() => {});
  }
}
