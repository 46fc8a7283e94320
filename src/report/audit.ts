/** The audit as people read it on a terminal: what there is, the classes, and the findings, the gravest first. */
import type { Audit, ClassSummary, Finding } from "../audit/index.js";
import { countOf, formatBytes, formatCount, withoutCodeMarks } from "../core/index.js";
import { showControls } from "./html.js";
import { measureWidth, padToWidth, wrapToWidth } from "./width.js";

const marks: Readonly<Record<Finding["severity"], string>> = { error: "✗", warning: "!", info: "·" };

/** Plain text, no line wider than `width`; ends with a line break. */
export function renderAudit(audit: Audit, width: number): string {
  const head = [
    `${countOf(audit.images, "labelled image")} of ${countOf(audit.classes.length, "class", "classes")}, ${formatCount(audit.distinct)} different, ${formatBytes(audit.bytes)}`,
    `split: ${Object.entries(audit.splits)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${formatCount(count)}`)
      .join(", ")}`,
  ];
  const findings =
    audit.findings.length === 0
      ? ["Nothing to report."]
      : audit.findings.flatMap((finding) => renderFinding(finding, width));
  return `${[...head, "", ...renderClasses(audit.classes), "", ...findings].join("\n")}\n`;
}

/** Name, images, share of each split, and the balanced weight n/(k·n_c) where the classes differ in size. */
function renderClasses(classes: readonly ClassSummary[]): string[] {
  const areEqual = new Set(classes.map(({ images }) => images)).size === 1;
  const rows = classes.map(({ label, images, splits, weight }) => [
    showControls(label),
    formatCount(images),
    formatCount(splits.train),
    formatCount(splits.select + splits.calibrate),
    formatCount(splits.test),
    ...(areEqual ? [] : [weight.toFixed(2)]),
  ]);
  const table = [["class", "images", "train", "validation", "test", ...(areEqual ? [] : ["weight"])], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => measureWidth(row[column]!))));
  return table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? padToWidth(cell, widths[0]!) : cell.padStart(widths[column]!)))
      .join("  "),
  );
}

function renderFinding({ severity, certainty, text, cost, remedy, examples, count }: Finding, width: number): string[] {
  const paragraphs = [`${text}${certainty === "likely" ? " (likely)" : ""} ${cost}`];
  if (examples.length > 0)
    paragraphs.push(
      `${examples.join(", ")}${count > examples.length ? `, and ${formatCount(count - examples.length)} more` : ""}`,
    );
  if (remedy !== "none needed") paragraphs.push(`Remedy: ${withoutCodeMarks(remedy)}.`);
  const lines = paragraphs.flatMap((paragraph) => wrapToWidth(showControls(paragraph), width - 2));
  return lines.map((line, i) => `${i === 0 ? marks[severity] : " "} ${line}`);
}
