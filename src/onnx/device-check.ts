/**
 * The entry of a process that tries a device: a driver that ends the process, or writes to standard error, does so here. Runs a small
 * network there and on the CPU and prints one line of JSON: how long each took, or why the device is of no use.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describeError } from "../core/index.js";
import type { DeviceCheck } from "./choose-device.js";
import { type Device, devices } from "./device.js";
import { GraphBuilder } from "./graph.js";

/** Images [n, channels, side, side]. */
interface Size {
  readonly images: number;
  readonly side: number;
}

/** Enough to see whether the results are right, and to keep a device of any speed busy. */
const [little, much]: readonly Size[] = [
  { images: 1, side: 14 },
  { images: 4, side: 56 },
];
const [channels, wide, blocks] = [24, 144, 4] as const;

/** Inverted residuals with ReLU6, as the embedded networks have them (Sandler 2018, 1801.04381). */
function checkNetwork({ images, side }: Size): Uint8Array {
  const graph = new GraphBuilder();
  const limits = [graph.floats([0], []), graph.floats([6], [])];
  const wave = (count: number, fan: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) / Math.sqrt(fan));
  const convolve = (value: string, to: number, from: number, kernel: number, group: number): string => {
    const fan = (from / group) * kernel * kernel;
    const w = graph.floats(wave(to * fan, fan), [to, from / group, kernel, kernel]);
    const pad = BigInt(kernel >> 1);
    return graph.node("Conv", [value, w], { group: BigInt(group), pads: [pad, pad, pad, pad] });
  };
  let value = graph.input({ name: "x", type: "float32", dims: [images, channels, side, side] });
  for (let block = 0; block < blocks; block++) {
    const expanded = graph.node("Clip", [convolve(value, wide, channels, 1, 1), ...limits]);
    const filtered = graph.node("Clip", [convolve(expanded, wide, wide, 3, wide), ...limits]);
    value = graph.node("Add", [value, convolve(filtered, channels, wide, 1, 1)]);
  }
  graph.node("ReduceMean", [value], { axes: [2n, 3n], keepdims: 0n }, "y");
  graph.result("y");
  return graph.serialize();
}

interface Timed {
  readonly seconds: number;
  readonly y: Float32Array;
}

/** The quickest of a few runs, the first not counted: a device builds its programs in it. */
async function time(provider: string, threads: number, size: Size): Promise<Timed> {
  const settings = { executionProviders: [provider], intraOpNumThreads: threads, logSeverityLevel: 4 } as const;
  const session = await InferenceSession.create(checkNetwork(size), settings);
  const { images, side } = size;
  const pixels = Float32Array.from({ length: images * channels * side * side }, (_, i) => Math.sin(i * 0.7) * 2);
  const x = new Tensor("float32", pixels, [images, channels, side, side]);
  let [seconds, y] = [Infinity, new Float32Array(0)];
  for (let run = 0; run <= 3; run++) {
    const start = performance.now();
    const results = await session.run({ x });
    y = results.y!.data as Float32Array<ArrayBuffer>;
    if (run > 0) seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  await session.release();
  return { seconds, y };
}

/** Largest difference that is rounding, relative to the largest number: devices may add up in half the CPU's precision. */
const tolerance = 0.01;

/** Seconds that a run may take, so that the check is soon over. */
const mostSeconds = 1;

async function check(provider: string, threads: number, isRace: boolean): Promise<DeviceCheck> {
  const own = await time(provider, threads, little!);
  const cpu = await time(devices.cpu.provider, threads, little!);
  const scale = cpu.y.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const worst = cpu.y.reduce((most, value, i) => Math.max(most, Math.abs(value - own.y[i]!)), 0) / scale;
  if (!(worst <= tolerance)) return { problem: `its results differ from the CPU's by ${worst.toPrecision(2)}` };
  const growth = (much!.images * much!.side ** 2) / (little!.images * little!.side ** 2);
  const isSlow = own.seconds * growth > mostSeconds;
  const race =
    isRace && !isSlow
      ? [await time(provider, threads, much!), await time(devices.cpu.provider, threads, much!)]
      : [own, cpu];
  return { seconds: race[0]!.seconds, cpuSeconds: race[1]!.seconds };
}

const [name, threads, goal] = process.argv.slice(2);
const { provider } = devices[name as Device];
const answer = await check(provider, Number(threads), goal === "race").catch(
  (error: unknown): DeviceCheck => ({ problem: describeError(error) }),
);
process.stdout.write(`${JSON.stringify(answer)}\n`);
