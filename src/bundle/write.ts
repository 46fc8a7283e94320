/** Writing a bundle: model, golden examples, provenance, pages, test file, and last the manifest that vouches for them. */
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMachine, platformKey } from "../bench/index.js";
import { Fault, sha256 } from "../core/index.js";
import { losslessCopy } from "../image/index.js";
import { SessionPool } from "../onnx/index.js";
import type { Story } from "../spec/index.js";
import { errorCode, makeFolder, writeFileAtomic } from "../store/index.js";
import { makeGolden } from "./golden.js";
import {
  type BundleContent,
  type BundleManifest,
  fileNames,
  hashContent,
  type Provenance,
  sealManifest,
} from "./manifest.js";
import { buildModel, type ModelParts } from "./model.js";
import { modelCard } from "./model-card.js";
import { bundleReadme } from "./readme.js";

export interface BundleParts extends ModelParts {
  readonly calibrationImages: number;
  readonly provenance: Provenance;
  /** File bytes of the photographs that become golden examples; never from test. */
  readonly goldenPhotographs: readonly Uint8Array[];
  /** The spec's story, for the model card. */
  readonly story?: Story;
  /** The OpenAPI document of a service for it. */
  readonly openApi: Readonly<Record<string, unknown>>;
}

/** The test that every bundle carries; a file of the package, since it is the same in all of them. */
const testTemplate = fileURLToPath(new URL("../../templates/bundle.test.mjs", import.meta.url));

/** Sides of golden photographs are reduced to this, in pixels. */
const goldenSide = 640;

/** Writes a bundle as a whole: the folder appears under its name when it is complete. */
export async function writeBundle(folder: string, parts: BundleParts): Promise<BundleManifest> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const model = buildModel(parts);
  const content = contentOf(parts, model);
  const files = new Map<string, string | Uint8Array>([
    [fileNames.model, model],
    [fileNames.provenance, `${JSON.stringify(parts.provenance, null, 2)}\n`],
    ...(await goldenFiles(model, content, parts.goldenPhotographs)),
    [fileNames.readme, bundleReadme(content, parts.provenance)],
    [fileNames.modelCard, modelCard(content, parts.provenance, parts.story)],
    [fileNames.test, await readFile(testTemplate)],
    [fileNames.openApi, `${JSON.stringify(parts.openApi, null, 2)}\n`],
  ]);
  const manifest = describe(content, files);
  await makeFolder(partial);
  for (const [name, data] of files) await writeFileAtomic(join(partial, name), data);
  await writeFileAtomic(join(partial, fileNames.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  await moveIntoPlace(partial, folder);
  return manifest;
}

function contentOf(parts: BundleParts, model: Uint8Array): BundleContent {
  const { labels, recipe, temperature, calibrationImages, decisionBias = null } = parts;
  return {
    labels,
    preprocessing: recipe.view,
    backbones: recipe.branches.map(({ backbone: { row }, size }) => {
      const { name, sha256: hash, license } = row;
      return { name, sha256: hash, license, size };
    }),
    looks: recipe.looks,
    calibration: { temperature, images: calibrationImages },
    decisionBias,
    model: sha256(model),
  };
}

function describe(content: BundleContent, files: ReadonlyMap<string, string | Uint8Array>): BundleManifest {
  const machine = describeMachine();
  return sealManifest({
    schema: 1,
    ...content,
    bundleHash: hashContent(content),
    versions: { assay: machine.assay, onnxruntime: machine.onnxruntime, libvips: machine.libvips },
    platform: platformKey(machine),
    files: Object.fromEntries([...files].map(([name, data]) => [name, sha256(data)])),
  });
}

async function goldenFiles(
  model: Uint8Array,
  content: BundleContent,
  photographs: readonly Uint8Array[],
): Promise<[string, string | Uint8Array][]> {
  const pool = await SessionPool.open(model, 1);
  try {
    const examples = [];
    const files: [string, string | Uint8Array][] = [];
    for (const [index, photograph] of photographs.entries()) {
      const copy = await losslessCopy(photograph, goldenSide);
      const golden = await makeGolden(index, copy, content, pool);
      examples.push(golden.example);
      files.push(...Object.entries(golden.files));
    }
    return [[fileNames.golden, `${JSON.stringify(examples, null, 2)}\n`], ...files];
  } finally {
    await pool.close();
  }
}

async function moveIntoPlace(partial: string, folder: string): Promise<void> {
  try {
    await rename(partial, folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(errorCode(error) ?? "")) throw error;
    throw new Fault("output-exists", { what: `there is a bundle in ${folder} already`, cause: error });
  }
}
