/** The ledger: every opening of test photographs, by content, in the user's state folder. One file per opening, never rewritten. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, sha256 } from "../core/index.js";
import { errorCode, makeFolder, writeJson } from "./files.js";

export interface Opening {
  /** ISO 8601. */
  readonly at: string;
  readonly bundleHash: string;
  /** Pixel hashes of the photographs, shortened to 16 digits. */
  readonly images: readonly string[];
}

export interface Ledger {
  /**
   * Records that a bundle sees these test photographs and returns which opening this is: 1 when no other bundle has seen any of
   * them, else one more than the number of other bundles that the most-opened photograph was shown to. The same bundle again is free.
   */
  open(bundleHash: string, images: readonly string[]): Promise<{ opening: number; earlier: readonly Opening[] }>;
}

const digits = 16;

/** Opens the ledger in a folder. Throws `output-unwritable` when it cannot be kept. */
export function openLedger(folder: string, now: () => Date): Ledger {
  return {
    open: async (bundleHash, images) => {
      const shortened = images.map((hash) => hash.slice(0, digits)).toSorted();
      const openings = await readOpenings(folder);
      const repeated = openings.some((one) => one.bundleHash === bundleHash && covers(one, shortened));
      if (!repeated) {
        const record: Opening = { at: now().toISOString(), bundleHash, images: shortened };
        await makeFolder(folder);
        await writeJson(
          join(folder, `${record.at.replaceAll(":", "-")}-${sha256(JSON.stringify(record)).slice(0, 12)}.json`),
          record,
        );
      }
      const earlier = precedents(openings, bundleHash, shortened);
      return { opening: 1 + mostOpened(earlier, shortened), earlier };
    },
  };
}

/** Openings by other bundles before this bundle first saw the photographs. */
function precedents(openings: readonly Opening[], bundleHash: string, images: readonly string[]): Opening[] {
  const wanted = new Set(images);
  const first = openings.findIndex((one) => one.bundleHash === bundleHash && covers(one, images));
  const before = first < 0 ? openings : openings.slice(0, first);
  return before.filter((one) => one.bundleHash !== bundleHash && one.images.some((image) => wanted.has(image)));
}

function mostOpened(openings: readonly Opening[], images: readonly string[]): number {
  const seenBy = new Map<string, Set<string>>(images.map((image) => [image, new Set()]));
  for (const opening of openings) for (const image of opening.images) seenBy.get(image)?.add(opening.bundleHash);
  return Math.max(0, ...[...seenBy.values()].map((bundles) => bundles.size));
}

function covers(opening: Opening, images: readonly string[]): boolean {
  const seen = new Set(opening.images);
  return images.every((image) => seen.has(image));
}

async function readOpenings(folder: string): Promise<Opening[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const files = names.filter((name) => name.endsWith(".json")).toSorted();
  return Promise.all(files.map((name) => readOpening(join(folder, name))));
}

async function readOpening(path: string): Promise<Opening> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Opening;
  } catch (error) {
    throw new Fault("internal", {
      what: `the ledger entry ${path} cannot be read`,
      remedy: "restore it from a backup; without it nobody can say how often the test photographs were used",
      cause: error,
    });
  }
}
