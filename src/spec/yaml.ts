/** YAML 1.2 (package yaml) → outline: the same story and lists as keys. A line's text is what stands in the file, so that "- Training time: 4 h" needs no quotes. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
} from "yaml";
import { Fault, quoteName } from "../core/index.js";
import { type Note, type Outline, readListName } from "./outline.js";
import type { ListLine } from "./recognize.js";
import type { List, Story } from "./requirement.js";
import { readStory } from "./story-text.js";

interface Reading {
  readonly source: string;
  readonly text: string;
  readonly document: Document.Parsed;
  readonly lines: ListLine[];
  readonly notes: Note[];
  readonly story: Map<keyof Story, string>;
  lineOf(offset: number): number;
}

type KeyReader = (value: Node | null, line: number, reading: Reading) => void;

/** Keys beside the four lists; letter case, spaces, "_" and "-" do not matter. */
const keys: Readonly<Record<string, KeyReader>> = {
  story: readStoryKey,
  "user story": readStoryKey,
  "as a": readStoryPart("asA"),
  "as an": readStoryPart("asA"),
  "i want": readStoryPart("iWant"),
  "so that": readStoryPart("soThat"),
  alpha: readLevel,
  "significance level": readLevel,
  significance: readLevel,
  "confidence level": (value, line, reading) =>
    reading.notes.push({ text: `confidence level ${plainText(value, reading)}`, line }),
  title: ignore,
  name: ignore,
  description: ignore,
  notes: ignore,
  version: ignore,
};

const storyParts: Readonly<Record<string, keyof Story>> = {
  "as a": "asA",
  "as an": "asA",
  "i want": "iWant",
  "so that": "soThat",
};

/** Reads a spec in YAML. Throws the fault spec-invalid for a syntax error or a key that it does not know. */
export function readYaml(text: string, source: string): Outline {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: "error" });
  const lineOf = (offset: number): number => counter.linePos(offset).line;
  const [error] = document.errors;
  if (error) throw syntaxFault(source, lineOf(error.pos[0]), error.message);
  const reading: Reading = { source, text, document, lines: [], notes: [], story: new Map(), lineOf };
  const root = document.contents;
  if (!isMap(root)) throw keyFault(source, 1, isScalar(root) ? "text without keys" : "no keys");
  for (const pair of root.items) readPair(pair, reading);
  const part = (name: keyof Story): string | null => reading.story.get(name) ?? null;
  const story = { asA: part("asA"), iWant: part("iWant"), soThat: part("soThat") };
  return { story, lines: reading.lines, notes: reading.notes };
}

function readPair({ key, value }: Pair<Node, Node | null>, reading: Reading): void {
  const line = reading.lineOf(key.range?.[0] ?? 0);
  const name = plainText(key, reading);
  const list = readListName(name.replace(/[_-]/g, " "));
  if (list !== null) return readList(list, value, reading);
  const reader = keys[keyOf(name)];
  if (!reader) throw keyFault(reading.source, line, quoteName(name));
  reader(value, line, reading);
}

/** "I_want", "iWant" and "I want" are one key. */
function keyOf(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/[\s_-]+/g, " ")
    .trim()
    .toLowerCase();
}

function readList(list: List, node: Node | null, reading: Reading): void {
  if (isSeq(node)) for (const item of node.items) readList(list, item as Node | null, reading);
  else if (isMap(node)) for (const pair of node.items) readEntry(list, pair as Pair<Node, Node | null>, reading);
  else if (isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED"))
    readBlock(list, node, reading);
  else if (node !== null) addLine(list, plainText(node, reading), node.range?.[0] ?? 0, reading);
}

/** "- Training time: 4 h" is one line; an entry that holds a list is a line, and so is each of its own. */
function readEntry(list: List, { key, value }: Pair<Node, Node | null>, reading: Reading): void {
  const from = key.range?.[0] ?? 0;
  if (isSeq(value) || isMap(value)) {
    addLine(list, plainText(key, reading), from, reading);
    readList(list, value, reading);
  } else addLine(list, reading.text.slice(from, value?.range?.[1] ?? key.range?.[1]), from, reading);
}

/** A block of text: each of its lines, with or without a marker. */
function readBlock(list: List, node: Scalar, reading: Reading): void {
  const from = node.range?.[0] ?? 0;
  const rows = reading.text.slice(from, node.range?.[1]).split(/\r?\n/);
  const first = reading.lineOf(from);
  for (const [index, row] of rows.entries()) {
    const text = row.trim().replace(/^[-*+•]\s+/, "");
    if (index > 0 && text !== "") reading.lines.push({ list, text, line: first + index });
  }
}

function addLine(list: List, text: string, from: number, reading: Reading): void {
  const joined = text.replace(/\s*\r?\n\s*/g, " ").trim();
  if (joined !== "") reading.lines.push({ list, text: joined, line: reading.lineOf(from) });
}

/** What a node says: the value of quoted text, of an alias what it stands for, else what stands in the file. */
function plainText(node: Node | null, reading: Reading): string {
  if (node === null) return "";
  const target = isAlias(node) ? node.resolve(reading.document) : node;
  if (isScalar(target) && typeof target.value === "string") return target.value.trim();
  return reading.text.slice(target?.range?.[0] ?? 0, target?.range?.[1] ?? 0).trim();
}

function readStoryKey(value: Node | null, _line: number, reading: Reading): void {
  if (isMap(value)) {
    for (const pair of value.items as Pair<Node, Node | null>[]) readStoryPair(pair, reading);
    return;
  }
  const rows = isSeq(value)
    ? value.items.map((item) => plainText(item as Node | null, reading))
    : [plainText(value, reading)];
  for (const [name, text] of Object.entries(readStory([rows.join("\n")])) as [keyof Story, string | null][])
    if (text !== null) reading.story.set(name, text);
}

function readStoryPair({ key, value }: Pair<Node, Node | null>, reading: Reading): void {
  const name = plainText(key, reading);
  const part = storyParts[keyOf(name)];
  if (!part)
    throw keyFault(reading.source, reading.lineOf(key.range?.[0] ?? 0), quoteName(name), "as a, i want, so that");
  reading.story.set(part, plainText(value, reading));
}

function readStoryPart(part: keyof Story): KeyReader {
  return (value, _line, reading) => {
    reading.story.set(part, plainText(value, reading));
  };
}

function readLevel(value: Node | null, line: number, reading: Reading): void {
  reading.notes.push({ text: `significance level ${plainText(value, reading)}`, line });
}

function ignore(): void {}

const quoteRemedy = "put a line that begins with >, |, *, &, %, @ or ` in quotes";

function syntaxFault(source: string, line: number, message: string): Fault {
  return new Fault("spec-invalid", {
    what: `${source} line ${line}: ${message.split("\n")[0]!.replace(/\s+at line.*$/, "")}`,
    expected: "YAML",
    ...(/block scalar|alias|anchor|tag|reserved|plain value/i.test(message) && { remedy: quoteRemedy }),
  });
}

function keyFault(
  source: string,
  line: number,
  got: string,
  expected = "story, constraints, rewards, penalties, goal state, alpha",
): Fault {
  return new Fault("spec-invalid", {
    what: `${source} line ${line}: a key that no spec has`,
    expected,
    got,
    remedy: `use the keys ${expected}`,
  });
}
