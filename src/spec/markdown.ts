/** Markdown (CommonMark, by mdast-util-from-markdown) → outline: story, list lines, notes. The content of a code fence is read like the rest. */
import type { Code, Heading, ListItem, Nodes, Paragraph } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { Fault, quoteName } from "../core/index.js";
import { findMisspelled, type Note, type Outline, readListName } from "./outline.js";
import type { ListLine } from "./recognize.js";
import type { List } from "./requirement.js";
import { readStory } from "./story-text.js";

/** One list of the spec as it is being read. */
interface Section {
  readonly list: List;
  /** Depth of its heading: a deeper heading stays within it. */
  readonly depth: number;
  readonly items: ListLine[];
  /** Lines of paragraphs: they count where the section has no list. */
  readonly prose: ListLine[];
}

/** What is being read, and where in it. */
interface Reading {
  readonly source: string;
  readonly sections: Section[];
  readonly notes: Note[];
  readonly text: string;
  /** Lines of the file above `text`. */
  readonly offset: number;
  section: Section | null;
}

interface Line {
  readonly text: string;
  readonly line: number;
}

/** Deeper than any heading of Markdown: those written as a bold line or as "Constraints:". */
const paragraphDepth = 7;

/** Languages of code fences that hold prose. */
const proseLanguages: ReadonlySet<string> = new Set(["", "markdown", "md", "text", "txt", "plain", "plaintext"]);

/** Reads a spec in Markdown. Throws the fault spec-invalid for a misspelled list heading. */
export function readMarkdown(text: string, source: string): Outline {
  const reading: Reading = { source, sections: [], notes: [], text, offset: 0, section: null };
  walk(fromMarkdown(text).children, reading);
  const lines = reading.sections.flatMap(({ items, prose }) => (items.length > 0 ? items : prose));
  const paragraphs = reading.notes.map((note) => note.text);
  return { story: readStory(paragraphs), lines: lines.toSorted((a, b) => a.line - b.line), notes: reading.notes };
}

function walk(nodes: readonly Nodes[], reading: Reading): void {
  for (const node of nodes) {
    if (node.type === "heading") readHeading(node, reading);
    else if (node.type === "paragraph") readParagraph(node, reading);
    else if (node.type === "list") for (const item of node.children) readItem(item, reading);
    else if (node.type === "blockquote") walk(node.children, reading);
    else if (node.type === "code") readCode(node, reading);
  }
}

function readHeading(node: Heading, reading: Reading): void {
  const [first] = linesOf(node, reading);
  if (first === undefined) return;
  const list = readListName(first.text);
  if (list !== null) open(list, node.depth, reading);
  else if (
    reading.section === null ||
    node.depth <= reading.section.depth ||
    reading.section.depth === paragraphDepth
  ) {
    checkSpelling(first, reading);
    reading.section = null;
  }
}

/** A heading written as a paragraph, lines of a section without list markers, or prose. */
function readParagraph(node: Paragraph, reading: Reading): void {
  const lines = linesOf(node, reading);
  reading.notes.push({ text: lines.map(({ text }) => text).join("\n"), line: lines[0]?.line ?? 1 });
  for (const line of lines) readProse(line, lines.length === 1, reading);
}

const bullet = /^[•◦▪‣·●○–—*+-]\s+/u;
const headed = /^([\p{L}*_\s]{4,24}?)\s*[*_]*[:：][*_]*\s+(\S.*)$/u;
const emphatic = /^(?:\*\*.+\*\*|__.+__|.{1,40}):?$|:$/u;

function readProse(line: Line, alone: boolean, reading: Reading): void {
  const list = readListName(line.text);
  if (list !== null) return open(list, paragraphDepth, reading);
  const [, name, rest] = headed.exec(line.text) ?? [];
  const inline = name === undefined ? null : readListName(name);
  if (inline !== null) open(inline, paragraphDepth, reading);
  if (alone && /^(?:\*\*|__)|:$/.test(line.text) && emphatic.test(line.text) && inline === null) {
    checkSpelling(line, reading);
    if (reading.section?.depth === paragraphDepth && reading.section.items.length > 0) reading.section = null;
    return;
  }
  const { section } = reading;
  if (section === null) return;
  const text = inline === null ? line.text : rest!;
  const into = bullet.test(text) ? section.items : section.prose;
  into.push({ list: section.list, text: stripMarker(text), line: line.line });
}

/** An item's own text is one line of the list; items within it are lines of their own. */
function readItem(item: ListItem, reading: Reading): void {
  const own = item.children.filter((child) => child.type !== "list").flatMap((child) => linesOf(child, reading));
  // Without an empty line before it, Markdown takes "REWARDS:" for the end of the item above it.
  const heading = own.findIndex((line, index) => index > 0 && readListName(line.text) !== null);
  const text = stripMarker((heading < 0 ? own : own.slice(0, heading)).map((line) => line.text).join(" "));
  if (text !== "") {
    const line = own[0]!.line;
    if (reading.section) reading.section.items.push({ list: reading.section.list, text, line });
    else reading.notes.push({ text, line });
  }
  if (heading >= 0) for (const line of own.slice(heading)) readProse(line, false, reading);
  walk(
    item.children.filter((child) => child.type === "list"),
    reading,
  );
}

/** A fence or an indented block: its content is Markdown again, and what it opens ends with it. */
function readCode(node: Code, reading: Reading): void {
  if (!proseLanguages.has(node.lang?.toLowerCase() ?? "")) return;
  const { offset: from, line } = node.position!.start;
  const fenced = /[`~]/.test(reading.text[from ?? 0] ?? "");
  const inner: Reading = { ...reading, text: node.value, offset: reading.offset + line - (fenced ? 0 : 1) };
  walk(fromMarkdown(node.value).children, inner);
}

function open(list: List, depth: number, reading: Reading): void {
  reading.section = { list, depth, items: [], prose: [] };
  reading.sections.push(reading.section);
}

/** The source lines of a block without indentation, empty ones left out. */
function linesOf(node: Nodes, { text, offset }: Reading): readonly Line[] {
  const { start, end } = node.position!;
  return text
    .slice(start.offset, end.offset)
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({
      text: (index > 0 ? line.replace(/^(?:\s*>)+(?=\s*\p{L})/u, "") : line).trim(),
      line: offset + start.line + index,
    }))
    .filter((line) => line.text !== "");
}

/** Takes off a bullet that Markdown does not know and the box of a task. */
function stripMarker(text: string): string {
  return text
    .replace(/^[•◦▪‣·●○]\s+/u, "")
    .replace(/^\[[ xX]\]\s+/, "")
    .trim();
}

function checkSpelling({ text, line }: Line, { source }: Reading): void {
  const meant = findMisspelled(text);
  if (meant === null) return;
  throw new Fault("spec-invalid", {
    what: `${source} line ${line}: a heading that is almost the name of a list`,
    expected: "CONSTRAINTS, REWARDS, PENALTIES or GOAL STATE",
    got: quoteName(text),
    remedy: `write ${meant.toUpperCase()}, or name the section otherwise`,
  });
}
