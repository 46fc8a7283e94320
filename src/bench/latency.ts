/** Latency of a model: single-image runs timed one by one inside the engine's thread, after warm-up. */
import { names } from "../backbone/index.js";
import { type Device, openSession } from "../onnx/index.js";

export interface LatencyOptions {
  /** Side of the input square. */
  readonly size: number;
  readonly threads: number;
  readonly runs: number;
  /** The CPU unless said. */
  readonly device?: Device;
}

/** Milliseconds of each run of one image [1, size, size, 3] through a model, a file or its bytes. Throws `engine-failed`. */
export async function measureLatency(
  model: string | Uint8Array,
  { size, threads, runs, device = "cpu" }: LatencyOptions,
): Promise<Float64Array> {
  const session = await openSession(model, { threads, device });
  try {
    const data = new Uint8Array(size * size * 3).map((_, i) => (i * 31) % 256);
    return await session.time({ [names.image]: { type: "uint8", dims: [1, size, size, 3], data } }, 20, runs);
  } finally {
    await session.close();
  }
}
