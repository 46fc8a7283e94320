/** Runs the table of checks over a scanned and divided data set. */
import type { Dataset, SplitRow } from "../dataset/index.js";
import { type Check, gatherEvidence, runCheck } from "./check.js";
import { dataChecks } from "./data-checks.js";
import { fileChecks } from "./file-checks.js";
import type { Audit, Severity } from "./finding.js";
import { pictureChecks } from "./picture-checks.js";

/** Every check of the audit by the id of its finding. */
export const checks = { ...fileChecks, ...pictureChecks, ...dataChecks } as const satisfies Record<string, Check>;

export type FindingId = keyof typeof checks;

/** All ids, for the documentation and its test. */
export const findingIds = Object.keys(checks) as readonly FindingId[];

const order: readonly Severity[] = ["error", "warning", "info"];

/** All findings, the gravest first, with the table of classes. Pure: what it says follows from the scan and the split alone. */
export function auditDataset(dataset: Dataset, rows: readonly SplitRow[]): Audit {
  const evidence = gatherEvidence(dataset, rows);
  const sizes = evidence.classes.map(({ images }) => images);
  return {
    schema: 1,
    root: dataset.root,
    layout: dataset.layout,
    images: dataset.pictures.length,
    distinct: evidence.copies.length,
    bytes: dataset.pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    splits: evidence.splits,
    distinctSplits: evidence.distinctSplits,
    classes: evidence.classes,
    imbalance: sizes.length === 0 ? 1 : Math.max(...sizes) / Math.min(...sizes),
    findings: Object.entries<Check>(checks)
      .flatMap(([id, check]) => runCheck(id, check, evidence) ?? [])
      .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity)),
  };
}
