/** Pieces of the pages that a bundle carries. */

/** A name from outside as text of a Markdown table: nothing in it is markup. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").replaceAll(/[\\`*_~<>[\]|&]/g, "\\$&");
}

/** A table with a heading line; cells are Markdown. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}
