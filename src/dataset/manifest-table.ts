/** The text of a manifest → rows, whichever way it is written. */
import { parse } from "csv-parse/sync";
import { describeError, Fault, listNames } from "../core/index.js";

export interface ManifestRow {
  /** As written. */
  readonly path: string;
  readonly label: string;
  readonly split: string | null;
  readonly group: string | null;
  /** 1-based line in the file where the row ends. */
  readonly line: number;
}

type Cells = Readonly<Record<string, unknown>>;

/** Rows of a manifest; other columns are left alone. Throws `manifest-invalid`. */
export function readTable(path: string, text: string): ManifestRow[] {
  const rows = /\.(jsonl|ndjson)$/i.test(path) ? readJsonLines(path, text) : readCsv(path, text);
  if (rows.length === 0)
    throw new Fault("manifest-invalid", {
      what: `the manifest ${path}`,
      expected: "a row for every image",
      got: "no rows",
    });
  return rows;
}

function readCsv(path: string, text: string): ManifestRow[] {
  const delimiter = /^[^\r\n]*?([,;\t])/.exec(text)?.[1] ?? ",";
  try {
    const records: { record: Cells; info: { lines: number } }[] = parse(text, {
      bom: true,
      delimiter,
      info: true,
      skip_empty_lines: true,
      columns: (names: string[]) =>
        checkColumns(
          path,
          names.map((name) => name.trim().toLowerCase()),
        ),
    });
    return records.map(({ record, info }) => toRow(path, record, info.lines));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("manifest-invalid", {
      what: `the manifest ${path} is no CSV table`,
      got: describeError(error),
      cause: error,
    });
  }
}

function checkColumns(path: string, names: string[]): string[] {
  if (!names.includes("path") || !names.includes("label"))
    throw new Fault("manifest-invalid", {
      what: `${path}:1`,
      expected: "a header with the columns path and label (and split, group where wanted)",
      got: listNames(names),
    });
  return names;
}

function readJsonLines(path: string, text: string): ManifestRow[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  return lines.flatMap((line, i) => (line.trim() === "" ? [] : [toRow(path, parseObject(path, line, i + 1), i + 1)]));
}

function parseObject(path: string, line: string, number: number): Cells {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Cells;
  throw new Fault("manifest-invalid", {
    what: `${path}:${number}`,
    expected: 'an object such as {"path": "a/1.jpg", "label": "a"}',
    got: line.slice(0, 60),
  });
}

function toRow(path: string, cells: Cells, line: number): ManifestRow {
  const cell = (name: string): string | null => {
    const value = cells[name];
    if (value === undefined || value === null || value === "") return null;
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    throw new Fault("manifest-invalid", {
      what: `${path}:${line}`,
      expected: `text for ${name}`,
      got: JSON.stringify(value).slice(0, 60),
    });
  };
  const required = (name: string): string => {
    const value = cell(name);
    if (value !== null) return value;
    throw new Fault("manifest-invalid", { what: `${path}:${line}`, expected: `a ${name}`, got: "none" });
  };
  return { path: required("path"), label: required("label"), split: cell("split"), group: cell("group"), line };
}
