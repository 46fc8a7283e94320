/** What a scan learned of each file, kept for the next one: one line of JSON a file, appended, so that a kill loses at most the last batch. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sha256 } from "../core/index.js";
import { imageLibraryVersions } from "../image/index.js";
import { errorCode, makeFolder, writeFileAtomic, writing } from "../store/index.js";
import type { FileStamp, Reading } from "./reading.js";

export interface ScanCache {
  /** Whether there is an earlier reading, of whatever content. */
  holds(path: string): boolean;
  /** Hands out the earlier reading of a file that has not changed since, and forgets it: a scan asks once for each file. */
  take(path: string, stamp: FileStamp | null): Reading | undefined;
  /** Keeps a reading for the next scan; written in batches. */
  add(path: string, stamp: FileStamp, reading: Reading): Promise<void>;
  /** Writes what is left; drops lines of files that `paths` does not hold when they have become many. */
  close(paths: ReadonlySet<string> | null): Promise<void>;
}

interface Line {
  readonly path: string;
  /** The stamp as one text. */
  readonly stamp: string;
  readonly reading: Reading;
}

const batchLines = 256;
/** To be raised when facts or hashes are made in another way. */
const schema = 2;

/** A cache that knows and keeps nothing. */
export const noCache: ScanCache = {
  holds: () => false,
  take: () => undefined,
  add: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Opens the readings of one root in the user's cache folder. Throws `output-unwritable`. */
export async function openScanCache(folder: string, root: string): Promise<ScanCache> {
  await makeFolder(folder);
  const path = join(folder, `${sha256(root).slice(0, 32)}.jsonl`);
  // Pixels follow from the decoder: another version of it starts anew.
  const header = JSON.stringify({ schema, root, ...imageLibraryVersions() });
  const { known, lines } = await readLines(path, header);
  if (lines === 0) await writeFileAtomic(path, `${header}\n`);
  return new FileScanCache(path, header, known, lines, await writing(path, () => open(path, "a")));
}

class FileScanCache implements ScanCache {
  private pending: string[] = [];

  constructor(
    private readonly path: string,
    private readonly header: string,
    private readonly known: Map<string, Line>,
    private lines: number,
    private readonly file: FileHandle,
  ) {}

  holds(path: string): boolean {
    return this.known.has(path);
  }

  take(path: string, stamp: FileStamp | null): Reading | undefined {
    const line = this.known.get(path);
    this.known.delete(path);
    return line && stamp && line.stamp === stampText(stamp) ? line.reading : undefined;
  }

  async add(path: string, stamp: FileStamp, reading: Reading): Promise<void> {
    this.pending.push(JSON.stringify({ path, stamp: stampText(stamp), reading } satisfies Line));
    if (this.pending.length >= batchLines) await this.flush();
  }

  async close(paths: ReadonlySet<string> | null): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
    if (paths && this.lines > 2 * paths.size + batchLines) await this.rewrite(paths);
  }

  private async flush(): Promise<void> {
    const batch = this.pending;
    if (batch.length === 0) return;
    this.pending = [];
    this.lines += batch.length;
    // Each batch begins on a fresh line, whatever a kill left of the one before.
    await writing(this.path, () => this.file.appendFile(`\n${batch.join("\n")}\n`));
  }

  /** Keeps the last line of each path; in a file of its own until it is whole. */
  private async rewrite(paths: ReadonlySet<string>): Promise<void> {
    const { known } = await readLines(this.path, this.header);
    const live = [...known.values()].filter(({ path }) => paths.has(path)).map((line) => JSON.stringify(line));
    const temporary = `${this.path}.${process.pid}.tmp`;
    await writing(this.path, async () => {
      const file = await open(temporary, "w");
      try {
        await file.appendFile(`${this.header}\n`);
        for (let start = 0; start < live.length; start += batchLines)
          await file.appendFile(`${live.slice(start, start + batchLines).join("\n")}\n`);
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
    });
  }
}

function stampText({ sizeBytes, modified, changed, inode }: FileStamp): string {
  return `${sizeBytes} ${modified} ${changed} ${inode}`;
}

/** Reads every line that is whole; the last one of a path counts. Nothing when the header is another one. */
async function readLines(path: string, header: string): Promise<{ known: Map<string, Line>; lines: number }> {
  const known = new Map<string, Line>();
  let lines = 0;
  try {
    const file = await open(path, "r");
    for await (const text of createInterface({ input: file.createReadStream(), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (lines++ === 0 && text !== header) {
        await file.close();
        return { known, lines: 0 };
      }
      const line = lines > 1 ? parseLine(text) : null;
      if (line) known.set(line.path, line);
    }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  return { known, lines };
}

function parseLine(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Line;
    const whole =
      typeof line.path === "string" && typeof line.stamp === "string" && typeof line.reading?.kind === "string";
    return whole && isWhole(line.reading) ? line : null;
  } catch {
    return null; // cut off by a kill, or overwritten by another process: the file is read again
  }
}

function isWhole(reading: Reading): boolean {
  if (reading.kind !== "picture") return true;
  return typeof reading.pixelHash === "string" && typeof reading.fileHash === "string" && Boolean(reading.facts);
}
