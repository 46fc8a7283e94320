/** Whole networks of the families that assay fine-tunes against PyTorch's float64 loss and gradients (scripts/make-network-gradients.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  Engine,
  type Feeds,
  float32,
  floats,
  type ModelProto,
  readModel,
  splitModel,
  type Tensor,
} from "../onnx/index.js";
import { caseValues } from "./cases.test-data.js";
import {
  type CrossEntropyLoss,
  foldBatchNorm,
  type Gradient,
  gradient,
  type Lowering,
  lossWeight,
  plainLowering,
} from "./index.js";
import { fastLowerings } from "./lowering.js";

interface Settings {
  readonly reduction: "sum" | "mean";
  readonly soft?: boolean;
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  readonly logitAdjustment?: readonly number[];
}

interface Network {
  readonly network: string;
  readonly loss: number;
  readonly settings: Settings;
  readonly imageSeed: number;
  /** Of each gradient every `step`-th number, and the norm of all. */
  readonly gradients: readonly { name: string; dims: readonly number[]; step: number; norm: number }[];
}

const fixtures = join(import.meta.dirname, "fixtures");
const networks = readFileSync(join(fixtures, "networks.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Network);
const samples = readSamples();
const engine = new Engine();
afterAll(() => engine.close());

const classes = 5;
const images = 3;
const side = 32;

function readSamples(): ReadonlyMap<string, Float32Array> {
  const numbers = new Float32Array(new Uint8Array(readFileSync(join(fixtures, "networks.bin"))).buffer);
  let at = 0;
  const read = (count: number): Float32Array => numbers.slice(at, (at += count));
  return new Map(
    networks.flatMap(({ network, gradients }) =>
      gradients.map(({ name, dims, step }) => {
        const size = dims.reduce((total, length) => total * length, 1);
        return [`${network}/${name}`, read(Math.ceil(size / step))] as const;
      }),
    ),
  );
}

function lossOf({ soft, ...settings }: Settings): CrossEntropyLoss {
  return { kind: "cross-entropy", logits: "logits", classes, targets: soft ? "distributions" : "labels", ...settings };
}

function targetsOf({ soft }: Settings): Tensor {
  if (!soft) return { type: "int64", dims: [images], data: BigInt64Array.from([0n, 2n, 4n]) };
  const raw = caseValues({ dims: [images * classes], seed: 99, low: 0, high: 1 }).map((value) => value + 0.125);
  const data = raw.map((value, i) => {
    const row = Math.floor(i / classes) * classes;
    return value / raw.slice(row, row + classes).reduce((total, one) => total + one, 0);
  });
  return float32([images, classes], data);
}

/** Rows `from` to `to` of a tensor. */
function rows(tensor: Tensor, from: number, to: number): Tensor {
  const width = tensor.data.length / tensor.dims[0]!;
  return {
    ...tensor,
    dims: [to - from, ...tensor.dims.slice(1)],
    data: tensor.data.slice(from * width, to * width),
  } as Tensor;
}

function feedsOf({ settings, imageSeed }: Network, { lossInputs }: Gradient, from = 0, to = images): Feeds {
  const dims = [images, 3, side, side];
  const pixels = caseValues({ dims, seed: imageSeed, low: -2, high: 2 });
  const targets = targetsOf(settings);
  const weight = lossWeight(lossOf(settings), targets.data);
  return {
    image: rows(float32(dims, pixels), from, to),
    [lossInputs.targets!]: rows(targets, from, to),
    ...(lossInputs.scale ? { [lossInputs.scale]: float32([], Float32Array.of(1 / weight)) } : {}),
  };
}

async function run(result: Gradient, ...batches: readonly Feeds[]): Promise<Map<string, Float32Array>> {
  const session = await engine.open(splitModel(result.model), { threads: 1, shortLived: true });
  const totals = new Map<string, Float32Array>();
  for (const feeds of batches)
    for (const [name, tensor] of Object.entries(await session.run(feeds))) {
      const before = totals.get(name);
      totals.set(
        name,
        floats(tensor).map((value, i) => value + (before?.[i] ?? 0)),
      );
    }
  await session.release();
  return totals;
}

const isWeight =
  (network: Network) =>
  (name: string): boolean =>
    network.gradients.some((one) => one.name === name);

function differentiate(network: Network, model: ModelProto, lowering: Lowering, batch?: number): Promise<Gradient> {
  const fixed = batch === undefined ? {} : { batch };
  return gradient(model, { loss: lossOf(network.settings), trainable: isWeight(network), lowering, engine, ...fixed });
}

/** Gradients that differ from PyTorch's by more than 1e-4 of their largest number. */
function wrongGradients(network: Network, result: Gradient, outputs: ReadonlyMap<string, Float32Array>): string[] {
  return network.gradients.flatMap(({ name, step, norm }) => {
    const expected = samples.get(`${network.network}/${name}`)!;
    const actual = outputs.get(result.gradients.get(name) ?? "");
    if (!actual) return [`${name}: none`];
    const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i * step]!)), 0) / scale;
    const ownNorm = Math.hypot(...actual);
    const normError = Math.abs(ownNorm - norm) / Math.max(norm, 1e-6);
    return worst <= 1e-4 && normError <= 1e-4 ? [] : [`${name}: ${worst}, norm ${ownNorm} for ${norm}`];
  });
}

describe.each(networks)("$network", (network) => {
  const path = join(fixtures, `${network.network}.onnx`);

  test.each([
    { how: "plain operators", lowering: plainLowering, batch: undefined },
    { how: "operators of the CPU", lowering: { ...plainLowering, ...fastLowerings.cpu }, batch: images },
  ])("loss and every gradient, $how", async ({ lowering, batch }) => {
    const result = await differentiate(network, await readModel(path), lowering, batch);
    const outputs = await run(result, feedsOf(network, result));
    expect(outputs.get(result.loss)![0]).toBeCloseTo(network.loss, 4);
    expect(wrongGradients(network, result, outputs)).toEqual([]);
  });

  test("micro-batches add up to the same loss and gradients", async () => {
    const result = await differentiate(network, await readModel(path), plainLowering);
    const outputs = await run(result, feedsOf(network, result, 0, 1), feedsOf(network, result, 1, images));
    expect(outputs.get(result.loss)![0]).toBeCloseTo(network.loss, 4);
    expect(wrongGradients(network, result, outputs)).toEqual([]);
  });

  test("only what lies between the loss and the trained weights is differentiated", async () => {
    const model = await readModel(path);
    const head = network.gradients.filter(({ name }) => name.startsWith("head.")).map(({ name }) => name);
    const all = await differentiate(network, model, plainLowering);
    const some = await gradient(model, {
      loss: lossOf(network.settings),
      trainable: (name) => head.includes(name),
      engine,
    });
    expect([...some.gradients.keys()].toSorted()).toEqual(head.toSorted());
    const forward = model.graph!.node.length;
    expect(some.model.graph!.node.length - forward).toBeLessThan((all.model.graph!.node.length - forward) / 4);
  });
});

describe.each(networks.filter(({ network }) => !["convnext", "vit"].includes(network)))(
  "$network, folded",
  (network) => {
    const path = join(fixtures, `${network.network}.onnx`);

    test("computes the same, and its gradients are those of the scaled weights", async () => {
      const model = await readModel(path);
      const folded = foldBatchNorm(model);
      expect(folded.graph!.node.filter(({ opType }) => opType === "BatchNormalization")).toEqual([]);
      expect(model.graph!.node.some(({ opType }) => opType === "BatchNormalization")).toBe(true);
      const [before, after] = [
        await differentiate(network, model, plainLowering),
        await differentiate(network, folded, plainLowering),
      ];
      const [own, scaled] = [await run(before, feedsOf(network, before)), await run(after, feedsOf(network, after))];
      expect(scaled.get(after.loss)![0]).toBeCloseTo(network.loss, 4);
      // w' = f · w by output channel, so that dw = f · dw': the ratio is one number a channel.
      for (const { name, dims } of network.gradients.filter((one) => one.dims.length === 4)) {
        const [dw, dFolded] = [own.get(before.gradients.get(name)!)!, scaled.get(after.gradients.get(name)!)!];
        const size = dw.length / dims[0]!;
        for (let m = 0; m < dims[0]!; m++) {
          const [a, b] = [dw, dFolded].map((values) => values.slice(m * size, (m + 1) * size)) as [
            Float32Array,
            Float32Array,
          ];
          const cosine =
            a.reduce((total, value, i) => total + value * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
          if (Math.hypot(...a) > 1e-5) expect(cosine, `${name}, channel ${m}`).toBeGreaterThan(1 - 1e-6);
        }
      }
    });
  },
);
