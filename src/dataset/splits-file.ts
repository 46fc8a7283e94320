/** splits.csv: `path,label,split,group`, one row a picture (RFC 4180, lines end in "\n"). */
import { parse } from "csv-parse/sync";
import { describeError, Fault } from "../core/index.js";
import type { SplitName, SplitRow } from "./picture.js";

const columns = ["path", "label", "split", "group"] as const;
const splitNames: ReadonlySet<string> = new Set<SplitName>(["train", "select", "calibrate", "test", "excluded"]);

/** Rows as CSV with a header. */
export function formatSplits(rows: readonly SplitRow[]): string {
  const lines = rows.map((row) => formatCsvRow(columns.map((column) => row[column])));
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

/** Rows of a splits.csv. Throws `manifest-invalid` where it is none. */
export function parseSplits(text: string): SplitRow[] {
  const records = readRecords(text);
  return records.map((record, index) => {
    const [path, label, split, group] = columns.map((column) => record[column]);
    if (
      path === undefined ||
      label === undefined ||
      split === undefined ||
      group === undefined ||
      !splitNames.has(split)
    )
      throw new Fault("manifest-invalid", {
        what: `row ${index + 1} of splits.csv`,
        expected: `the columns ${columns.join(",")} with a split of ${[...splitNames].join(", ")}`,
        got: JSON.stringify(record),
      });
    return { path, label, split: split as SplitName, group };
  });
}

function readRecords(text: string): Record<string, string>[] {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new Fault("manifest-invalid", { what: "splits.csv cannot be read", got: describeError(error), cause: error });
  }
}

/** A row of CSV, without the end of the line (RFC 4180). */
export function formatCsvRow(cells: readonly string[]): string {
  return cells.map(quoteCell).join(",");
}

function quoteCell(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
