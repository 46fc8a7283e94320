/** From paths to labels: class folders, with or without the author's own splits above them. */
import { compareCodePoints, groupBy } from "../core/index.js";
import type { GivenSplit, IgnoredEntry, Layout } from "./picture.js";
import type { Tree } from "./tree.js";

/** A file with what its place in the folder, or its row in the manifest, says of it. */
export interface Source {
  readonly path: string;
  readonly label: string;
  readonly given: GivenSplit | null;
  readonly group: string | null;
}

export interface Sources {
  readonly layout: Layout;
  /** Sorted by path. */
  readonly files: readonly Source[];
  /** Every label that the folder names, with or without files, sorted. */
  readonly labels: readonly string[];
  readonly ignored: readonly IgnoredEntry[];
  readonly aliases: readonly { readonly label: string; readonly names: readonly string[] }[];
  readonly followedLinks: readonly string[];
}

/** Names of split folders, in lower case. */
const splitNames: Readonly<Record<string, GivenSplit>> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
  testing: "test",
};

/** The split that a folder's name, or a manifest's cell, stands for; null for any other word. */
export function givenSplit(name: string): GivenSplit | null {
  return splitNames[name.trim().toLowerCase()] ?? null;
}

export function normalizeLabel(name: string): string {
  return name.normalize("NFC");
}

/** Reads labels and given splits off the paths of a folder. */
export function readLayout(tree: Tree): Sources {
  const layout = recognizeLayout(tree.folders);
  const depth = layout === "splits" ? 1 : 0;
  const files: Source[] = [];
  const ignored: IgnoredEntry[] = [...tree.ignored];
  for (const path of tree.files) {
    const parts = path.split("/");
    const name = parts[depth]!;
    if (parts.length < depth + 2) ignored.push({ path, kind: "stray", reason: "not in a class folder" });
    else
      files.push({
        path,
        label: normalizeLabel(name),
        given: layout === "splits" ? givenSplit(parts[0]!) : null,
        group: null,
      });
  }
  const classFolders = tree.folders.map((path) => path.split("/")).filter((parts) => parts.length === depth + 1);
  const names = classFolders.map((parts) => parts[depth]!);
  const { followedLinks } = tree;
  return { layout, files, ignored, labels: uniqueLabels(names), aliases: findAliases(names), followedLinks };
}

/** Labels of the names, each once, in order. */
export function uniqueLabels(names: readonly string[]): string[] {
  return [...new Set(names.map(normalizeLabel))].toSorted(compareCodePoints);
}

/** Which names became one label, where that is not one name in NFC. */
export function findAliases(names: readonly string[]): Sources["aliases"] {
  const byLabel = groupBy(new Set(names), normalizeLabel);
  return [...byLabel]
    .filter(([label, group]) => group.length > 1 || group[0] !== label)
    .map(([label, group]) => ({ label, names: group.toSorted(compareCodePoints) }))
    .toSorted((a, b) => compareCodePoints(a.label, b.label));
}

/** Splits only where every top folder is named like one and at least one of them holds folders. */
function recognizeLayout(folders: readonly string[]): Layout {
  const top = folders.filter((path) => !path.includes("/"));
  const nested = new Set(folders.filter((path) => path.includes("/")).map((path) => path.slice(0, path.indexOf("/"))));
  const allNamed = top.length > 0 && top.every((name) => givenSplit(name) !== null);
  return allNamed && top.some((name) => nested.has(name)) ? "splits" : "classes";
}
