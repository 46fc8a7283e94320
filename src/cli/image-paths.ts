/** Which files `assay predict` looks at, in an order that does not depend on the file system, in bounded memory. */
import type { Dirent } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { claimedFormat } from "../image/index.js";
import { errorCode } from "../store/index.js";

/** So many names of a folder are held; a folder with more is read again for the next ones. */
const heldNames = 16_384;

/**
 * Files as given; folders by their image files at any depth, sorted by name, hidden ones left out. A folder that cannot be
 * read is given by its own path, so that reading it says why.
 */
export async function* imagePaths(paths: readonly string[], held = heldNames): AsyncGenerator<string> {
  for (const path of paths) {
    if ((await stat(path)).isDirectory()) yield* walk(path, held);
    else yield path;
  }
}

async function* walk(folder: string, held: number): AsyncGenerator<string> {
  try {
    for await (const entry of sortedEntries(folder, held)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* walk(path, held);
      else if (claimedFormat(entry.name) !== null && (await isFile(path, entry))) yield path;
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    yield folder;
  }
}

/** Of a link what it leads to counts; one that leads nowhere is kept, so that reading it says so. */
async function isFile(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(path).then(
    (target) => target.isFile(),
    () => true,
  );
}

/** The entries of a folder by name. */
async function* sortedEntries(folder: string, held: number): AsyncGenerator<Dirent> {
  let last = "";
  for (;;) {
    const next = await entriesAfter(folder, last, held);
    yield* next;
    if (next.length < held) return;
    last = next.at(-1)!.name;
  }
}

/** The first `held` entries whose names come after `last`; at most twice as many are in memory. */
async function entriesAfter(folder: string, last: string, held: number): Promise<Dirent[]> {
  let found: Dirent[] = [];
  const keepFirst = (): void => {
    found = found.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, held);
  };
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    if (entry.name.startsWith(".") || entry.name <= last) continue;
    found.push(entry);
    if (found.length >= 2 * held) keepFirst();
  }
  keepFirst();
  return found;
}
