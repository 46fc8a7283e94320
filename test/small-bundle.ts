/** Bundles for tests: one as a user gets it, by a run on drawn photographs, and ones of chosen parts, without any learning. */
import { join } from "node:path";
import { expect } from "vitest";
import { loadBackbone, plainRecipe, wholeLook } from "../src/backbone/index.js";
import { describeMachine } from "../src/bench/index.js";
import { type BundleParts, writeBundle } from "../src/bundle/index.js";
import { random } from "../src/core/index.js";
import type { View } from "../src/image/index.js";
import { describeService } from "../src/serve/index.js";
import { assay, newHome } from "./cli.js";
import { drawProducts } from "./products.js";

/** Runs `assay run` on a few drawn photographs and returns the folder of the bundle. */
export async function runSmallBundle(): Promise<string> {
  const home = newHome();
  const { err } = await assay(home, "run", await drawProducts(10), "--budget", "0", "--out", join(home, "run"));
  expect(err).toBe("");
  return join(home, "run", "bundle");
}

const labels = ["checks", "rings", "stripes"];

export type RandomBundleParts = Partial<BundleParts> & { readonly view?: View };

/** Writes a bundle with a head of seeded random weights, `parts` in place of what it would have. */
export async function writeRandomBundle(
  photographs: readonly Uint8Array[],
  { view, ...parts }: RandomBundleParts = {},
): Promise<string> {
  const folder = join(newHome(), "bundle");
  const backbone = await loadBackbone("efficientnet-lite0");
  const source = random(1, "head");
  const weight = Float32Array.from({ length: labels.length * backbone.row.width }, () => source.between(-0.1, 0.1));
  await writeBundle(folder, {
    recipe: view ? { view, looks: [wholeLook], branches: [{ backbone, size: view.size }] } : plainRecipe(backbone),
    head: { weight, bias: new Float32Array(labels.length) },
    temperature: 1.5,
    labels,
    calibrationImages: 6,
    goldenPhotographs: photographs,
    openApi: describeService(parts.labels ?? labels),
    provenance: {
      images: { train: ["a", "b", "c"], select: ["d"], calibrate: ["e"], test: ["f", "g"] },
      imageCount: 7,
      classCount: labels.length,
      classCounts: { checks: 1, rings: 2, stripes: 0 },
      seed: 1,
      strength: 1,
      outOfFoldAccuracy: 0.75,
      selectAccuracy: 0.5,
      trainingSeconds: 1,
      peakMemoryBytes: 1,
      machine: describeMachine(),
    },
    ...parts,
  });
  return folder;
}
