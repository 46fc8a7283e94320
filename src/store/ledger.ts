/** The ledger: every opening of test photographs, and every showing of mistakes on them, by content, in the user's state folder. One file each, never rewritten. */
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

/** That a person was shown which of the photographs a bundle got wrong: from then on they are no sealed test for any other bundle. */
export interface Reveal extends Omit<Opening, "opening"> {
  readonly revealed: true;
}

/** An opening with what came before it. */
export interface Opened {
  readonly opening: number;
  readonly earlier: readonly Opening[];
  /** When mistakes on one of these photographs were first shown, where that was before this opening; null where it was not. */
  readonly spentAt: string | null;
}

export interface Ledger {
  /**
   * Records that a bundle sees these test photographs and returns which opening this is: 1 when none of them was ever opened,
   * else one more than the number of openings of the most-opened photograph. The same bundle on the same photographs with the
   * same labels again is free. Also returns the openings that came before.
   */
  open(bundleHash: string, images: readonly LedgerImage[]): Promise<Opened>;
  /** How often the most-opened of these photographs was opened so far. Writes nothing. */
  count(images: readonly LedgerImage[]): Promise<number>;
  /** Marks these photographs as spent: a person is about to see which of them the bundle got wrong. */
  reveal(bundleHash: string, images: readonly LedgerImage[]): Promise<void>;
}

const digits = 16;

/** Opens the ledger in a folder. Throws `output-unwritable` when it cannot be kept. */
export function openLedger(folder: string, now: () => Date): Ledger {
  const locked = async <T>(action: () => Promise<T>): Promise<T> => {
    await makeFolder(folder);
    const unlock = await waitForLock(folder);
    try {
      return await action();
    } finally {
      await unlock();
    }
  };
  return {
    count: async (images) => {
      const { images: shortened } = identify(images);
      const related = relatedTo(await readEntries(folder), shortened);
      return mostOpened(
        related.filter((one) => "opening" in one),
        shortened,
      );
    },
    open: (bundleHash, images) => locked(() => record(folder, now, bundleHash, images)),
    reveal: (bundleHash, images) =>
      locked(() =>
        writeEntry(folder, { revealed: true, at: now().toISOString(), bundleHash, ...identify(images) } as const),
      ),
  };
}

async function record(
  folder: string,
  now: () => Date,
  bundleHash: string,
  shown: readonly LedgerImage[],
): Promise<Opened> {
  const { set, images } = identify(shown);
  const related = relatedTo(await readEntries(folder), images);
  const openings = related.filter((one) => "opening" in one);
  const same = openings.find((one) => one.bundleHash === bundleHash && one.set === set);
  const at = same?.at ?? now().toISOString();
  // A bundle that was judged before anything was shown keeps its verdict.
  const reveals = related.filter((one) => "revealed" in one && (same === undefined || one.at < at));
  const spentAt = reveals.map((one) => one.at).toSorted()[0] ?? null;
  if (same) return { opening: same.opening, earlier: openings.filter((one) => one.opening < same.opening), spentAt };
  const opening = 1 + mostOpened(openings, images);
  await writeEntry(folder, { opening, at, bundleHash, set, images });
  return { opening, earlier: openings, spentAt };
}

function identify(images: readonly LedgerImage[]): Pick<Opening, "set" | "images"> {
  return {
    set: sha256(JSON.stringify(images.map(({ pixelHash, label }) => [pixelHash, label].join(" ")).toSorted())),
    images: images.map(({ pixelHash }) => pixelHash.slice(0, digits)).toSorted(),
  };
}

async function writeEntry(folder: string, entry: Opening | Reveal): Promise<void> {
  const name = `${entry.at.replaceAll(":", "-")}-${sha256(JSON.stringify(entry)).slice(0, 12)}.json`;
  await writeJson(join(folder, name), entry);
}

/** Entries about any of the photographs. */
function relatedTo(entries: readonly (Opening | Reveal)[], images: readonly string[]): (Opening | Reveal)[] {
  const wanted = new Set(images);
  return entries.filter((one) => one.images.some((image) => wanted.has(image)));
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

async function readEntries(folder: string): Promise<(Opening | Reveal)[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const files = names.filter((name) => name.endsWith(".json")).toSorted();
  return Promise.all(files.map((name) => readEntry(join(folder, name))));
}

async function readEntry(path: string): Promise<Opening | Reveal> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Opening | Reveal;
  } catch (error) {
    throw new Fault("internal", {
      what: `the ledger entry ${path} cannot be read`,
      remedy: "restore it from a backup; without it nobody can say how often the test photographs were used",
      cause: error,
    });
  }
}
