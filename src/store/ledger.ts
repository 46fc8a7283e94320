/** The ledger: every opening of test photographs, by content, in the user's state folder. One file per opening, never rewritten. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, sha256 } from "../core/index.js";
import { errorCode, makeFolder, writeJson } from "./files.js";
import { waitForLock } from "./lock.js";

/** A photograph with the label that it is judged by. */
export interface LedgerImage {
  readonly pixelHash: string;
  readonly label: string;
}

export interface Opening {
  /** Which opening this was of the photograph that had been opened most; 1 the first. */
  readonly opening: number;
  /** ISO 8601. */
  readonly at: string;
  readonly bundleHash: string;
  /** Hash of the photographs and their labels: another selection, or another label, is another opening. */
  readonly set: string;
  /** Pixel hashes of the photographs, shortened to 16 digits. */
  readonly images: readonly string[];
}

export interface Ledger {
  /**
   * Records that a bundle sees these test photographs and returns which opening this is: 1 when none of them was ever opened,
   * else one more than the number of openings of the most-opened photograph. The same bundle on the same photographs with the
   * same labels again is free. Also returns the openings that came before.
   */
  open(bundleHash: string, images: readonly LedgerImage[]): Promise<{ opening: number; earlier: readonly Opening[] }>;
  /** How often the most-opened of these photographs was opened so far. Writes nothing. */
  count(images: readonly LedgerImage[]): Promise<number>;
}

const digits = 16;

/** Opens the ledger in a folder. Throws `output-unwritable` when it cannot be kept. */
export function openLedger(folder: string, now: () => Date): Ledger {
  return {
    count: async (images) => {
      const shortened = images.map(({ pixelHash }) => pixelHash.slice(0, digits));
      return mostOpened(relatedTo(await readOpenings(folder), shortened), shortened);
    },
    open: async (bundleHash, images) => {
      await makeFolder(folder);
      const unlock = await waitForLock(folder);
      try {
        return await record(folder, now, bundleHash, images);
      } finally {
        await unlock();
      }
    },
  };
}

async function record(
  folder: string,
  now: () => Date,
  bundleHash: string,
  images: readonly LedgerImage[],
): Promise<{ opening: number; earlier: readonly Opening[] }> {
  const shortened = images.map(({ pixelHash }) => pixelHash.slice(0, digits)).toSorted();
  const set = sha256(JSON.stringify(images.map(({ pixelHash, label }) => [pixelHash, label].join(" ")).toSorted()));
  const openings = await readOpenings(folder);
  const same = openings.find((one) => one.bundleHash === bundleHash && one.set === set);
  const related = relatedTo(openings, shortened);
  if (same) return { opening: same.opening, earlier: related.filter((one) => one.opening < same.opening) };
  const opening = 1 + mostOpened(related, shortened);
  const entry: Opening = { opening, at: now().toISOString(), bundleHash, set, images: shortened };
  const name = `${entry.at.replaceAll(":", "-")}-${sha256(JSON.stringify(entry)).slice(0, 12)}.json`;
  await writeJson(join(folder, name), entry);
  return { opening, earlier: related };
}

/** Openings that showed any of the photographs. */
function relatedTo(openings: readonly Opening[], images: readonly string[]): Opening[] {
  const wanted = new Set(images);
  return openings.filter((one) => one.images.some((image) => wanted.has(image)));
}

function mostOpened(openings: readonly Opening[], images: readonly string[]): number {
  const counts = new Map<string, number>(images.map((image) => [image, 0]));
  let most = 0;
  for (const opening of openings)
    for (const image of opening.images) {
      const count = counts.get(image);
      if (count === undefined) continue;
      counts.set(image, count + 1);
      most = Math.max(most, count + 1);
    }
  return most;
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
