/** Photographs → pooled features: read, decode and infer overlap, memory is bounded, everything finished is cached. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { lookName, looksGraph, names, type Tap, tapKey, tapMultiplyAdds } from "../backbone/index.js";
import {
  checkInterrupted,
  Fault,
  groupBy,
  type HalfMatrix,
  mapBounded,
  type Progress,
  sha256,
  silent,
} from "../core/index.js";
import { prepareAll, viewName } from "../image/index.js";
import { type Device, SessionPool, splitModel, type SplitModel } from "../onnx/index.js";
import { FeatureStore } from "./cache.js";
import { batchSize, openBatch } from "./infer.js";

/** What is needed of a photograph. */
export interface Source {
  /** Relative to the root, "/" between the parts. */
  readonly path: string;
  readonly fileHash: string;
}

export interface ExtractOptions {
  readonly root: string;
  /** The user's cache folder. */
  readonly cacheFolder: string;
  readonly threads: number;
  /** Where networks run; the CPU unless said, and where the device refuses one of them. */
  readonly device?: Device | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Extraction {
  /** For each tap its features, a row for each source. */
  readonly features: readonly HalfMatrix[];
  /** Sources of which every tap came from the cache. */
  readonly cached: number;
  /** Where features were computed, now and earlier. */
  readonly device: Device;
  /** Why it is not the device that was asked for; null where it is. */
  readonly refusal: string | null;
  /** What was computed now. */
  readonly computed: { readonly seconds: number; readonly multiplyAdds: number };
  /** What earlier runs spent on what came from the cache, by tap key: seconds, and their largest resident memory in bytes. */
  readonly earlier: ReadonlyMap<string, FeatureStore["earlier"]>;
}

/** Pictures between two segments of the cache: what a kill can lose. */
const flushEvery = 512;

/**
 * Features of the sources by every tap, from the cache where they are there. Each picture that lacks any is read and decoded
 * once. Throws `interrupted` with all finished work kept, `image-unreadable` for a picture that changed, `engine-failed`.
 */
export async function extractFeatures(
  sources: readonly Source[],
  taps: readonly Tap[],
  options: ExtractOptions,
): Promise<Extraction> {
  try {
    return await extractOn(options.device ?? "cpu", sources, taps, options);
  } catch (error) {
    if (!(error instanceof DeviceRefusal)) throw error;
    const { message: refusal } = error;
    return { ...(await extractOn("cpu", sources, taps, options)), refusal };
  }
}

/** Nothing was computed yet: a device does not take one of the networks. */
class DeviceRefusal extends Error {}

async function extractOn(
  device: Device,
  sources: readonly Source[],
  taps: readonly Tap[],
  options: ExtractOptions,
): Promise<Extraction> {
  const columns = await openColumns(sources, taps, options.cacheFolder, device);
  const unique = [...new Map(sources.map((source) => [source.fileHash, source])).values()];
  const gaps = columns.map(({ store }) => unique.filter(({ fileHash }) => !store.has(fileHash)).length);
  const open = columns.filter((_, i) => gaps[i]! > 0);
  const missing = unique.filter(({ fileHash }) => open.some(({ store }) => !store.has(fileHash)));
  const cached = sources.length - missing.length;
  const seconds = missing.length > 0 ? await computeMissing(missing, cached, open, { ...options, device }) : 0;
  const stores = new Map(columns.map(({ key, store }) => [key, store]));
  return {
    features: taps.map((tap) => stores.get(tapKey(tap))!.matrix),
    cached,
    device,
    refusal: null,
    computed: { seconds, multiplyAdds: sum(columns.map(({ tap }, i) => gaps[i]! * tapMultiplyAdds(tap))) },
    earlier: new Map(columns.map(({ key, store }) => [key, store.earlier])),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** A tap that was asked for, once or more often. */
interface Column {
  readonly tap: Tap;
  readonly key: string;
  readonly store: FeatureStore;
}

/** Devices round differently: each has columns of its own. */
function openColumns(
  sources: readonly Source[],
  taps: readonly Tap[],
  cacheFolder: string,
  device: Device,
): Promise<Column[]> {
  const hashes = sources.map(({ fileHash }) => fileHash);
  const byKey = new Map(taps.map((tap) => [tapKey(tap), tap]));
  return Promise.all(
    [...byKey].map(async ([key, tap]) => {
      const place = device === "cpu" ? key : `${key}-${device}`;
      const folder = join(cacheFolder, "features", place);
      return { tap, key, store: await FeatureStore.open(folder, place, tap.backbone.row.width, hashes) };
    }),
  );
}

/** Columns that one run of a graph fills: the same view and network, one look after the other. */
interface Group {
  readonly columns: readonly Column[];
  /** Which of the pool's models. */
  readonly model: number;
}

/** Groups of the columns, and the graphs that they need. */
function groupColumns(columns: readonly Column[]): { groups: Group[]; models: SplitModel[] } {
  const byView = groupBy(columns, ({ tap }) => [viewName(tap.view), tap.backbone.row.sha256, tap.size].join(" "));
  const models = new Map<string, SplitModel>();
  const groups = [...byView.values()].map((together) => {
    const { tap } = together[0]!;
    const looks = together.map(({ tap: { look } }) => look);
    const key = [tap.backbone.row.sha256, tap.size, tap.view.size, ...looks.map(lookName)].join(" ");
    if (!models.has(key)) models.set(key, splitModel(looksGraph(tap, looks, tap.view.size).model));
    return { columns: together, model: [...models.keys()].indexOf(key) };
  });
  return { groups, models: [...models.values()] };
}

async function computeMissing(
  missing: readonly Source[],
  cached: number,
  columns: readonly Column[],
  options: ExtractOptions,
): Promise<number> {
  const { progress = silent, signal, threads } = options;
  const { groups, models } = groupColumns(columns);
  const start = performance.now();
  let done = cached;
  const save = saver(columns, start);
  const size = Math.max(1, Math.min(threads, availableParallelism(), Math.ceil(missing.length / batchSize)));
  const opening = openPool(models, size, options.device ?? "cpu"); // the first pictures are decoded meanwhile
  opening.catch(() => {}); // it may fail before the first batch asks for it, which then says why
  try {
    // Two batches for each session: one runs while the next is decoded.
    await mapBounded(batches(missing), size * 2, async (batch) => {
      checkInterrupted(signal);
      await computeBatch(batch, groups, opening, options.root);
      done += batch.length;
      progress({ stage: "features", done, total: cached + missing.length, unit: "images" });
      if ((done - cached) % flushEvery < batch.length) await save();
    });
  } finally {
    await opening.then((pool) => pool.close()).catch(() => {}); // where it did not open, the batches have said why
    await save();
  }
  return (performance.now() - start) / 1000;
}

async function openPool(models: readonly SplitModel[], size: number, device: Device): Promise<SessionPool> {
  const pool = await SessionPool.open(models, size, { device });
  const { refusal } = pool.placed;
  if (refusal === null) return pool;
  await pool.close();
  throw new DeviceRefusal(refusal);
}

async function computeBatch(
  batch: readonly Source[],
  groups: readonly Group[],
  opening: Promise<SessionPool>,
  root: string,
): Promise<void> {
  const wanted = groups
    .map((group) => ({ ...group, sources: batch.filter((source) => lacks(group, source)) }))
    .filter(({ sources }) => sources.length > 0);
  const views = wanted.map(({ columns }) => columns[0]!.tap.view);
  const memory = views.map(({ size }) => openBatch(size, batch.length));
  await Promise.all(
    batch.map(async (source, row) => {
      const bytes = await readUnchanged(join(root, source.path), source);
      await prepareAll(
        bytes,
        views,
        source.fileHash,
        {},
        memory.map(({ squares }) => squares[row]!),
      );
    }),
  );
  const pool = await opening;
  await Promise.all(
    wanted.map(async ({ columns, model, sources }, index) => {
      const rows = sources.map((source) => batch.indexOf(source));
      const { features } = await memory[index]!.run(pool, [names.features], rows, model);
      addRows(columns, sources, features);
      memory[index]!.close();
    }),
  );
}

function lacks({ columns }: Group, { fileHash }: Source): boolean {
  return columns.some(({ store }) => !store.has(fileHash));
}

/** Hands out features [looks × sources, width]. */
function addRows(columns: readonly Column[], sources: readonly Source[], features: Float32Array): void {
  const width = features.length / (columns.length * sources.length);
  for (const [look, { store }] of columns.entries())
    for (const [index, { fileHash }] of sources.entries()) {
      const row = look * sources.length + index;
      if (!store.has(fileHash)) store.add(fileHash, features.subarray(row * width, (row + 1) * width));
    }
}

/** Writes what was computed since the last call, the time divided by the columns' multiply-adds. */
function saver(columns: readonly Column[], start: number): () => Promise<void> {
  const costs = columns.map(({ tap }) => tapMultiplyAdds(tap));
  const total = sum(costs);
  let last = start;
  return async () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    for (const [i, { store }] of columns.entries()) await store.flush((seconds * costs[i]!) / total, peakBytes);
  };
}

/** Reads a file and makes sure that it is still the one that was scanned. */
async function readUnchanged(path: string, source: Source): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw changed(path, "it cannot be read any more", error);
  });
  if (sha256(bytes) !== source.fileHash) throw changed(path, "its content changed");
  return bytes;
}

function changed(path: string, got: string, cause?: unknown): Fault {
  return new Fault("image-unreadable", {
    what: `${path} changed while assay was working`,
    got,
    remedy: "run again when the folder is at rest",
    cause,
  });
}

function* batches(sources: readonly Source[]): Generator<readonly Source[]> {
  for (let start = 0; start < sources.length; start += batchSize) yield sources.slice(start, start + batchSize);
}
