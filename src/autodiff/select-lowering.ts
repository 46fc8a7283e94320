/** Fast lowerings are tried once before they are used: operators that are no public contract may be gone or changed. */
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
import { fastLowerings, type Lowering, plainLowering } from "./lowering.js";

/** What a device's lowering came to. */
export interface SelectedLowering {
  readonly lowering: Lowering;
  /** Parts that stay plain, and why: the operator is missing, or computes something else here. */
  readonly dropped: readonly { readonly part: keyof Lowering; readonly reason: string }[];
}

const selected = new Map<Device, Promise<SelectedLowering>>();

/** The fastest lowering of a device whose every part agrees with the plain one; tried once a process. Runs on the CPU provider. */
export function selectLowering(device: Device, engine?: Engine): Promise<SelectedLowering> {
  const known = selected.get(device) ?? tryLowering(fastLowerings[device], engine);
  selected.set(device, known);
  return known;
}

/** Tries each part by itself. */
export async function tryLowering(fast: Partial<Lowering>, engine?: Engine): Promise<SelectedLowering> {
  const own = engine ?? new Engine();
  let lowering = plainLowering;
  const dropped: { part: keyof Lowering; reason: string }[] = [];
  try {
    for (const part of Object.keys(fast) as (keyof Lowering)[]) {
      const candidate = { ...plainLowering, [part]: fast[part] };
      const reason = await disagreement(candidate, part, own).catch((error: unknown) => describeError(error));
      if (reason === null) lowering = { ...lowering, [part]: fast[part] };
      else dropped.push({ part, reason });
    }
  } finally {
    if (!engine) await own.close();
  }
  return { lowering, dropped };
}

/** Largest difference that is rounding, relative to the largest number. */
const tolerance = 1e-4;

/** Why the two differ; null where they agree. */
async function disagreement(candidate: Lowering, part: keyof Lowering, engine: Engine): Promise<string | null> {
  const { model, feeds } = trial(part);
  const expected = await differentiate(model, feeds, plainLowering, engine);
  const actual = await differentiate(model, feeds, candidate, engine);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0) / scale;
  return worst <= tolerance ? null : `it differs from the plain operators by ${worst}`;
}

async function differentiate(
  model: ModelProto,
  feeds: Feeds,
  lowering: Lowering,
  engine: Engine,
): Promise<Float32Array> {
  const loss = { kind: "value", value: "loss" } as const;
  const result = await gradient(model, { loss, trainable: () => true, inputs: ["x"], lowering, engine });
  const session = await engine.open(splitModel(result.model), { threads: 1 });
  const outputs = await session.run(feeds, [...result.gradients.values()]);
  await session.release();
  return Float32Array.from(Object.values(outputs).flatMap((tensor) => [...floats(tensor)]));
}

/** Sizes of a convolution that takes each path: [channels in, channels out, groups, side of the kernel, stride]. */
const trials: Readonly<Record<keyof Lowering, readonly [number, number, number, number, number]>> = {
  mask: [4, 4, 1, 1, 1],
  strided: [32, 32, 32, 3, 2],
  pointwise: [16, 24, 1, 1, 1],
  depthwise: [32, 32, 32, 3, 2],
  dense: [3, 16, 1, 3, 2],
  grouped: [8, 16, 2, 3, 1],
  maximum: [4, 4, 1, 1, 1],
};

const [images, side] = [2, 12];

/** loss = Σ c · clip(max-pool(w ∗ x), 0, 1), with SAME padding where the stride makes it lopsided; the pool changes no size. */
function trial(part: keyof Lowering): { readonly model: ModelProto; readonly feeds: Feeds } {
  const [inputs, outputs, group, kernel, stride] = trials[part];
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
