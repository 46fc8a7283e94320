/** The scan: every photograph of a folder read once, hashed by its pixels, labelled by its place; whatever is odd is kept as such. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { checkInterrupted, compareCodePoints, mapBounded, type Progress, silent } from "../core/index.js";
import type { ImageFacts } from "../image/index.js";
import { collectSources } from "./collect.js";
import type { Source, Sources } from "./layout.js";
import type { BrokenFile, Dataset, IgnoredEntry, Picture } from "./picture.js";
import { createReader, type FileReader } from "./reader.js";
import { type FileStamp, type Reading, stampFile } from "./reading.js";
import { noCache, openScanCache, type ScanCache } from "./scan-cache.js";
import { checkSufficient, excludeClasses } from "./sufficiency.js";

export interface ScanOptions {
  /** Classes to leave out, by name. */
  readonly exclude?: readonly string[];
  /** Folder of the user's cache for scans; without it every file is read. */
  readonly cachePath?: string;
  /** Cores to use; all where unsaid. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Told of every file whether it was read or known from the cache. */
  readonly observe?: (path: string, how: "read" | "cached") => void;
}

/** A file changed so recently may change again within the clock tick of its file system: it is not remembered. */
const restMs = 2000;

/**
 * Scans a folder of labelled photographs, or those of a manifest.
 * Throws `manifest-invalid`, `images-missing` (no such folder, or a file), `images-unreadable`, `images-insufficient` (no images, all broken,
 * one class), `usage` (an excluded class that is not there), `interrupted` (what was read is kept in the cache).
 */
export async function scan(root: string, options: ScanOptions = {}): Promise<Dataset> {
  const { folder, sources } = await collectSources(root, options.signal);
  const { kept, excluded } = excludeClasses(sources, options.exclude ?? []);
  const cache = options.cachePath === undefined ? noCache : await openScanCache(options.cachePath, folder);
  let complete = false;
  try {
    const entries = await readAll(folder, kept, cache, options);
    complete = true;
    const dataset = assemble(folder, sources, entries, excluded);
    checkSufficient(dataset);
    return dataset;
  } finally {
    await cache.close(complete ? new Set(sources.files.map(({ path }) => path)) : null);
  }
}

/** What became of a file. */
type Entry =
  | { readonly kind: "picture"; readonly picture: Picture }
  | { readonly kind: "broken"; readonly file: BrokenFile }
  | { readonly kind: "ignored"; readonly entry: IgnoredEntry };

/** So many files are looked up, read and reported together; with four batches under way, Ctrl-C waits for sixteen at most. */
const batchFiles = 4;

/** Entries in the order of the sources. */
async function readAll(
  root: string,
  sources: readonly Source[],
  cache: ScanCache,
  options: ScanOptions,
): Promise<Entry[]> {
  const { threads = availableParallelism(), signal, progress = silent, observe } = options;
  const reader = createReader(threads);
  const share = shareEqual<ImageFacts>();
  let done = 0;
  try {
    const entries = await mapBounded(batches(sources), 4, async (batch) => {
      checkInterrupted(signal);
      const outcomes = await readBatch(root, batch, cache, reader);
      for (const [i, { how }] of outcomes.entries()) observe?.(batch[i]!.path, how);
      done += batch.length;
      progress({ stage: "scan", done, total: sources.length, unit: "files" });
      return batch.map((source, i) => toEntry(source, outcomes[i]!.reading, share));
    });
    return entries.flat();
  } finally {
    await reader.close();
  }
}

function* batches(sources: readonly Source[]): Generator<readonly Source[]> {
  for (let start = 0; start < sources.length; start += batchFiles) yield sources.slice(start, start + batchFiles);
}

type Outcome = { readonly reading: Reading; readonly how: "read" | "cached" };

/** Takes from the cache what is there and unchanged, and reads the rest. */
async function readBatch(
  root: string,
  batch: readonly Source[],
  cache: ScanCache,
  reader: FileReader,
): Promise<Outcome[]> {
  const outcomes = await Promise.all(batch.map(({ path }) => lookUp(root, path, cache)));
  const missing = batch.flatMap(({ path }, i) => (outcomes[i] ? [] : [{ path, i }]));
  if (missing.length === 0) return outcomes as Outcome[];
  const readings = await reader.read(missing.map(({ path }) => join(root, path)));
  for (const [k, { path, i }] of missing.entries()) {
    const { reading, stamp } = readings[k]!;
    if (stamp && isLasting(reading) && hasRested(stamp)) await cache.add(path, stamp, reading);
    outcomes[i] = { reading, how: "read" };
  }
  return outcomes as Outcome[];
}

async function lookUp(root: string, path: string, cache: ScanCache): Promise<Outcome | null> {
  if (!cache.holds(path)) return null;
  const reading = cache.take(path, await stampFile(join(root, path)).catch(() => null));
  return reading ? { reading, how: "cached" } : null;
}

function hasRested({ changed }: FileStamp): boolean {
  return Date.now() - Number(BigInt(changed) / 1_000_000n) > restMs;
}

/** What the file's content decides may be remembered; what the moment decided may not. */
function isLasting(reading: Reading): boolean {
  return reading.kind !== "broken" || !["vanished", "no-permission", "changing", "unreadable"].includes(reading.why);
}

function toEntry(
  { path, label, given, group }: Source,
  reading: Reading,
  share: (facts: ImageFacts) => ImageFacts,
): Entry {
  if (reading.kind === "not-image")
    return { kind: "ignored", entry: { path, kind: "not-image", reason: "not an image file" } };
  if (reading.kind === "broken") {
    const { reason, why, remedy } = reading;
    return { kind: "broken", file: { path, label, reason, kind: why, remedy } };
  }
  const { fileHash, pixelHash, sizeBytes, facts } = reading;
  return {
    kind: "picture",
    picture: { path, label, fileHash, pixelHash, sizeBytes, facts: share(facts), given, group },
  };
}

/** Photographs of one camera have equal facts: one object for all of them. */
function shareEqual<T>(): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const key = JSON.stringify(value);
    const earlier = known.get(key);
    if (earlier === undefined) known.set(key, value);
    return earlier ?? value;
  };
}

function assemble(root: string, sources: Sources, entries: readonly Entry[], excluded: Dataset["excluded"]): Dataset {
  const pictures = entries.flatMap((entry) => (entry.kind === "picture" ? [entry.picture] : []));
  const ignored = entries.flatMap((entry) => (entry.kind === "ignored" ? [entry.entry] : []));
  const classes = [...new Set(pictures.map(({ label }) => label))].toSorted(compareCodePoints);
  const left = new Set([...classes, ...excluded.map(({ label }) => label)]);
  return {
    root,
    layout: sources.layout,
    classes,
    pictures,
    broken: entries.flatMap((entry) => (entry.kind === "broken" ? [entry.file] : [])),
    ignored: [...sources.ignored, ...ignored].toSorted((a, b) => compareCodePoints(a.path, b.path)),
    emptyClasses: sources.labels.filter((label) => !left.has(label)),
    excluded,
    aliases: sources.aliases,
    followedLinks: sources.followedLinks,
  };
}
