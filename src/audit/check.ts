/** What a check of the audit is, and what it may look at. */
import { formatCount, groupBy, quoteName } from "../core/index.js";
import {
  type BrokenFile,
  countClassSplits,
  countSplits,
  type Dataset,
  type IgnoredKind,
  type Picture,
  type SplitRow,
} from "../dataset/index.js";
import type { Certainty, ClassSummary, Finding, Severity, SplitCounts } from "./finding.js";

/** The data set with what several checks want of it. */
export interface Evidence {
  readonly dataset: Dataset;
  readonly rows: readonly SplitRow[];
  readonly classes: readonly ClassSummary[];
  readonly splits: SplitCounts;
  readonly distinctSplits: SplitCounts;
  /** Pictures with the same pixels, each picture in one list. */
  readonly copies: readonly (readonly Picture[])[];
}

/** Something a check found: a file or a class, and what is particular to it. */
export interface Hit {
  readonly name: string;
  readonly note?: string;
}

export interface Check {
  readonly severity: Severity | ((hits: readonly Hit[], evidence: Evidence) => Severity);
  readonly certainty: Certainty;
  readonly about: "files" | "classes";
  readonly find: (evidence: Evidence) => readonly Hit[];
  readonly text: (hits: readonly Hit[], evidence: Evidence) => string;
  readonly cost: string;
  readonly remedy: string | ((hits: readonly Hit[], evidence: Evidence) => string);
}

export function gatherEvidence(dataset: Dataset, rows: readonly SplitRow[]): Evidence {
  const { pictures, classes } = dataset;
  const counts = countClassSplits(rows);
  const different = firstCopies(dataset, rows);
  const differentCounts = countClassSplits(different);
  const perClass = groupBy(pictures, ({ label }) => label);
  return {
    dataset,
    rows,
    splits: countSplits(rows),
    distinctSplits: countSplits(different),
    classes: classes.map((label) => {
      const images = perClass.get(label)!.length;
      const weight = pictures.length / (classes.length * images);
      return { label, images, splits: counts.get(label)!, distinctSplits: differentCounts.get(label)!, weight };
    }),
    copies: [...groupBy(pictures, ({ pixelHash }) => pixelHash).values()],
  };
}

/** Of pictures with the same pixels in one class and split the first row. */
function firstCopies({ pictures }: Dataset, rows: readonly SplitRow[]): SplitRow[] {
  const seen = new Set<string>();
  return rows.filter(({ split, label }, i) => {
    const key = JSON.stringify([split, label, pictures[i]!.pixelHash]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const mostExamples = 5;

/** Runs a check; null where it finds nothing. */
export function runCheck(id: string, check: Check, evidence: Evidence): Finding | null {
  const hits = check.find(evidence);
  if (hits.length === 0) return null;
  const { severity, certainty, about, cost, remedy } = check;
  const names = hits.map(({ name }) => name);
  return {
    id,
    severity: typeof severity === "function" ? severity(hits, evidence) : severity,
    certainty,
    count: hits.length,
    files: about === "files" ? names : [],
    classes: about === "classes" ? names : [],
    examples: hits
      .slice(0, mostExamples)
      .map(({ name, note }) => quoteName(name) + (note === undefined ? "" : ` (${note})`)),
    text: check.text(hits, evidence),
    cost,
    remedy: typeof remedy === "function" ? remedy(hits, evidence) : remedy,
  };
}

/** Pictures that hold a property, with a note on each. */
export function picturesWhere(
  holds: (picture: Picture) => boolean,
  note?: (picture: Picture) => string,
): (evidence: Evidence) => Hit[] {
  return ({ dataset }) =>
    dataset.pictures
      .filter(holds)
      .map((picture) => (note ? { name: picture.path, note: note(picture) } : { name: picture.path }));
}

/** Files that could not be read and hold a property. */
export function brokenWhere(holds: (file: BrokenFile) => boolean): (evidence: Evidence) => Hit[] {
  return ({ dataset }) => dataset.broken.filter(holds).map(({ path, reason }) => ({ name: path, note: reason }));
}

/** Entries that the scan passed over, of one kind. */
export function ignoredOf(kind: IgnoredKind): (evidence: Evidence) => Hit[] {
  return ({ dataset }) =>
    dataset.ignored.filter((entry) => entry.kind === kind).map(({ path, reason }) => ({ name: path, note: reason }));
}

/** "jpeg 8, png 2": how often each note occurs, the most frequent first. */
export function tally(hits: readonly Hit[]): string {
  const groups = [...groupBy(hits, ({ note }) => note ?? "")].toSorted(([, a], [, b]) => b.length - a.length);
  const shown = groups.slice(0, 4).map(([note, members]) => `${note}: ${formatCount(members.length)}`);
  return groups.length > 4 ? `${shown.join("; ")}; and others` : shown.join("; ");
}
