/** What the user gave as images, a folder or a manifest → labelled files. */
import { realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Fault } from "../core/index.js";
import { errorCode } from "../store/index.js";
import { readLayout, type Sources } from "./layout.js";
import { isManifest, readManifest } from "./manifest.js";
import { walkTree } from "./tree.js";

/** The folder, without links in its path, and the labelled files in it. Throws as `scan` does. */
export async function collectSources(
  root: string,
  signal?: AbortSignal,
): Promise<{ folder: string; sources: Sources }> {
  const { folder, manifest } = await openRoot(root);
  const sources = manifest === null ? await readFolder(folder, signal) : await readManifest(manifest, folder, signal);
  return { folder, sources };
}

/** A folder, or a manifest and the folder that it lies in. */
async function openRoot(root: string): Promise<{ folder: string; manifest: string | null }> {
  const absolute = resolve(root);
  try {
    const real = await realpath(absolute);
    const found = await stat(real);
    if (found.isDirectory()) return { folder: real, manifest: null };
    if (found.isFile() && isManifest(absolute))
      return { folder: await realpath(dirname(absolute)), manifest: absolute };
  } catch (error) {
    throw rootFault(absolute, error);
  }
  throw new Fault("images-missing", {
    what: `${absolute} is not a folder`,
    expected: "a folder with one sub-folder for each class, or a manifest (.csv, .jsonl)",
    got: "another file",
  });
}

async function readFolder(folder: string, signal: AbortSignal | undefined): Promise<Sources> {
  try {
    return readLayout(await walkTree(folder, signal));
  } catch (error) {
    throw error instanceof Fault ? error : rootFault(folder, error);
  }
}

function rootFault(path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new Fault("images-missing", { what: `there is no folder ${path}`, cause: error });
  if (code === "EACCES" || code === "EPERM")
    return new Fault("images-unreadable", { what: `${path} may not be read`, cause: error });
  return error;
}
