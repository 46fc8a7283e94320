/** The verdict table of the terminal: aligned columns, or the requirement under its numbers where the terminal is narrow. */
import { withoutCodeMarks } from "../core/index.js";
import type { Evidence, RequirementEvidence, Verdict } from "../verify/index.js";
import { showControls } from "./html.js";
import { decidingBound, isExact } from "./tally.js";
import { formatApart, formatTarget } from "../spec/index.js";
import { roleWords } from "./verdicts.js";
import { measureWidth, padToWidth, wrapToWidth } from "./width.js";

/** How the table is laid out. */
export interface VerdictTableOptions {
  /** Columns of the terminal; fewer than 60 count as 60. */
  readonly width: number;
  readonly color: boolean;
  /** Whether the evidence stands under each line that is not met; default false. */
  readonly reasons?: boolean;
}

/** One line of the table, before layout. */
interface Row {
  readonly id: string;
  readonly verdict: Verdict;
  readonly text: string;
  readonly numbers: readonly [target: string, measured: string, bound: string];
  readonly reason: string | null;
}

interface Layout {
  readonly width: number;
  readonly color: boolean;
  readonly idWidth: number;
  readonly numberWidths: readonly number[];
  /** Columns left for the requirement beside everything else. */
  readonly textWidth: number;
}

const narrowest = 60;
const gap = "  ";
/** Below this the requirement moves to lines of its own. */
const narrowestText = 24;
const headings = ["target", "measured", "bound"] as const;
const signs: Readonly<Record<Verdict, string>> = { met: "✓", "not met": "✗", unproven: "?", "not checkable": "–" };
/** Select Graphic Rendition: bold green, bold red, bold yellow, bold. */
const colors: Readonly<Record<Verdict, string>> = {
  met: "1;32",
  "not met": "1;31",
  unproven: "1;33",
  "not checkable": "1",
};
const verdictWidth = Math.max(...Object.keys(signs).map((verdict) => verdict.length)) + 2;

/** The verdicts as a table of plain text, grouped by role, no line wider than the terminal; ends with a line break. */
export function renderVerdictTable(evidence: Evidence, options: VerdictTableOptions): string {
  const rows = evidence.requirements.map((line) => ({
    role: line.role,
    row: describe(line, options.reasons ?? false),
  }));
  const layout = layOut(
    rows.map(({ row }) => row),
    options,
  );
  const groups = roleWords.flatMap(({ role, name }) => {
    const own = rows.filter((entry) => entry.role === role).flatMap(({ row }) => renderRow(row, layout));
    return own.length === 0 ? [] : [paint(name, "1", layout.color), ...own];
  });
  return `${[renderHeading(layout), ...groups].map((line) => line.trimEnd()).join("\n")}\n`;
}

function describe(line: RequirementEvidence, withReason: boolean): Row {
  const target = line.target?.value ?? null;
  const bound = decidingBound(line);
  return {
    id: line.id,
    verdict: line.verdict,
    text: clean(line.text),
    numbers: [
      line.target === null ? "–" : brief(formatTarget(line.target, line.unit)),
      line.measured === null ? "–" : brief(formatApart(line.measured, target, line.unit)),
      bound === null
        ? isExact(line)
          ? "exact"
          : "–"
        : `${bound.side === "lower" ? "≥" : "≤"} ${formatApart(bound.value, target, line.unit)}`,
    ],
    reason: withReason && line.verdict !== "met" ? clean(withoutCodeMarks(line.evidence)) : null,
  };
}

function layOut(rows: readonly Row[], { width: asked, color }: VerdictTableOptions): Layout {
  const width = Math.max(narrowest, Math.floor(asked) || narrowest);
  const idWidth = Math.min(8, Math.max(2, ...rows.map((row) => measureWidth(row.id))));
  const numberWidths = headings.map((heading, index) =>
    Math.max(heading.length, ...rows.map((row) => measureWidth(row.numbers[index]!))),
  );
  const taken = [idWidth, verdictWidth, ...numberWidths].reduce((sum, part) => sum + part + gap.length, 0);
  return { width, color, idWidth, numberWidths, textWidth: width - taken };
}

function renderHeading(layout: Layout): string {
  const beside = layout.textWidth >= narrowestText;
  const cells = [
    padToWidth("id", layout.idWidth),
    padToWidth("verdict", verdictWidth),
    ...(beside ? [padToWidth("requirement", layout.textWidth)] : []),
    ...alignNumbers(headings, layout),
  ];
  return paint(cells.join(gap), "2", layout.color);
}

function renderRow(row: Row, layout: Layout): readonly string[] {
  const id = padToWidth(row.id, layout.idWidth);
  const verdict = paint(
    padToWidth(`${signs[row.verdict]} ${row.verdict}`, verdictWidth),
    colors[row.verdict],
    layout.color,
  );
  const numbers = alignNumbers(row.numbers, layout);
  const indent = " ".repeat(layout.idWidth + gap.length);
  const deep = indent + " ".repeat(verdictWidth + gap.length);
  if (layout.textWidth < narrowestText) {
    const under = wrapToWidth(row.text, layout.width - indent.length).map((line) => indent + line);
    return [[id, verdict, ...numbers].join(gap), ...under, ...renderReason(row, indent, layout)];
  }
  const [first, ...more] = wrapToWidth(row.text, layout.textWidth);
  return [
    [id, verdict, padToWidth(first!, layout.textWidth), ...numbers].join(gap),
    ...more.map((line) => deep + line),
    ...renderReason(row, deep, layout),
  ];
}

function renderReason(row: Row, indent: string, layout: Layout): readonly string[] {
  if (row.reason === null) return [];
  return wrapToWidth(row.reason, layout.width - indent.length).map((line) => indent + paint(line, "2", layout.color));
}

/** Numbers stand flush right under their headings. */
function alignNumbers(cells: readonly string[], layout: Layout): readonly string[] {
  return cells.map((cell, index) => " ".repeat(Math.max(0, layout.numberWidths[index]! - measureWidth(cell))) + cell);
}

/** The requirement beside it says what is counted. */
function brief(text: string): string {
  return text.replace(/ (?:images?|class(?:es)?)$/, "");
}

/** Control characters must not reach the terminal; they could move the cursor or fake a verdict. */
function clean(text: string): string {
  return showControls(text.replace(/\s+/g, " "));
}

function paint(text: string, code: string, color: boolean): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}
