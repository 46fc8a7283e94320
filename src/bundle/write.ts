/** Writing a bundle: model, golden examples, provenance, README, and last the manifest that vouches for them. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeMachine, platformKey } from "../bench/index.js";
import { Fault, sha256 } from "../core/index.js";
import { losslessCopy } from "../image/index.js";
import { SessionPool } from "../onnx/index.js";
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
import { bundleReadme } from "./readme.js";

export interface BundleParts extends ModelParts {
  readonly calibrationImages: number;
  readonly provenance: Provenance;
  /** File bytes of the photographs that become golden examples; never from test. */
  readonly goldenPhotographs: readonly Uint8Array[];
}

/** Sides of golden photographs are reduced to this, in pixels. */
const goldenSide = 640;

/** Writes a bundle as a whole: the folder appears under its name when it is complete. */
export async function writeBundle(folder: string, parts: BundleParts): Promise<BundleManifest> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const model = buildModel(parts);
  const files = new Map<string, string | Uint8Array>([
    [fileNames.model, model],
    [fileNames.provenance, `${JSON.stringify(parts.provenance, null, 2)}\n`],
    ...(await goldenFiles(model, parts)),
  ]);
  const content: BundleContent = {
    labels: parts.labels,
    preprocessing: parts.view,
    backbone: { name: parts.backbone.row.name, sha256: parts.backbone.row.sha256, license: parts.backbone.row.license },
    calibration: { temperature: parts.temperature, images: parts.calibrationImages },
    decisionBias: null,
    model: sha256(model),
  };
  files.set(fileNames.readme, bundleReadme(content, parts.provenance));
  const manifest = describe(content, files);
  await makeFolder(partial);
  for (const [name, data] of files) await writeFileAtomic(join(partial, name), data);
  await writeFileAtomic(join(partial, fileNames.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  await moveIntoPlace(partial, folder);
  return manifest;
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

async function goldenFiles(model: Uint8Array, parts: BundleParts): Promise<[string, string | Uint8Array][]> {
  const pool = await SessionPool.open(model, 1);
  try {
    const examples = [];
    const files: [string, string | Uint8Array][] = [];
    for (const [index, photograph] of parts.goldenPhotographs.entries()) {
      const copy = await losslessCopy(photograph, goldenSide);
      const golden = await makeGolden(index, copy, parts.labels, parts.view, pool);
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
