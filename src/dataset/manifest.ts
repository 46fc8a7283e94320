/** Manifests: a CSV or JSONL table of `path,label[,split][,group]`, paths relative to the folder that it lies in. */
import { readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import {
  checkInterrupted,
  compareCodePoints,
  Fault,
  formatCount,
  listNames,
  mapBounded,
  quoteName,
} from "../core/index.js";
import { claimedFormat } from "../image/index.js";
import { errorCode } from "../store/index.js";
import { findAliases, givenSplit, normalizeLabel, type Source, type Sources, uniqueLabels } from "./layout.js";
import { type ManifestRow, readTable } from "./manifest-table.js";
import type { IgnoredEntry } from "./picture.js";

const extensions = /\.(csv|tsv|jsonl|ndjson)$/i;

/** Whether a path is named like a manifest. */
export function isManifest(path: string): boolean {
  return extensions.test(path);
}

/**
 * Reads a manifest and checks it against the folder. Throws `manifest-invalid` for missing columns, unknown files, two rows that
 * disagree about one file, unknown splits, empty labels and paths that leave the folder; `images-unreadable` when it may not be read.
 */
export async function readManifest(path: string, root: string, signal?: AbortSignal): Promise<Sources> {
  const rows = readTable(path, await readText(path));
  const sources = new Map<string, Source>();
  for (const row of rows) addRow(sources, toSource(path, root, row), row, path);
  const files = [...sources.values()].toSorted((a, b) => compareCodePoints(a.path, b.path));
  await checkPresent(path, root, files, signal);
  const names = rows.map(({ label }) => label.trim());
  return {
    layout: "manifest",
    files,
    labels: uniqueLabels(names),
    ignored: await listUnlisted(root, files),
    aliases: findAliases(names),
    followedLinks: [],
  };
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault("images-unreadable", {
      what: `the manifest ${path} cannot be read`,
      got: errorCode(error) ?? "an error",
      cause: error,
    });
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault("manifest-invalid", {
      what: `the manifest ${path}`,
      expected: "text in UTF-8",
      got: "other bytes",
      cause: error,
    });
  }
}

function toSource(manifest: string, root: string, row: ManifestRow): Source {
  const refuse = (expected: string, got: string): Fault =>
    new Fault("manifest-invalid", { what: `${manifest}:${row.line}`, expected, got: quoteName(got) });
  const path = relative(root, join(isAbsolute(row.path) ? "" : root, row.path))
    .split(sep)
    .join("/");
  if (row.path.trim() === "") throw refuse("a path", row.path);
  if (path === "" || path === ".." || path.startsWith("../") || isAbsolute(path))
    throw refuse("a path inside the manifest's folder", row.path);
  const label = normalizeLabel(row.label.trim());
  if (label === "") throw refuse(`a label for ${quoteName(path)}`, row.label);
  const given = row.split === null ? null : givenSplit(row.split);
  if (row.split !== null && given === null)
    throw refuse("a split of train, validation (val) or test, or none", row.split);
  return { path, label, given, group: row.group };
}

/** The same row twice is one; rows that disagree are a fault. */
function addRow(sources: Map<string, Source>, source: Source, row: ManifestRow, manifest: string): void {
  const earlier = sources.get(source.path);
  if (earlier && (earlier.label !== source.label || earlier.given !== source.given || earlier.group !== source.group))
    throw new Fault("manifest-invalid", {
      what: `${manifest}:${row.line}: ${quoteName(source.path)} is listed twice`,
      expected: "one label, split and group for a file",
      got: earlier.label === source.label ? "two splits or groups" : listNames([earlier.label, source.label]),
    });
  sources.set(source.path, source);
}

const statsAtOnce = 16;

async function checkPresent(
  manifest: string,
  root: string,
  files: readonly Source[],
  signal?: AbortSignal,
): Promise<void> {
  const present = await mapBounded(files, statsAtOnce, async ({ path }) => {
    checkInterrupted(signal);
    return stat(join(root, path)).then(
      (file) => file.isFile(),
      (error: unknown) => errorCode(error) === "EACCES", // the scan will say so
    );
  });
  const missing = files.filter((_, i) => !present[i]).map(({ path }) => path);
  if (missing.length > 0)
    throw new Fault("manifest-invalid", {
      what: `${manifest} lists ${formatCount(missing.length)} of ${formatCount(files.length)} files that are not there`,
      expected: `paths relative to ${root}, with "/" between the parts`,
      got: listNames(missing.slice(0, 3)),
      remedy: "mend the paths, or delete the rows",
    });
}

/** Images that lie beside listed ones and are not listed. */
async function listUnlisted(root: string, files: readonly Source[]): Promise<IgnoredEntry[]> {
  const listed = new Set(files.map(({ path }) => path));
  const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)));
  const found = await mapBounded(folders, statsAtOnce, async (folder) => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && claimedFormat(entry.name) !== null)
      .map((entry) => folder + entry.name)
      .filter((path) => !listed.has(path));
  });
  return found.flat().map((path) => ({ path, kind: "unlisted", reason: "an image that the manifest does not list" }));
}
