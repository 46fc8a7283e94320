/** What the main thread asks of a worker thread, and what comes back. */
import type { Device } from "./device.js";
import type { Dimension } from "./proto.js";
import type { SplitModel } from "./split.js";
import type { ElementType, Feeds, Tensor } from "./tensor.js";

/** A serialized model, a model with its large tensors apart, or the path of a file that ONNX Runtime reads itself. */
export type ModelSource = Uint8Array | SplitModel | string;

export interface SessionOptions {
  /** Threads within an operator. */
  readonly threads: number;
  /** Where it is to run; the CPU unless said, and where the device refuses the model. What its provider lacks runs on the CPU as well. */
  readonly device?: Device;
  /** "all" unless said; "disabled" runs the graph node by node as it is written. */
  readonly optimization?: "all" | "disabled";
  /**
   * For a session of a few runs, as an optimizer's step has: memory comes from the process's heap, which the next session finds warm,
   * and not from an arena and a plan of the session's own, whose pages the system would have to make anew.
   */
  readonly shortLived?: boolean;
  /** false: no arena, for a process that is to stay small: what a run needed at its largest is given back. True unless said. */
  readonly arena?: boolean;
  /** false: memory is taken from the arena as it is needed, a few percent slower than by a plan of the whole run, which needs twice as much. True unless said. */
  readonly plan?: boolean;
  /** File that the graph is written to as ONNX Runtime optimized it, for this machine and this version of it. */
  readonly optimizedTo?: string;
}

/** A float32 output that is added up over runs, into shared memory. */
export interface SummedOutput {
  readonly name: string;
  readonly dims: readonly number[];
  readonly into: Float32Array;
}

/** An input that is made of numbers kept elsewhere. */
export interface BoundInput {
  readonly name: string;
  readonly dims: readonly number[];
  /** Where each of its elements stands among those numbers; −1: the element is 0. */
  readonly positions: Int32Array;
}

/** Where a session runs. */
export interface Placed {
  readonly device: Device;
  /** What ONNX Runtime said of the device that was asked for, where it is another one. */
  readonly refusal: string | null;
}

/** Each request with its answer. */
export interface Calls {
  create: { ask: { session: number; model: ModelSource; options: SessionOptions }; answer: Placed };
  run: {
    ask: { session: number; feeds: Feeds; outputs: readonly string[] | null };
    answer: Readonly<Record<string, Tensor>>;
  };
  /** Runs once for each of the feeds, and adds some outputs up. */
  sum: {
    ask: { session: number; runs: readonly Feeds[]; kept: readonly string[]; summed: readonly SummedOutput[] };
    answer: readonly Readonly<Record<string, Tensor>>[];
  };
  /** Makes inputs of a session that later runs need not be given; again with other numbers. */
  bind: { ask: { session: number; inputs: readonly BoundInput[]; numbers: Float32Array }; answer: null };
  /** Runs `warmUp + runs` times on the same feeds and returns the milliseconds of the last `runs`. */
  time: { ask: { session: number; feeds: Feeds; warmUp: number; runs: number }; answer: Float64Array };
  /** Without a run: types and sizes of the outputs that are tensors of numbers, as far as the runtime infers them. */
  declared: {
    ask: { session: number };
    answer: Readonly<Record<string, { readonly type: ElementType; readonly dims: readonly Dimension[] }>>;
  };
  /** Runs once and returns types and sizes of the outputs that are tensors of numbers. */
  shapes: {
    ask: { session: number; feeds: Feeds };
    answer: Readonly<Record<string, { readonly type: ElementType; readonly dims: readonly number[] }>>;
  };
  release: { ask: { session: number }; answer: null };
  /** Of every session: the memory of one that its thread ends with stays with the process. */
  releaseAll: { ask: null; answer: null };
}

export type CallName = keyof Calls;
export type Request = { [K in CallName]: { id: number; call: K; ask: Calls[K]["ask"] } }[CallName];
export type Reply = { id: number; answer: Calls[CallName]["answer"] } | { id: number; error: string };
