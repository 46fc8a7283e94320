/**
 * ResNet-50, ConvNeXt-T and ViT-S as PyTorch exports them, with random weights (scripts/make-architectures.py): folded, cut before their
 * last stage and trained.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  foldBatchNorm,
  type Gradient,
  gradient,
  readWeights,
  replaceWeights,
  selectLowering,
} from "../autodiff/index.js";
import { random, sha256 } from "../core/index.js";
import {
  Engine,
  type Feeds,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  parseModel,
  splitModel,
  type TensorProto,
  writeModel,
} from "../onnx/index.js";
import { makeFolder, removeFolders } from "../../test/photographs.js";
import { loadBackbone } from "../backbone/index.js";
import { encodePng } from "../image/index.js";
import { fineTune, findNetworkCuts, type Labelled, usualSettings } from "./index.js";
import { cutModel } from "./cut-model.js";
import { chooseCut } from "./cut-choice.js";
import { findCuts } from "./cut.js";

const engine = new Engine();
afterAll(() => engine.close());
afterAll(removeFolders);

const images = 4;
const classes = 5;

/** A network whose large weights are drawn, with the mean and the deviation that its file tells. */
async function load(name: string): Promise<ModelProto> {
  const path = join(import.meta.dirname, "fixtures", `${name}.onnx`);
  const model = parseModel(await readFile(path), path);
  const graph = model.graph!;
  const [given, left] = [graph.initializer, new GraphBuilder(model)];
  graph.initializer = [];
  for (const tensor of given) {
    if (tensor.externalData.length === 0) graph.initializer.push(tensor);
    else left.constant(float32(tensor.dims.map(Number), draw(name, tensor)), tensor.name);
  }
  return model;
}

/** Uniform: as good a start as normal numbers, and made in a fraction of the time. */
function draw(network: string, { name, dims, externalData }: TensorProto): Float32Array {
  const told = new Map(externalData.map(({ key, value }) => [key, Number(value)]));
  const source = random(1, network, name);
  const [mean, reach] = [told.get("mean")!, Math.sqrt(3) * told.get("deviation")!];
  const data = new Float32Array(dims.map(Number).reduce((total, size) => total * size, 1));
  for (let i = 0; i < data.length; i++) data[i] = source.between(mean - reach, mean + reach);
  return data;
}

function pictures(side: number): Feeds {
  const source = random(2, "pictures");
  const pixels = Float32Array.from({ length: images * 3 * side * side }, () => source.between(-2, 2));
  return { image: float32([images, 3, side, side], pixels) };
}

async function run(model: ModelProto, feeds: Feeds): Promise<ReadonlyMap<string, Float32Array>> {
  const session = await engine.open(splitModel(model), { threads: 2, shortLived: true });
  const outputs = await session.run(feeds);
  await session.release();
  return new Map(Object.entries(outputs).map(([name, tensor]) => [name, floats(tensor)]));
}

/** Loss and gradients with some weights. */
async function differentiate(
  { model, gradients, loss }: Gradient,
  feeds: Feeds,
  weights: ReadonlyMap<string, Float32Array>,
): Promise<{ readonly loss: number; readonly slopes: ReadonlyMap<string, Float32Array> }> {
  const outputs = await run(replaceWeights(model, weights), feeds);
  const slopes = new Map([...gradients].map(([name, output]) => [name, outputs.get(output)!] as const));
  return { loss: outputs.get(loss)![0]!, slopes };
}

/** w − rate · g */
function descend(
  weights: ReadonlyMap<string, Float32Array>,
  slopes: ReadonlyMap<string, Float32Array>,
  rate: number,
): Map<string, Float32Array> {
  return new Map(
    [...weights].map(([name, data]) => {
      const slope = slopes.get(name)!;
      return [name, data.map((value, i) => value - rate * slope[i]!)] as const;
    }),
  );
}

/** The fall of the loss that each step is as long as its slope foretells, as a part of it; the first is so short that it must come true. */
const falls = [0.01, 0.1];

const networks = [
  { name: "resnet50", side: 64, share: 0.2, value: "/layer3/layer3.5/act3/Relu_output_0", dims: [1024, 4, 4] },
  { name: "convnext-t", side: 64, share: 0.18, value: "permute_37", dims: [384, 4, 4] },
  { name: "vit-s", side: 112, share: 0.17, value: "add_921", dims: [50, 384] },
] as const;

test.each(networks)("$name is cut before its last stage and trained", async ({ name, side, share, value, dims }) => {
  const model = foldBatchNorm(await load(name));
  expect(model.graph!.node.filter(({ opType }) => opType === "BatchNormalization")).toEqual([]);
  const cut = chooseCut(await findCuts(model, { engine }), share)!;
  expect(cut).toMatchObject({ value, dims });
  const { prefix, suffix } = cutModel(model, cut);
  const kept = await run(prefix, pictures(side));
  const trained = new Set(cut.suffixWeights);
  const result = await gradient(suffix, {
    loss: { kind: "cross-entropy", logits: "logits", classes, targets: "labels", reduction: "sum" },
    trainable: (weight) => trained.has(weight),
    lowering: (await selectLowering("cpu")).lowering,
    engine,
  });
  expect([...result.gradients.keys()].toSorted()).toEqual(cut.suffixWeights.toSorted());
  const feeds: Feeds = {
    [cut.value]: float32([images, ...cut.dims], kept.get(cut.value)!),
    [result.lossInputs.targets!]: { type: "int64", dims: [images], data: BigInt64Array.of(0n, 1n, 2n, 3n) },
  };
  let weights: ReadonlyMap<string, Float32Array> = readWeights(suffix, cut.suffixWeights);
  const losses: number[] = [];
  for (const fall of [...falls, 0]) {
    const { loss, slopes } = await differentiate(result, feeds, weights);
    losses.push(loss);
    if (fall > 0) weights = descend(weights, slopes, (fall * loss) / squares(slopes));
  }
  const [first, second, last] = [losses[0]!, losses[1]!, losses.at(-1)!];
  expect((first - second) / (falls[0]! * first)).toBeGreaterThan(0.8);
  expect((first - second) / (falls[0]! * first)).toBeLessThan(1.2);
  expect(last).toBeLessThan(0.93 * first);
});

function squares(slopes: ReadonlyMap<string, Float32Array>): number {
  let total = 0;
  for (const slope of slopes.values()) for (const value of slope) total += value * value;
  return total;
}

/** Four photographs of noise, each a class of its own. */
async function album(side: number): Promise<{ readonly root: string; readonly part: Labelled }> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < images; i++) {
    const source = random(3, "album", i);
    files[`${i}.png`] = await encodePng(
      Uint8Array.from({ length: side * side * 3 }, () => source.below(256)),
      side,
      side,
    );
  }
  const photographs = Object.entries(files).map(([path, bytes]) => ({ path, fileHash: sha256(bytes) }));
  return { root: await makeFolder(files), part: { photographs, labels: Int32Array.of(0, 1, 2, 3) } };
}

test.each(networks)("$name is imported from its file and fine-tuned", async ({ name, side, share }) => {
  const folder = await makeFolder({});
  const path = join(folder, `${name}.onnx`);
  await writeModel(path, await load(name));
  const backbone = await loadBackbone(path, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const { width, view } = backbone.row;
  const branch = { backbone, size: side };
  const head = { weight: new Float32Array(classes * width), bias: new Float32Array(classes) };
  const cut = chooseCut(await findNetworkCuts(branch, head), share)!;
  const { root, part } = await album(side);
  const { history, parameters } = await fineTune({
    branch,
    head,
    root,
    train: part,
    select: part,
    view,
    settings: {
      ...usualSettings,
      epochs: 3,
      batch: images,
      draws: 1,
      averaging: 0,
      area: [1, 1],
      jitter: 0,
      warmUp: 0,
    },
    cut,
    threads: 2,
    seed: 1,
    folder,
    listen: () => undefined,
  });
  expect(parameters).toBe(cut.parameters);
  const losses = history.flatMap(({ learned }) => (learned ? [learned.loss] : []));
  expect(losses).toHaveLength(3);
  expect(losses[0]).toBeCloseTo(Math.log(classes), 5);
  expect(losses[1]).toBeLessThan(losses[0]!);
  expect(losses[2]).toBeLessThan(0.95 * losses[0]!);
});
