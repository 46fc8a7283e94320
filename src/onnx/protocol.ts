/** What the main thread asks of a worker thread, and what comes back. */
import type { Feeds, Tensor } from "./tensor.js";

export interface SessionOptions {
  /** Threads within an operator. */
  readonly threads: number;
}

/** Each request with its answer. */
export interface Calls {
  create: { ask: { session: number; model: Uint8Array | string; options: SessionOptions }; answer: null };
  run: {
    ask: { session: number; feeds: Feeds; outputs: readonly string[] | null };
    answer: Readonly<Record<string, Tensor>>;
  };
  /** Runs `warmUp + runs` times on the same feeds and returns the milliseconds of the last `runs`. */
  time: { ask: { session: number; feeds: Feeds; warmUp: number; runs: number }; answer: Float64Array };
  release: { ask: { session: number }; answer: null };
}

export type CallName = keyof Calls;
export type Request = { [K in CallName]: { id: number; call: K; ask: Calls[K]["ask"] } }[CallName];
export type Reply = { id: number; answer: Calls[CallName]["answer"] } | { id: number; error: string };
