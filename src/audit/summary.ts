/** The audit as text for a terminal. */
import { formatBytes, formatCount, formatPercent, quoteName } from "../core/index.js";
import { several } from "./check.js";
import type { Audit, ClassSummary, Finding, Severity } from "./finding.js";

const marks: Readonly<Record<Severity, string>> = { error: "ERROR  ", warning: "WARNING", info: "info   " };

/** A screen or two: what there is, the table of classes, the findings with what to do about them. */
export function summarizeAudit(audit: Audit): string {
  return [
    headline(audit),
    "",
    ...classTable(audit.classes),
    "",
    ...audit.findings.flatMap(describe),
    closing(audit),
  ].join("\n");
}

function headline(audit: Audit): string {
  const { images, distinct, classes, bytes, imbalance, splits } = audit;
  const parts = Object.entries(splits).filter(([, count]) => count > 0);
  return [
    `${several(images, "photograph")} (${formatBytes(bytes)}) of ${several(classes.length, "class", "classes")} in ${audit.root}`,
    `${several(distinct, "different picture")}; largest class ${imbalance.toFixed(1)} times the smallest`,
    `split: ${parts.map(([name, count]) => `${name} ${formatCount(count)} (${formatPercent(count / images)})`).join(", ")}`,
  ].join("\n");
}

const columns = ["images", "train", "select", "calibrate", "test", "weight"] as const;

function classTable(classes: readonly ClassSummary[]): string[] {
  const rows = classes.map(({ label, images, splits, weight }) => {
    const counts = [images, splits.train, splits.select, splits.calibrate, splits.test].map(formatCount);
    return [shorten(label), ...counts, weight.toFixed(2)];
  });
  const table = [["class", ...columns], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
}

const longestLabel = 40;

/** Names are shown as they are unless they would break the table. */
function shorten(label: string): string {
  const shown = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(label) ? label : quoteName(label);
  return shown.length > longestLabel ? `${shown.slice(0, longestLabel - 1)}…` : shown;
}

function describe(finding: Finding): string[] {
  const { severity, certainty, id, text, cost, remedy, examples, count } = finding;
  const more = count > examples.length ? ` and ${formatCount(count - examples.length)} more in audit.json` : "";
  return [
    `${marks[severity]} ${text} ${cost}${certainty === "likely" ? " (A rule of thumb.)" : ""}`,
    ...(remedy === "none needed" ? [] : [`        Remedy: ${remedy}.`]),
    `        ${id}: ${examples.join(", ")}${more}`,
    "",
  ];
}

function closing({ findings }: Audit): string {
  const counts = (["error", "warning"] as const).map((severity) =>
    several(findings.filter((finding) => finding.severity === severity).length, severity),
  );
  return `${counts.join(", ")}, ${findings.filter(({ severity }) => severity === "info").length} for information`;
}
