/** What a reader of Markdown or YAML hands on, and the names of the four lists. */
import type { List, Story } from "./requirement.js";
import type { ListLine } from "./recognize.js";

export interface Outline {
  readonly story: Story;
  readonly lines: readonly ListLine[];
  /** Text outside the lists that may set the significance level. */
  readonly notes: readonly Note[];
}

export interface Note {
  readonly text: string;
  readonly line: number;
}

const listNames: readonly (readonly [RegExp, List])[] = [
  [/^(?:(?:hard|the)\s+)?constraints?$/, "constraints"],
  [/^(?:the\s+)?rewards?$/, "rewards"],
  [/^(?:the\s+)?penalt(?:y|ies)$/, "penalties"],
  [/^(?:the\s+)?goals?(?:[\s_-]*states?)?$/, "goal state"],
];
const spellings = [
  "constraint",
  "constraints",
  "reward",
  "rewards",
  "penalty",
  "penalties",
  "goal state",
  "goal states",
];

/** The list that a heading names in any letter case, number or markup, or null. */
export function readListName(heading: string): List | null {
  const name = bareHeading(heading);
  return listNames.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** The list name that a heading misspells ("CONSTRAINS"), or null: its lines would silently be lost. */
export function findMisspelled(heading: string): string | null {
  const name = bareHeading(heading);
  if (name.length < 5 || name.length > 14) return null;
  return spellings.find((spelling) => spelling !== name && distance(name, spelling) <= 2) ?? null;
}

function bareHeading(heading: string): string {
  return heading
    .replace(/\([^)]*\)\s*:?\s*$/, "")
    .replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")
    .replace(/\s+/g, " ")
    .toLowerCase();
}

/** Edit distance of Levenshtein 1966. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
