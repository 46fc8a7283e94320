/** How large the per-user cache is, and how it is kept within its limit: what is oldest goes first. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../core/index.js";
import { errorCode, writing } from "./files.js";
import type { Environment } from "./folders.js";

export interface CacheEntry {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/** All that assay writes below a cache folder; other files there are nobody's business. */
const parts = ["features", "scans"] as const;

/** Every file of the cache; one that vanishes meanwhile is left out. */
export async function listCache(folder: string): Promise<readonly CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for (const part of parts)
    for (const name of await readdir(join(folder, part), { recursive: true }).catch(none)) {
      const path = join(folder, part, name);
      const found = await stat(path).catch(() => null);
      if (found?.isFile()) entries.push({ path, bytes: found.size, writtenAt: found.mtimeMs });
    }
  return entries;
}

function none(error: unknown): string[] {
  if (errorCode(error) === "ENOENT") return [];
  throw error;
}

/** Removes everything that assay wrote there. Throws `output-unwritable`. */
export async function clearCache(folder: string): Promise<void> {
  for (const part of parts) await writing(folder, () => rm(join(folder, part), { recursive: true, force: true }));
}

/** Removes the oldest files until the rest fits; returns the bytes removed. Throws `output-unwritable`. */
export async function pruneCache(folder: string, limitBytes: number): Promise<number> {
  const entries = (await listCache(folder)).toSorted((a, b) => a.writtenAt - b.writtenAt);
  let excess = entries.reduce((sum, { bytes }) => sum + bytes, 0) - limitBytes;
  let removed = 0;
  for (const { path, bytes } of entries) {
    if (excess <= 0) break;
    await writing(path, () => rm(path, { force: true }));
    excess -= bytes;
    removed += bytes;
  }
  return removed;
}

const usualLimit = 20e9;

/** Bytes that the cache may take: ASSAY_CACHE_LIMIT in GB, else 20 GB. Throws `usage` where that is no number. */
export function cacheLimit(environment: Environment = process.env): number {
  const given = environment.ASSAY_CACHE_LIMIT;
  if (given === undefined || given === "") return usualLimit;
  const gigabytes = Number(given);
  if (gigabytes >= 0) return gigabytes * 1e9;
  throw new Fault("usage", { what: "ASSAY_CACHE_LIMIT is no number of GB", expected: "such as 5", got: given });
}
