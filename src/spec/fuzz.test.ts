/** Any text at all: the parser gives a spec or a fault, never another error, and drops no line. */
import { assert, array, constantFrom, integer, oneof, property, string, tuple } from "fast-check";
import { expect, test } from "vitest";
import { Fault } from "../core/index.js";
import { inferSpec, parseSpec, type SpecFormat } from "./index.js";
import { kindNames, kinds } from "./kinds.js";

const headings = ["CONSTRAINTS", "Rewards", "penalties", "Goal State"];
const examples = kindNames.flatMap((kind) => kinds[kind].examples);
const pieces = [
  "# ",
  "## CONSTRAINTS\n",
  "**Rewards**\n",
  "penalties:\n",
  "GOAL STATE\n---\n",
  "- ",
  "  - ",
  "1. ",
  "* [ ] ",
  "> ",
  "```\n",
  "~~~md\n",
  "    ",
  "\t",
  "\n",
  "\r\n",
  "\n\n",
  "As a ",
  "I want ",
  "so that ",
  "α = ",
  "with 99% confidence",
  "significance level ",
  "recall of class ",
  "p95",
  "<!--",
  "<b>",
  "[a]: b",
  "|",
  "&lt;",
  "\\",
  "{",
  "}",
  "[",
  "]",
  ": ",
  "'",
  '"',
  "*x",
  "&x ",
  "!!int ",
  "? ",
  "---\n",
  "...\n",
  "constraints:\n",
  "rewards: [",
  "goal_state: |\n",
  "story: {",
  "95%",
  "≥ ",
  "-5",
  "1e400",
  "99999999999999999999",
  "0.0.0",
  "½",
  "under ",
  "no more than ",
  "\u0000",
  "\uFEFF",
  "\uD800",
  "🎯",
  "\u202E",
  "ﷺ",
  ...examples,
];

/** A spec or a fault; anything else fails the test. */
function survives(text: string, format: SpecFormat): boolean {
  try {
    parseSpec(text, "fuzz", format);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code !== "internal") return true;
    throw error;
  }
}

const formats = constantFrom<SpecFormat>("markdown", "yaml");
const soup = array(
  oneof(
    { weight: 4, arbitrary: constantFrom(...pieces) },
    string({ unit: "binary", maxLength: 12 }),
    string({ unit: "grapheme-composite", maxLength: 12 }),
  ),
  { maxLength: 40 },
);

test("random pieces", () => {
  assert(
    property(soup, formats, (parts, format) => survives(parts.join(""), format)),
    { numRuns: 1500 },
  );
});

test("random text", () => {
  assert(property(string({ unit: "binary", maxLength: 400 }), formats, survives), { numRuns: 500 });
});

test("random lines in a list", () => {
  const words = constantFrom(
    ...examples.flatMap((example) => example.split(" ")),
    "not",
    "no",
    "than",
    "class",
    "0",
    "1.5",
    "≥",
    "—",
    "%",
  );
  const line = array(words, { minLength: 1, maxLength: 9 }).map((of) => of.join(" "));
  assert(
    property(constantFrom(...headings), line, (heading, text) => survives(`# ${heading}\n- ${text}\n`, "markdown")),
    { numRuns: 3000 },
  );
});

const letters = Array.from("abcdefghijklmnopqrstuvwxyzäßéКот漢字");

/** Plain words: no number, so that no line is refused, and no markup, so that the text is the whole line. */
const plainLine = array(string({ unit: constantFrom(...letters), minLength: 1, maxLength: 9 }), {
  minLength: 1,
  maxLength: 6,
}).map((of) => of.join(" "));
const marker = constantFrom("- ", "* ", "+ ", "1. ", "7) ", "- [ ] ");

test("each list line is one requirement, in order, with its own line number", () => {
  const section = tuple(
    constantFrom("# REWARDS", "### penalties", "**Rewards**", "PENALTIES:"),
    array(tuple(marker, plainLine), { minLength: 1, maxLength: 6 }),
  );
  assert(
    property(array(section, { minLength: 1, maxLength: 5 }), integer({ min: 0, max: 3 }), (sections, gap) => {
      const text = sections
        .map(
          ([heading, items]) =>
            `${heading}\n\n${items.map(([mark, line]) => `${mark}${line}\n`).join("\n".repeat(gap))}\n`,
        )
        .join("\n");
      const { requirements } = parseSpec(text, "fuzz", "markdown");
      expect(requirements.map((line) => line.text)).toEqual(
        sections.flatMap(([, items]) => items.map(([, line]) => line)),
      );
      const rows = text.split("\n");
      for (const { line, text: words } of requirements) expect(rows[line - 1]!.endsWith(words)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("each line of a YAML list is one requirement, in order", () => {
  assert(
    property(array(plainLine, { minLength: 1, maxLength: 8 }), (items) => {
      const text = `rewards:\n${items.map((item) => `  - ${JSON.stringify(item)}\n`).join("")}`;
      expect(parseSpec(text, "fuzz", "yaml").requirements.map((line) => line.text)).toEqual(items);
    }),
    { numRuns: 200 },
  );
});

test("what is inferred can be parsed", () => {
  assert(
    property(integer({ min: 2, max: 5000 }), integer({ min: 1, max: 1_000_000 }), (classes, images) => {
      const [first, second] = parseSpec(inferSpec({ classes, images }), "inferred", "markdown").requirements;
      expect([first!.target!.value, second!.target!.value]).toEqual([images, classes]);
    }),
  );
});

test.each<[name: string, text: string]>([
  ["quotations in quotations", ">".repeat(20_000)],
  [
    "lists in lists",
    `# REWARDS\n${Array.from({ length: 150 }, (_, depth) => `${" ".repeat(2 * depth)}- x`).join("\n")}`,
  ],
  ["open brackets", `# REWARDS\n- ${"[".repeat(20_000)}`],
  ["stars", `# REWARDS\n- ${"*a ".repeat(10_000)}`],
  ["a long line", `# REWARDS\n- ${"no class below more than 95 % accuracy ".repeat(300)}`],
  ["many digits", `# REWARDS\n- ${"1,000 ".repeat(2_000)}`],
  ["spaces", `# REWARDS\n- accuracy${" ".repeat(50_000)}x`],
  ["fences in fences", "```\n".repeat(5_000)],
])("%s come to an end", (_name, text) => {
  for (const format of ["markdown", "yaml"] as const) survives(text, format);
});
