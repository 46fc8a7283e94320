/** The table of docs/autodiff.md, from the rules themselves. */
import { operators, rules } from "./rules.js";

/** Markdown rows: operator, formula, what is not covered. */
export function operatorTable(): string {
  const rows = operators.toSorted().map((operator) => {
    const { formula, except = "" } = rules[operator];
    return `| ${operator} | ${cell(formula)} | ${cell(except)} |`;
  });
  return ["| operator | gradient | refused |", "| --- | --- | --- |", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
