/** Reading a bundle from outside: nothing is believed before the hashes agree, and every refusal names the file. */
import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { assayVersion, canonicalJson, Fault, sha256, sha256File } from "../core/index.js";
import { errorCode } from "../store/index.js";
import { type BundleManifest, fileNames, hashContent, type Provenance } from "./manifest.js";

const schema = 1;

/**
 * Reads assay.json and checks its schema and its own hashes; the files it names are `checkFiles`'s matter.
 * Throws `bundle-missing`, `bundle-invalid`.
 */
export async function readManifest(folder: string): Promise<BundleManifest> {
  const path = join(folder, fileNames.manifest);
  const text = await readFile(path, "utf8").catch(async (error: unknown) => {
    throw await explainMissing(folder, path, error);
  });
  const manifest = parseManifest(path, text);
  checkSeal(path, manifest);
  checkNames(path, manifest);
  return manifest;
}

/** Compares every file of the bundle with its hash. Throws `bundle-missing`, `bundle-invalid` for the first that is not as written. */
export async function checkFiles(folder: string, { files }: BundleManifest): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, hash]) => checkFile(join(folder, name), hash)));
}

/** Throws `bundle-missing`. */
export async function readProvenance(folder: string): Promise<Provenance> {
  const path = join(folder, fileNames.provenance);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw missingFile(path, error);
  });
  return JSON.parse(text) as Provenance;
}

function parseManifest(path: string, text: string): BundleManifest {
  const value = parseObject(text);
  if (typeof value?.schema === "number" && value.schema > schema) throw newerSchema(path, value.schema, value.versions);
  if (value?.schema !== schema || typeof value.files !== "object" || value.files === null)
    throw new Fault("bundle-invalid", { what: `${path} is no manifest of a bundle` });
  return value as unknown as BundleManifest;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null; // told by the caller, like JSON of another kind
  }
}

function newerSchema(path: string, got: number, versions: unknown): Fault {
  const writer = (versions as { assay?: unknown } | undefined)?.assay;
  const name = typeof writer === "string" ? `assay ${writer}` : "a newer version of assay";
  return new Fault("bundle-invalid", {
    what: `${path} was written by ${name}, which is newer than this one`,
    expected: `schema ${schema}, which assay ${assayVersion} reads`,
    got: `schema ${got}`,
    remedy: `use ${name}, or run again with this one`,
  });
}

/** The manifest's hash of itself, and the bundle's identity, are what its text gives. */
function checkSeal(path: string, manifest: BundleManifest): void {
  const { manifestHash, ...rest } = manifest;
  if (sha256(canonicalJson(rest)) === manifestHash && hashContent(manifest) === manifest.bundleHash) return;
  throw new Fault("bundle-invalid", {
    what: `${path} was changed after it was written`,
    expected: "the content that its own manifestHash and bundleHash were taken of",
    got: "another one",
  });
}

const requiredFiles = [fileNames.model, fileNames.provenance, fileNames.golden];

/** The manifest must vouch for every file that decides an answer, and name nothing outside the bundle. */
function checkNames(path: string, { files, model }: BundleManifest): void {
  const names = Object.keys(files);
  const outside = names.find((name) => name.split(/[\\/]/).includes("..") || isAbsolute(name));
  const missing = requiredFiles.find((name) => !(name in files));
  const problem =
    (outside !== undefined && `it names ${JSON.stringify(outside)}, which is not in the bundle`) ||
    (missing !== undefined && `it has no hash of ${missing}`) ||
    (files[fileNames.model] !== model && `it has two hashes of ${fileNames.model}`);
  if (problem) throw new Fault("bundle-invalid", { what: `${path} does not describe a whole bundle`, got: problem });
}

async function checkFile(path: string, expected: string): Promise<void> {
  const got = await sha256File(path).catch((error: unknown) => {
    throw missingFile(path, error);
  });
  if (got !== expected)
    throw new Fault("bundle-invalid", {
      what: `${path} is not the file that was written`,
      expected: `SHA-256 ${expected.slice(0, 12)}…, recorded in ${fileNames.manifest}`,
      got: `${got.slice(0, 12)}…`,
    });
}

/** Why a folder has no manifest: often a file, or the run's folder, was given in place of its bundle. */
async function explainMissing(folder: string, path: string, cause: unknown): Promise<Fault> {
  const found = await stat(folder).catch(() => null);
  if (found === null)
    return new Fault("bundle-missing", { what: `there is no folder ${JSON.stringify(folder)}`, cause });
  if (!found.isDirectory())
    return new Fault("bundle-missing", {
      what: `${JSON.stringify(folder)} is a file, not the folder of a bundle`,
      cause,
    });
  const inside = join(folder, "bundle");
  const isRun = await stat(join(inside, fileNames.manifest)).catch(() => null);
  if (isRun === null) return missingFile(path, cause);
  return new Fault("bundle-missing", {
    what: `${JSON.stringify(folder)} is the folder of a run, not of a bundle`,
    remedy: `give ${JSON.stringify(inside)}`,
    cause,
  });
}

function missingFile(path: string, cause: unknown): Fault {
  return new Fault("bundle-missing", { what: `cannot read ${path}`, got: errorCode(cause) ?? "an error", cause });
}
