/** What a scan learned of each file, kept for the next one: one line of JSON a file, appended, so that a kill loses at most the last line. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sha256 } from "../core/index.js";
import { type ImageFacts, imageLibraryVersions } from "../image/index.js";
import { errorCode, makeFolder, writeFileAtomic, writing } from "../store/index.js";
import type { BrokenKind } from "./picture.js";

/** What tells whether a file is still the one that was read. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Nanoseconds, as text. */
  readonly modified: string;
  /** Nanoseconds, as text; also moves when content is replaced and the time of modification set back. */
  readonly changed: string;
  readonly inode: string;
}

/** What reading a file gave. */
export type Reading =
  | {
      readonly kind: "picture";
      readonly sizeBytes: number;
      readonly fileHash: string;
      readonly pixelHash: string;
      readonly facts: ImageFacts;
    }
  | { readonly kind: "broken"; readonly why: BrokenKind; readonly reason: string; readonly remedy: string }
  | { readonly kind: "not-image" };

export interface ScanCache {
  /** Whether there is an earlier reading, of whatever content. */
  holds(path: string): boolean;
  /** The earlier reading of a file that has not changed since. */
  find(path: string, stamp: FileStamp | null): Reading | undefined;
  /** Remembers a reading; written in batches. */
  add(path: string, stamp: FileStamp, reading: Reading): Promise<void>;
  /** Writes what is left; drops lines of files that `paths` does not hold when they have become many. */
  close(paths: ReadonlySet<string> | null): Promise<void>;
}

interface Line {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly reading: Reading;
}

const batchLines = 256;
const schema = 1;

/** A cache that knows and keeps nothing. */
export const noCache: ScanCache = {
  holds: () => false,
  find: () => undefined,
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
  private pending: Line[] = [];

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

  find(path: string, stamp: FileStamp | null): Reading | undefined {
    const line = this.known.get(path);
    return line && stamp && sameStamp(line.stamp, stamp) ? line.reading : undefined;
  }

  async add(path: string, stamp: FileStamp, reading: Reading): Promise<void> {
    const line = { path, stamp, reading };
    this.known.set(path, line);
    this.pending.push(line);
    if (this.pending.length >= batchLines) await this.flush();
  }

  async close(paths: ReadonlySet<string> | null): Promise<void> {
    try {
      await this.flush();
      if (!paths) return;
      const live = [...this.known.values()].filter((line) => paths.has(line.path));
      if (this.lines > 2 * live.length + batchLines) await this.rewrite(live);
    } finally {
      await this.file.close();
    }
  }

  private async flush(): Promise<void> {
    const batch = this.pending;
    if (batch.length === 0) return;
    this.pending = [];
    this.lines += batch.length;
    // Each batch begins on a fresh line, whatever a kill left of the one before.
    const text = `\n${batch.map((line) => JSON.stringify(line)).join("\n")}\n`;
    await writing(this.path, () => this.file.appendFile(text));
  }

  private async rewrite(live: readonly Line[]): Promise<void> {
    const temporary = `${this.path}.${process.pid}.tmp`;
    await writing(this.path, async () => {
      const file = await open(temporary, "w");
      try {
        await file.appendFile(`${this.header}\n`);
        for (let start = 0; start < live.length; start += batchLines)
          await file.appendFile(
            `${live
              .slice(start, start + batchLines)
              .map((line) => JSON.stringify(line))
              .join("\n")}\n`,
          );
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
    });
  }
}

function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modified === b.modified && a.changed === b.changed && a.inode === b.inode;
}

/** Reads every line that is whole; the last one of a path counts. Nothing when the header is another one. */
async function readLines(path: string, header: string): Promise<{ known: Map<string, Line>; lines: number }> {
  const known = new Map<string, Line>();
  const facts = new Map<string, ImageFacts>();
  let lines = 0;
  try {
    const file = await open(path, "r");
    for await (const text of createInterface({ input: file.createReadStream(), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (lines++ === 0 && text !== header) {
        await file.close();
        return { known, lines: 0 };
      }
      const line = lines > 1 ? parseLine(text) : null;
      if (line) known.set(line.path, shareFacts(line, facts));
    }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  return { known, lines };
}

function parseLine(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Line;
    return typeof line.path === "string" &&
      typeof line.stamp?.inode === "string" &&
      typeof line.reading?.kind === "string"
      ? line
      : null;
  } catch {
    return null; // cut off by a kill, or overwritten by another process: the file is read again
  }
}

/** Photographs of one camera have equal facts: one object for all of them. */
function shareFacts(line: Line, facts: Map<string, ImageFacts>): Line {
  if (line.reading.kind !== "picture") return line;
  const key = JSON.stringify(line.reading.facts);
  const shared = facts.get(key);
  if (!shared) {
    facts.set(key, line.reading.facts);
    return line;
  }
  return { ...line, reading: { ...line.reading, facts: shared } };
}
