/**
 * Reads many files: the first few on the calling thread, the rest on a thread of its own. What libvips decodes is handed over
 * as garbage of half a megabyte a photograph; beside the growing data set its collection would take a fifth of the time, in a
 * thread that keeps nothing it takes next to none, and the main thread stays free for progress and Ctrl-C.
 */
import { Worker } from "node:worker_threads";
import { Fault, mapBounded } from "../core/index.js";
import { setImageThreads } from "../image/index.js";
import { createAllowance } from "./allowance.js";
import { type ReadingMemory, readPicture, type StampedReading } from "./reading.js";

export interface FileReader {
  /** Readings of absolute paths, in their order. Several batches may be under way. */
  read(paths: readonly string[]): Promise<readonly StampedReading[]>;
  /** Ends the thread, after the batches under way. */
  close(): Promise<void>;
}

export interface Batch {
  readonly id: number;
  readonly paths: readonly string[];
  readonly threads: number;
}

export type BatchReply =
  | { readonly id: number; readonly readings: readonly StampedReading[] }
  | { readonly id: number; readonly error: string };

/** Bytes of files and of pixels that a reader holds at once. */
const memoryBytes = { files: 128_000_000, pixels: 160_000_000 };

/** So many files are read before a thread is worth its start. */
const inlineFiles = 64;

// Under vitest this file is TypeScript, which a worker of Node 20 cannot load: the built one serves there.
const threadFile = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/dataset/reader-thread.js" : "./reader-thread.js",
  import.meta.url,
);

/** A reader that uses so many cores. */
export function createReader(threads: number): FileReader {
  const inline = createInlineReader(threads);
  let thread: FileReader | null = null;
  let started = 0;
  return {
    read: (paths) => {
      started += paths.length;
      if (started > inlineFiles) thread ??= createThreadReader(threads);
      return (thread ?? inline).read(paths);
    },
    close: async () => await thread?.close(),
  };
}

/** A reader on the calling thread. */
export function createInlineReader(threads: number): FileReader {
  setImageThreads(threads);
  const memory: ReadingMemory = {
    files: createAllowance(memoryBytes.files),
    pixels: createAllowance(memoryBytes.pixels),
  };
  return {
    // While one file waits for the disk or the loop, another has work for the core.
    read: (paths) => mapBounded(paths, threads + 2, (path) => readPicture(path, memory)),
    close: () => Promise.resolve(),
  };
}

function createThreadReader(threads: number): FileReader {
  const worker = new Worker(threadFile);
  const waiting = new Map<
    number,
    { resolve: (readings: readonly StampedReading[]) => void; reject: (why: Fault) => void }
  >();
  let nextId = 0;
  const fail = (why: string): void => {
    for (const { reject } of waiting.values())
      reject(new Fault("internal", { what: "the thread that reads photographs ended", got: why }));
    waiting.clear();
  };
  worker.on("message", (reply: BatchReply) => {
    const batch = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("readings" in reply) batch?.resolve(reply.readings);
    else batch?.reject(new Fault("internal", { what: "reading photographs", got: reply.error }));
  });
  worker.on("error", (error) => fail(error.message));
  worker.on("exit", (code) => fail(`exit code ${code}`));
  return {
    read: (paths) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, paths, threads } satisfies Batch, []);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
