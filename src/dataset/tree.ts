/** Walks a folder: which files there are, and what is passed over and why. Links are followed, loops are not. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkInterrupted, compareCodePoints, describeError } from "../core/index.js";
import { errorCode } from "../store/index.js";
import type { IgnoredEntry, IgnoredKind } from "./picture.js";

export interface Tree {
  /** Paths of regular files, relative, with "/", sorted by code point. */
  readonly files: readonly string[];
  /** Paths of visible folders, relative, sorted. */
  readonly folders: readonly string[];
  readonly ignored: readonly IgnoredEntry[];
  /** Links that were followed. */
  readonly followedLinks: readonly string[];
}

interface Walk {
  readonly root: string;
  readonly files: string[];
  readonly folders: string[];
  readonly ignored: IgnoredEntry[];
  readonly followedLinks: string[];
  /** Links met on the way, followed after everything that is really there. */
  readonly links: string[];
  /** Real paths of the folders walked. */
  readonly visited: Set<string>;
  readonly signal: AbortSignal | undefined;
}

/** Files that operating systems and programs leave behind. */
const systemNames = new Set([
  "__macosx",
  "thumbs.db",
  "desktop.ini",
  "ehthumbs.db",
  "@eadir",
  "$recycle.bin",
  "__pycache__",
]);

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const byPath = (a: { path: string }, b: { path: string }): number => compareCodePoints(a.path, b.path);

/** Lists everything below a folder. Throws the file system's error when the folder itself cannot be read. */
export async function walkTree(root: string, signal?: AbortSignal): Promise<Tree> {
  const walk: Walk = {
    root,
    files: [],
    folders: [],
    ignored: [],
    followedLinks: [],
    links: [],
    visited: new Set(),
    signal,
  };
  await walkFolder(walk, "");
  for (let next = walk.links.shift(); next !== undefined; next = walk.links.shift()) await followLink(walk, next);
  return {
    files: walk.files.toSorted(compareCodePoints),
    folders: walk.folders.toSorted(compareCodePoints),
    ignored: walk.ignored.toSorted(byPath),
    followedLinks: walk.followedLinks.toSorted(compareCodePoints),
  };
}

/** Depth first, with a list instead of recursion: folders may be nested deeper than the stack. */
async function walkFolder(walk: Walk, start: string): Promise<void> {
  const pending = [start];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    checkInterrupted(walk.signal);
    const entries = await listFolder(walk, folder);
    if (!entries) continue;
    if (folder !== "") walk.folders.push(folder);
    for (const entry of entries) sortEntry(walk, folder, entry, pending);
  }
}

async function listFolder(walk: Walk, folder: string): Promise<Dirent<Buffer>[] | null> {
  const path = join(walk.root, folder);
  try {
    const real = await realpath(path);
    if (walk.visited.has(real)) return null;
    const entries = await readdir(path, { withFileTypes: true, encoding: "buffer" });
    walk.visited.add(real);
    return entries.toSorted((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    if (folder === "") throw error;
    const code = errorCode(error);
    const reason =
      code === "EACCES" || code === "EPERM"
        ? "a folder that may not be read"
        : `a folder that cannot be read (${describeError(error)})`;
    ignore(walk, folder, "no-permission", reason);
    return null;
  }
}

function sortEntry(walk: Walk, folder: string, entry: Dirent<Buffer>, pending: string[]): void {
  const prefix = folder === "" ? "" : `${folder}/`;
  const name = decodeName(entry.name);
  if (name === null) {
    ignore(walk, prefix + escapeBytes(entry.name), "name", "its name is not valid UTF-8");
    return;
  }
  const path = prefix + name;
  if (name.startsWith(".")) ignore(walk, path, "hidden", "hidden: its name begins with a dot");
  else if (systemNames.has(name.toLowerCase()))
    ignore(walk, path, "hidden", "left behind by an operating system or a program");
  else if (entry.isSymbolicLink()) walk.links.push(path);
  else if (entry.isDirectory()) pending.push(path);
  else if (entry.isFile()) walk.files.push(path);
  else ignore(walk, path, "special", "a pipe, socket or device, not a file");
}

async function followLink(walk: Walk, path: string): Promise<void> {
  checkInterrupted(walk.signal);
  const absolute = join(walk.root, path);
  try {
    const target = await stat(absolute);
    if (target.isFile()) walk.files.push(path);
    else if (!target.isDirectory()) return ignore(walk, path, "special", "a link to a pipe, socket or device");
    else if (await isSeen(walk, absolute))
      return ignore(walk, path, "link", "a link to a folder that is scanned anyway, or that contains this one");
    else await walkFolder(walk, path);
    walk.followedLinks.push(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    ignore(
      walk,
      path,
      "link-broken",
      code === "ELOOP" ? "a link that leads back to itself" : "a link to nothing that can be read",
    );
  }
}

/** A linked folder is walked only if neither it nor a folder that holds the scanned one would be walked again. */
async function isSeen(walk: Walk, absolute: string): Promise<boolean> {
  const real = await realpath(absolute);
  const root = await realpath(walk.root);
  return walk.visited.has(real) || `${root}/`.replaceAll("\\", "/").startsWith(`${real}/`.replaceAll("\\", "/"));
}

function ignore(walk: Walk, path: string, kind: IgnoredKind, reason: string): void {
  walk.ignored.push({ path, kind, reason });
}

function decodeName(bytes: Buffer): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes that are no UTF-8, readable: "caf\xe9.jpg". */
function escapeBytes(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
