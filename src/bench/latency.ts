/** Latency of a model: single-image runs timed one by one inside the engine's thread, after warm-up. */
import { names } from "../backbone/index.js";
import { type Device, openSession } from "../onnx/index.js";

export interface TimerOptions {
  /** Side of the input square. */
  readonly size: number;
  readonly threads: number;
  /** The CPU unless said. */
  readonly device?: Device;
}

export interface LatencyOptions extends TimerOptions {
  readonly runs: number;
}

/** A model that is open to be timed. */
export interface LatencyTimer {
  /** Milliseconds of a usual run, of a few that do not count. */
  readonly pilotMs: number;
  /** Milliseconds of each of so many runs of one image [1, size, size, 3], after `warmUp` that do not count. Throws `engine-failed`. */
  time(runs: number, warmUp?: number): Promise<Float64Array>;
  close(): Promise<void>;
}

/** The first runs of a session make its memory; these do not even count as a pilot. */
const firstRuns = 3;
const pilotRuns = 7;

/** Opens a model, a file or its bytes, in a thread of its own and warms it up. Throws `engine-failed`. */
export async function openTimer(
  model: string | Uint8Array,
  { size, threads, device = "cpu" }: TimerOptions,
): Promise<LatencyTimer> {
  const session = await openSession(model, { threads, device });
  const data = new Uint8Array(size * size * 3).map((_, i) => (i * 31) % 256);
  const time = (runs: number, warmUp = 0): Promise<Float64Array> =>
    session.time({ [names.image]: { type: "uint8", dims: [1, size, size, 3], data } }, warmUp, runs);
  try {
    const pilot = (await time(pilotRuns, firstRuns)).toSorted();
    return { pilotMs: pilot[pilotRuns >> 1]!, time, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Milliseconds of each of so many runs in a row. Throws `engine-failed`. */
export async function measureLatency(model: string | Uint8Array, options: LatencyOptions): Promise<Float64Array> {
  const timer = await openTimer(model, options);
  try {
    return await timer.time(options.runs, 10);
  } finally {
    await timer.close();
  }
}

export interface TimingLimits {
  /** Seconds that the wanted runs may take; the least may take twice as many. */
  readonly seconds: number;
  readonly wanted: number;
  /** With fewer there is no bound to hope for. */
  readonly least: number;
}

/** How many runs of so many milliseconds are timed. Decided before the first that counts: stopping by what is seen would flatter. */
export function affordableRuns(pilotMs: number, { seconds, wanted, least }: TimingLimits): number {
  const within = (limit: number): number => Math.floor((limit * 1000) / pilotMs);
  return Math.max(1, Math.min(wanted, Math.max(within(seconds), Math.min(least, within(2 * seconds)))));
}
