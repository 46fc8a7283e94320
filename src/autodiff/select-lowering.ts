/** Lowerings are tried once before they are used: operators that are no public contract may be gone, and a device may be wrong. */
import { describeError } from "../core/index.js";
import {
  type Device,
  Engine,
  type Feeds,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  splitModel,
} from "../onnx/index.js";
import { gradient } from "./gradient.js";
import { toHalfPrecision } from "./half-precision.js";
import { fastLowerings, type Lowering, plainLowering } from "./lowering.js";
import { valueShapes } from "./memory.js";

/** A part of a lowering, and what is wrong with it. */
export interface RefusedPart {
  readonly part: keyof Lowering;
  readonly reason: string;
}

/** What a device's lowering came to. */
export interface SelectedLowering {
  readonly lowering: Lowering;
  /** Parts that stay plain, and why: the operator is missing, or computes something else here. */
  readonly dropped: readonly RefusedPart[];
  /** Parts that the device gets wrong in plain operators too: nothing should be trained there. None on the CPU, which the others are compared with. */
  readonly wrong: readonly RefusedPart[];
}

const selected = new Map<Device, Promise<SelectedLowering>>();

/**
 * The fastest lowering of a device whose every part, computed there, agrees with the plain one on the CPU; tried once a process. Where the
 * device cannot be opened all parts are `wrong`.
 */
export function selectLowering(device: Device, engine?: Engine): Promise<SelectedLowering> {
  const known = selected.get(device) ?? tryLowering(fastLowerings[device], engine, device);
  selected.set(device, known);
  return known;
}

/** Tries each part by itself. */
export async function tryLowering(
  fast: Partial<Lowering>,
  engine?: Engine,
  device: Device = "cpu",
): Promise<SelectedLowering> {
  const own = engine ?? new Engine();
  let lowering = plainLowering;
  const [dropped, wrong]: RefusedPart[][] = [[], []];
  try {
    for (const part of Object.keys(plainLowering) as (keyof Lowering)[]) {
      const tried = fast[part] ? { ...plainLowering, [part]: fast[part] } : plainLowering;
      if (tried === plainLowering && device === "cpu") continue;
      const reason = await disagreement(tried, part, own, device);
      if (reason === null) lowering = { ...lowering, [part]: tried[part] };
      else {
        if (fast[part]) dropped!.push({ part, reason });
        const plain = device === "cpu" ? null : await disagreement(plainLowering, part, own, device);
        if (plain !== null) wrong!.push({ part, reason: plain });
      }
    }
  } finally {
    if (!engine) await own.close();
  }
  return { lowering, dropped: dropped!, wrong: wrong! };
}

/** Any will do: the trials' gradients are neither small nor large. */
const trialScale = 8;

/** Largest difference that is rounding, relative to the largest number. */
const tolerance = 1e-4;

/** Why a part, computed on a device, differs from plain operators on the CPU; null where they agree. */
async function disagreement(
  candidate: Lowering,
  part: keyof Lowering,
  engine: Engine,
  device: Device,
): Promise<string | null> {
  try {
    for (const sizes of trials[part]) {
      const { model, feeds } = trial(part, sizes);
      const expected = await differentiate(model, feeds, plainLowering, engine, "cpu");
      const actual = await differentiate(model, feeds, candidate, engine, device);
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0) / scale;
      if (!(worst <= tolerance)) return `it differs from the plain operators by ${worst}`;
    }
    return null;
  } catch (error) {
    return describeError(error);
  }
}

async function differentiate(
  model: ModelProto,
  feeds: Feeds,
  lowering: Lowering,
  engine: Engine,
  device: Device,
  isHalf = false,
): Promise<Float32Array> {
  const loss = { kind: "value", value: "loss" } as const;
  const full = await gradient(model, { loss, trainable: () => true, inputs: ["x"], lowering, engine });
  const half = isHalf ? toHalfPrecision(full, (await valueShapes(full.model, {}, engine))(images)) : null;
  const result = half ?? full;
  const scale = half === null ? {} : { [half.lossScale]: float32([], Float32Array.of(trialScale)) };
  const session = await engine.open(splitModel(result.model), { threads: 1, device });
  try {
    if (session.placed.refusal !== null) throw new Error(session.placed.refusal);
    const outputs = await session.run({ ...feeds, ...scale }, [...result.gradients.values()]);
    return Float32Array.from(Object.values(outputs).flatMap((tensor) => [...floats(tensor)]));
  } finally {
    await session.release();
  }
}

const halfRefusals = new Map<Device, Promise<string | null>>();

/** Why gradients in mixed precision are of no use on a device; null where they are right. Tried once a process. */
export function refuseHalf(device: Device, engine: Engine): Promise<string | null> {
  const known = halfRefusals.get(device) ?? tryHalf(device, engine).catch((error: unknown) => describeError(error));
  halfRefusals.set(device, known);
  return known;
}

/** Largest difference that is rounding in mixed precision, in the norm of the whole gradient: at a kink single numbers may be another. */
const halfTolerance = 0.1;

async function tryHalf(device: Device, engine: Engine): Promise<string | null> {
  const { lowering } = await selectLowering(device, engine);
  for (const part of Object.keys(trials) as (keyof Lowering)[])
    for (const sizes of trials[part]) {
      const { model, feeds } = trial(part, sizes);
      const expected = await differentiate(model, feeds, plainLowering, engine, "cpu");
      const actual = await differentiate(model, feeds, lowering, engine, device, true);
      const distance = Math.hypot(...expected.map((value, i) => value - actual[i]!)) / Math.hypot(...expected);
      if (!(distance <= halfTolerance)) return `${part} in float16 differs from float32 by ${distance.toPrecision(2)}`;
    }
  return null;
}

/** Of a convolution: channels in, channels out, groups, side of the kernel, stride. */
type Sizes = readonly [number, number, number, number, number];

/** Convolutions that take each path. */
const trials: Readonly<Record<keyof Lowering, readonly Sizes[]>> = {
  mask: [[4, 4, 1, 1, 1]],
  strided: [
    [32, 32, 32, 3, 2],
    [8, 16, 1, 3, 2],
    [6, 12, 3, 3, 2],
    [6, 12, 6, 3, 2],
  ],
  pointwise: [[16, 24, 1, 1, 1]],
  depthwise: [[32, 32, 32, 3, 2]],
  dense: [[3, 16, 1, 3, 2]],
  grouped: [[8, 16, 2, 3, 1]],
  maximum: [[4, 4, 1, 1, 1]],
};

const [images, side] = [2, 12];

/** loss = Σ c · clip(max-pool(w ∗ x), 0, 1), with SAME padding where the stride makes it lopsided; the pool changes no size. */
function trial(
  part: keyof Lowering,
  [inputs, outputs, group, kernel, stride]: Sizes,
): { readonly model: ModelProto; readonly feeds: Feeds } {
  const graph = new GraphBuilder();
  const dims = [images, inputs, side, side];
  graph.input({ name: "x", type: "float32", dims });
  const w = graph.floats(
    wave(outputs * (inputs / group) * kernel * kernel),
    [outputs, inputs / group, kernel, kernel],
    "w",
  );
  const attributes = { group: BigInt(group), strides: [BigInt(stride), BigInt(stride)], auto_pad: "SAME_UPPER" };
  const map = graph.node("Conv", ["x", w], attributes);
  const window = { kernel_shape: [3n, 3n], auto_pad: "SAME_LOWER" };
  const pooled = part === "maximum" ? graph.node("MaxPool", [map], window) : map;
  const clipped = graph.node("Clip", [pooled, graph.floats([0], []), graph.floats([1], [])]);
  const size = Math.ceil(side / stride);
  const c = graph.floats(wave(images * outputs * size * size), [images, outputs, size, size]);
  graph.node("ReduceSum", [graph.node("Mul", [clipped, c])], { keepdims: 0n }, "loss");
  return { model: graph.model, feeds: { x: float32(dims, wave(images * inputs * side * side)) } };
}

/** Numbers without a pattern that an error could hide in. */
function wave(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.7));
}
