/** What learning cost: this run's own time, and what earlier runs spent on features that came from the cache. */
import { peakMemoryBytes } from "../bench/index.js";
import type { Extraction } from "../features/index.js";

export class Workload {
  readonly #start = performance.now();
  /** By tap. */
  readonly #earlierSeconds = new Map<string, number>();
  #earlierPeakBytes = 0;
  #addedSeconds = 0;

  /** Notes what an extraction took from the cache; a tap that is used again counts once, by its largest part. */
  async record(work: Promise<Extraction>): Promise<Extraction> {
    const extraction = await work;
    for (const [key, { seconds, peakBytes }] of extraction.earlier) {
      this.#earlierSeconds.set(key, Math.max(seconds, this.#earlierSeconds.get(key) ?? 0));
      this.#earlierPeakBytes = Math.max(this.#earlierPeakBytes, peakBytes);
    }
    return extraction;
  }

  /** Notes what an earlier process of this run spent on what is gone on with. */
  add(seconds: number, peakBytes: number): void {
    this.#addedSeconds += seconds;
    this.#earlierPeakBytes = Math.max(this.#earlierPeakBytes, peakBytes);
  }

  /** Seconds since learning began, work reused from the cache counted as when it was done. */
  get seconds(): number {
    const earlier = [...this.#earlierSeconds.values()].reduce((a, b) => a + b, 0);
    return earlier + this.#addedSeconds + (performance.now() - this.#start) / 1000;
  }

  /** Peak resident memory in bytes of the processes that did the work. */
  get peakBytes(): number {
    return Math.max(peakMemoryBytes(), this.#earlierPeakBytes);
  }
}
