/** Photographs → pooled features: read, decode and infer overlap, memory is bounded, everything finished is cached. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Backbone, featureGraph, names, recipeKey } from "../backbone/index.js";
import { checkInterrupted, Fault, mapBounded, type Progress, sha256, silent } from "../core/index.js";
import type { View } from "../image/index.js";
import { serializeModel, SessionPool } from "../onnx/index.js";
import { type FeatureCache, openFeatureCache } from "./cache.js";
import { batchSize, inferBatch } from "./infer.js";

/** What is needed of a photograph. */
export interface Source {
  /** Relative to the root, "/" between the parts. */
  readonly path: string;
  readonly fileHash: string;
}

export interface ExtractOptions {
  readonly root: string;
  readonly backbone: Backbone;
  readonly view: View;
  /** The user's cache folder. */
  readonly cacheFolder: string;
  readonly threads: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface Extraction {
  /** Row-major [rows, width], in the order of the sources. */
  readonly features: { readonly rows: number; readonly width: number; readonly data: Float32Array };
  /** Pictures taken from the cache. */
  readonly cached: number;
  /** Seconds of computing behind all features, those spent in earlier runs included. */
  readonly seconds: number;
  /** Largest resident memory of the processes that computed what was cached; 0 where nothing was. */
  readonly cachedPeakBytes: number;
}

/** Pictures between two segments of the cache: what a kill can lose. */
const flushEvery = 512;

/** Features of the sources, from the cache where they are there. Throws `interrupted` with all finished work kept. */
export async function extractFeatures(sources: readonly Source[], options: ExtractOptions): Promise<Extraction> {
  const { backbone, view, cacheFolder } = options;
  const folder = join(cacheFolder, "features", recipeKey(backbone, view));
  const wanted = new Set(sources.map(({ fileHash }) => fileHash));
  const cache = await openFeatureCache(folder, backbone.row.width, wanted);
  const missing = [...new Map(sources.map((source) => [source.fileHash, source])).values()].filter(
    (source) => !cache.get(source.fileHash),
  );
  const cached = sources.length - missing.length;
  const spent = missing.length > 0 ? await computeMissing(missing, cached, cache, options) : 0;
  return {
    features: { rows: sources.length, width: backbone.row.width, data: gather(sources, cache, backbone.row.width) },
    cached,
    seconds: spent + cached * cache.secondsPerPicture(),
    cachedPeakBytes: cached > 0 ? cache.peakBytes() : 0,
  };
}

async function computeMissing(
  missing: readonly Source[],
  cached: number,
  cache: FeatureCache,
  options: ExtractOptions,
): Promise<number> {
  const { progress = silent, signal, threads } = options;
  const start = performance.now();
  let flushed = start;
  let done = cached;
  let unsaved = 0;
  const save = async (): Promise<void> => {
    const now = performance.now();
    const seconds = (now - flushed) / 1000;
    flushed = now;
    unsaved = 0;
    await cache.flush(seconds, process.resourceUsage().maxRSS * 1024);
  };
  const pool = await SessionPool.open(
    serializeModel(featureGraph(options.backbone, options.view)),
    Math.min(threads, availableParallelism(), Math.ceil(missing.length / batchSize)),
  );
  try {
    // Two batches for each session: one runs while the next is decoded.
    await mapBounded(batches(missing), pool.size * 2, async (batch) => {
      checkInterrupted(signal);
      const reads = batch.map((source) => () => readUnchanged(join(options.root, source.path), source));
      const rows = await inferBatch(pool, options.view, reads, [names.features]);
      for (const [index, row] of rows.entries()) {
        if (!row.ok) throw row.error;
        cache.add(batch[index]!.fileHash, row.outputs.features);
      }
      done += batch.length;
      unsaved += batch.length;
      progress({ stage: "features", done, total: cached + missing.length, unit: "images" });
      if (unsaved >= flushEvery) await save();
    });
  } finally {
    await pool.close();
    await save();
  }
  return (performance.now() - start) / 1000;
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

function gather(sources: readonly Source[], cache: FeatureCache, width: number): Float32Array {
  const data = new Float32Array(sources.length * width);
  for (const [row, source] of sources.entries()) data.set(cache.get(source.fileHash)!, row * width);
  return data;
}

function* batches(sources: readonly Source[]): Generator<readonly Source[]> {
  for (let start = 0; start < sources.length; start += batchSize) yield sources.slice(start, start + batchSize);
}
