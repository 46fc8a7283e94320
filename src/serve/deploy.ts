/** A folder from which a container with the service is built: the bundle, the package that checked it, and the files around them. */
import { cp, mkdtemp, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BundleManifest } from "../bundle/index.js";
import { assayVersion, Fault } from "../core/index.js";
import { asDiskFault, errorCode, makeFolder, writeFileAtomic, writeJson, writing } from "../store/index.js";

export interface DeployOptions {
  /** The bundle's folder, opened and checked already. */
  readonly folder: string;
  readonly manifest: BundleManifest;
  /** A new or empty folder. */
  readonly out: string;
}

const packageRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Files of `templates/deploy` by the name that they get. npm leaves files whose name begins with a dot out of packages. */
const templates: Readonly<Record<string, string>> = {
  Dockerfile: "Dockerfile",
  "compose.yaml": "compose.yaml",
  "prometheus.yml": "prometheus.yml",
  ".dockerignore": "dockerignore",
  "README.md": "README.md",
};

/** What of the package a service needs; the backbones' weights are in the bundle's model already. */
const packageParts = ["bin", "dist", "templates", "web", "LICENSE", "NOTICE"];

/** Writes the folder as a whole and returns the names of its files. Throws `output-exists`, `output-unwritable`. */
export async function writeDeployment({ folder, manifest, out }: DeployOptions): Promise<readonly string[]> {
  await checkNew(out);
  const target = resolve(out);
  await makeFolder(dirname(target));
  // Of a name that nobody has: what lies beside the new folder is not ours to remove.
  const own = await writing(out, () => mkdtemp(`${target}.partial-`));
  const partial = join(own, "deployment"); // with the usual rights: `own` is closed to others
  try {
    await makeFolder(partial);
    await writeTemplates(partial, manifest);
    await copyBundle(folder, manifest, join(partial, "bundle"));
    await copyPackage(join(partial, "assay"));
    await removeEmpty(target);
    await rename(partial, target);
  } catch (error) {
    throw asDiskFault(out, error);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return [...Object.keys(templates), "assay", "bundle"];
}

async function checkNew(out: string): Promise<void> {
  const entries = await readdir(out).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw asDiskFault(out, error);
  });
  if (entries.length > 0) throw notEmpty(out);
}

/** As checked; one that has been filled since is refused by the system. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST") throw notEmpty(folder);
    if (errorCode(error) !== "ENOENT") throw error;
  });
}

function notEmpty(folder: string): Fault {
  return new Fault("output-exists", { what: `${folder} is not empty`, remedy: "give a new folder with --out" });
}

async function writeTemplates(target: string, { bundleHash, labels }: BundleManifest): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    model: bundleHash.slice(0, 12),
    version: assayVersion,
    classes: String(labels.length),
  };
  for (const [name, template] of Object.entries(templates)) {
    const text = await readFile(join(packageRoot, "templates", "deploy", template), "utf8");
    const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]!);
    await writeFileAtomic(join(target, name), filled);
  }
}

/** The files that the manifest vouches for, and no others that lie beside them. */
async function copyBundle(folder: string, { files }: BundleManifest, target: string): Promise<void> {
  for (const name of ["assay.json", ...Object.keys(files)]) await cp(join(folder, name), join(target, name));
}

async function copyPackage(target: string): Promise<void> {
  for (const part of packageParts) await cp(join(packageRoot, part), join(target, part), { recursive: true });
  const description = JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")) as PackageDescription;
  const { name, version, license, type, engines, bin, main, exports, dependencies } = description;
  const pinned: Record<string, string> = {};
  for (const [dependency, range] of Object.entries(dependencies))
    pinned[dependency] = (await installedVersion(dependency)) ?? range;
  await writeJson(join(target, "package.json"), {
    name,
    version,
    private: true,
    license,
    type,
    engines,
    bin,
    main,
    exports,
    dependencies: pinned,
  });
}

interface PackageDescription extends Readonly<Record<string, unknown>> {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The version in the nearest node_modules that has the package, as Node would find it. */
async function installedVersion(name: string): Promise<string | undefined> {
  for (let at = packageRoot; ; at = dirname(at)) {
    const text = await readFile(join(at, "node_modules", name, "package.json"), "utf8").catch(() => null);
    if (text !== null) return (JSON.parse(text) as { version?: string }).version;
    if (dirname(at) === at) return undefined;
  }
}
