/** Real networks: the gradient of the loss against the slope that the loss has along it. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { foldBatchNorm, gradient, readWeights, replaceWeights, selectLowering } from "../src/autodiff/index.js";
import { random } from "../src/core/index.js";
import {
  Engine,
  expandHalf,
  type Feeds,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  readModel,
  splitModel,
} from "../src/onnx/index.js";
import { sharedPath } from "./shared.js";

const models = resolve(import.meta.dirname, "..", "models");
const shared = (name: string): string => join(sharedPath ?? "", "weights", name);

const networks = [
  { name: "efficientnet-lite0", path: join(models, "efficientnet-lite0.onnx"), side: 224, logits: true },
  { name: "efficientnet-lite2", path: join(models, "efficientnet-lite2.onnx"), side: 260, logits: true },
  { name: "efficientnetv2-b0", path: shared("efficientnetv2-b0.onnx"), side: 96, logits: true },
  { name: "mobilenetv2", path: shared("mobilenetv2-7-features.onnx"), side: 96, logits: false },
];

const engine = new Engine();
afterAll(() => engine.close());

const images = 2;
const classes = 1000;
const labels = [17, 401];

/** A network with logits: its own, or of a random head on its features. */
async function load(path: string, hasLogits: boolean): Promise<ModelProto> {
  const model = await readModel(path);
  expandHalf(model);
  if (hasLogits) return model;
  const graph = new GraphBuilder(model);
  const source = random(3, "head");
  const head = Float32Array.from({ length: 1280 * classes }, () => source.normal() / 36);
  graph.node("MatMul", ["features", graph.floats(head, [1280, classes], "head")], {}, "logits");
  graph.result("logits");
  return model;
}

function pictures(side: number): Feeds {
  const source = random(5, "pixels");
  const coarse = Float32Array.from({ length: images * 3 * 64 }, () => source.between(-1, 1));
  const pixels = new Float32Array(images * 3 * side * side);
  // Smooth patches, as photographs have: 8 × 8 colors.
  for (let i = 0; i < pixels.length; i++) {
    const [plane, y, x] = [Math.floor(i / (side * side)), Math.floor(i / side) % side, i % side];
    pixels[i] = coarse[plane * 64 + Math.floor((y * 8) / side) * 8 + Math.floor((x * 8) / side)]!;
  }
  return { input: float32([images, 3, side, side], pixels) };
}

/** The cross-entropy in double precision. */
async function lossOf(model: ModelProto, feeds: Feeds): Promise<number> {
  const session = await engine.open(splitModel(model), { threads: 2 });
  const logits = floats((await session.run(feeds, ["logits"]))["logits"]);
  await session.release();
  return labels.reduce((total, label, row) => {
    const scores = Array.from(logits.subarray(row * classes, (row + 1) * classes));
    const largest = Math.max(...scores);
    const sum = scores.reduce((all, score) => all + Math.exp(score - largest), 0);
    return total + largest + Math.log(sum) - scores[label]!;
  }, 0);
}

describe.each(networks)("$name", ({ path, side, logits }) => {
  const isThere = existsSync(path);
  if (!isThere) console.log(`skipped: ${path} is not there`);

  test.skipIf(!isThere)("the loss changes along its gradient as the gradient says", async () => {
    const model = foldBatchNorm(await load(path, logits));
    const { lowering } = await selectLowering("cpu", engine);
    const result = await gradient(model, {
      loss: { kind: "cross-entropy", logits: "logits", classes, targets: "labels", reduction: "sum" },
      trainable: () => true,
      sizes: { input: [3, side, side] },
      batch: images,
      lowering,
      engine,
    });
    const feeds = pictures(side);
    const session = await engine.open(splitModel(result.model), { threads: 2 });
    const outputs = await session.run({
      ...feeds,
      [result.lossInputs.targets!]: { type: "int64", dims: [images], data: BigInt64Array.from(labels, BigInt) },
    });
    await session.release();
    expect(Math.abs(floats(outputs[result.loss])[0]! - (await lossOf(model, feeds)))).toBeLessThan(1e-3);
    const gradients = new Map([...result.gradients].map(([name, output]) => [name, floats(outputs[output])]));
    const weights = readWeights(model, gradients.keys());
    // Each part of the network by itself, so that the largest gradients do not hide wrong small ones.
    const names = [...gradients.keys()];
    const parts = [names, ...thirds(names)];
    for (const part of parts) {
      const norm = Math.sqrt(part.reduce((total, name) => total + squares(gradients.get(name)!), 0));
      const step = 0.02 / norm;
      const at = (sign: number): Promise<number> => {
        const moved = part.map((name) => {
          const own = gradients.get(name)!;
          return [name, weights.get(name)!.map((value, i) => value + (sign * step * own[i]!) / norm)] as const;
        });
        return lossOf(replaceWeights(model, new Map(moved)), feeds);
      };
      const slope = ((await at(1)) - (await at(-1))) / (2 * step);
      expect(Math.abs(slope / norm - 1), `from ${part[0]}`).toBeLessThan(0.02);
    }
  });
});

function squares(values: Float32Array): number {
  return values.reduce((total, value) => total + value * value, 0);
}

function thirds<T>(items: readonly T[]): T[][] {
  const size = Math.ceil(items.length / 3);
  return [0, 1, 2].map((i) => items.slice(i * size, (i + 1) * size));
}
