/** The test share of a folder of photographs never shrinks on this machine: who was a test photograph stays one when others come. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../core/index.js";
import { writeJson } from "./files.js";

/**
 * The larger of the wanted share and the one that earlier runs on this folder had, which is remembered in the state folder.
 * Throws `output-unwritable`.
 */
export async function keepTestShare(stateFolder: string, images: string, wanted: number): Promise<number> {
  const path = sharePath(stateFolder, images);
  const earlier = await readShare(path);
  if (earlier >= wanted) return earlier;
  await writeJson(path, { images, share: wanted });
  return wanted;
}

/** The share that earlier runs on this folder had, else the usual one. */
export async function recallTestShare(stateFolder: string, images: string, usual: number): Promise<number> {
  return (await readShare(sharePath(stateFolder, images))) || usual;
}

function sharePath(stateFolder: string, images: string): string {
  return join(stateFolder, "test-shares", `${sha256(images).slice(0, 24)}.json`);
}

/** The remembered share; 0 where there is none, or it is none. */
async function readShare(path: string): Promise<number> {
  try {
    const { share } = JSON.parse(await readFile(path, "utf8")) as { share: unknown };
    return typeof share === "number" && share > 0 && share < 1 ? share : 0;
  } catch {
    return 0;
  }
}
