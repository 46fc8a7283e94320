/** What the scan knows of the user's folder. Nothing in it is ever changed. */
import type { ImageFacts, UnreadableKind } from "../image/index.js";

export type GivenSplit = "train" | "validation" | "test";

/** One readable photograph. */
export interface Picture {
  /** Relative to the scanned folder, with "/" between the parts, exactly as on disk. */
  readonly path: string;
  /** Class name in Unicode NFC. */
  readonly label: string;
  /** SHA-256 of the file's bytes. */
  readonly fileHash: string;
  /** Hash of the decoded, oriented sRGB pixels and their width and height: the identity of a picture. */
  readonly pixelHash: string;
  readonly sizeBytes: number;
  readonly facts: ImageFacts;
  /** The author's own split, where the folder or the manifest gives one. */
  readonly given: GivenSplit | null;
  /** A manifest's group (pictures of one object), else null. */
  readonly group: string | null;
}

/** Why a file could not be used: what the decoder said, or what happened to the file while it was read. */
export type BrokenKind = UnreadableKind | "vanished" | "no-permission" | "changing" | "unreadable";

/** A file that looks like an image and could not be read. */
export interface BrokenFile {
  readonly path: string;
  readonly label: string | null;
  readonly reason: string;
  readonly kind: BrokenKind;
  /** What its owner can do about it. */
  readonly remedy: string;
}

/**
 * hidden: begins with a dot or is a system's own file; stray: outside every class folder; not-image: of another type;
 * link: a link that is not followed; link-broken: a link to nothing; name: bytes that are no UTF-8; special: no regular file;
 * no-permission: a folder that may not be read; unlisted: an image that a manifest does not mention.
 */
export type IgnoredKind =
  | "hidden"
  | "stray"
  | "not-image"
  | "link"
  | "link-broken"
  | "name"
  | "special"
  | "no-permission"
  | "unlisted";

/** Something in the folder that is no labelled image: hidden, stray, of another type, a link … */
export interface IgnoredEntry {
  readonly path: string;
  readonly reason: string;
  readonly kind: IgnoredKind;
}

/** classes: `class/…/file`; splits: `train|val|validation|test/class/…/file`; manifest: a CSV or JSONL table. */
export type Layout = "classes" | "splits" | "manifest";

export interface Dataset {
  /** Absolute path of the scanned folder. */
  readonly root: string;
  readonly layout: Layout;
  /** Class names in NFC, sorted by code point; classes without a readable picture are not among them. */
  readonly classes: readonly string[];
  /** Sorted by path (code points). */
  readonly pictures: readonly Picture[];
  readonly broken: readonly BrokenFile[];
  readonly ignored: readonly IgnoredEntry[];
  readonly emptyClasses: readonly string[];
  /** Classes left out by --exclude, with their number of files. */
  readonly excluded: readonly { readonly label: string; readonly files: number }[];
  /** Names as written (on disk or in the manifest) that became one label, where they are several or not in NFC. */
  readonly aliases: readonly { readonly label: string; readonly names: readonly string[] }[];
  /** Paths of files and folders that are links and were followed. */
  readonly followedLinks: readonly string[];
}

/** `excluded`: the row takes part in nothing (a duplicate that leaves training, or one picture under two labels). */
export type SplitName = "train" | "select" | "calibrate" | "test" | "excluded";

/** One row of splits.csv, for every picture of the data set, in its order. */
export interface SplitRow {
  readonly path: string;
  readonly label: string;
  readonly split: SplitName;
  /** Rows of one group are never in two splits: the manifest's group, or the pixel hash shared by identical pictures. */
  readonly group: string;
}
