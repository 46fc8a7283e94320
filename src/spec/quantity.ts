/** Numbers as people write them: "10,000", "10k", "95 %", "<100ms", "under 4 hours", "1 h 30 min", "sub-second". */
import { isExact, readComparison } from "./comparison.js";
import type { Comparison } from "./requirement.js";

/** What a number counts; `plain` is a number without a unit, `other` one that counts what assay does not measure ("500 images per class"). */
export type Dimension = "fraction" | "seconds" | "bytes" | "images/s" | "images" | "classes" | "plain" | "other";

/** A number found in a line, in the base unit of its dimension. */
export interface Quantity {
  readonly dimension: Dimension;
  readonly value: number;
  /** What the line says about the direction; null where it says nothing. */
  readonly comparison: Comparison | null;
  /** What one of its unit is in the base unit. */
  readonly factor: number;
  /** The line says "exactly". */
  readonly exact: boolean;
  /** As written, with its unit. */
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

type UnitRow = readonly [pattern: string, dimension: Dimension, factor: number];

const pictures = "(?:images?|imgs?|photo(?:graph)?s?|pictures?|samples?|predictions?|requests?|inferences?|frames?)";
const counted = "(?:images?|imgs?|photo(?:graph)?s?|pictures?|samples|examples)";
const adjective = "(?!(?:per|and|or|with|on|in|of|for|from|to|than|a|is|are|must|should)\\s)[\\p{L}-]+";

/** Words that may follow a number without being what it counts. */
const notCounted =
  "and|or|on|for|in|out|at|with|of|is|are|to|by|as|if|when|over|across|per|from|up|required|needed|expected|wanted|min|max|minimum|maximum|or|accuracy|recall|score|macro|balanced|worst|validation|test|[a-z]*available";

/** Units, longest first where one begins with another; without regard to case, never in the middle of a word. */
const units: readonly UnitRow[] = [
  [`${pictures}\\s*(?:\\/|per|a|each|every)\\s*(?:s|sec|second)`, "images/s", 1],
  [`${pictures}\\s*(?:\\/|per|a|each|every)\\s*(?:min|minute)`, "images/s", 1 / 60],
  [`${pictures}\\s*(?:\\/|per|an|each|every)\\s*(?:h|hr|hour)`, "images/s", 1 / 3600],
  ["(?:fps|rps|qps|ips)", "images/s", 1],
  [`(?:${adjective}\\s+){0,3}?${counted}\\s*(?:per|\\/|(?:for|in|of)\\s+(?:each|every)|each)\\s*\\p{L}*`, "other", 1],
  ["(?:%|percent(?:age)?|per\\s+cent|pct|pp)(?:\\s+points?)?", "fraction", 0.01],
  ["(?:µs|μs|us|microseconds?)", "seconds", 1e-6],
  ["(?:ms|msecs?|milli-?seconds?|millis)", "seconds", 1e-3],
  ["(?:s|secs?|seconds?)", "seconds", 1],
  ["(?:mins?|minutes?)", "seconds", 60],
  ["(?:h|hrs?|hours?)", "seconds", 3600],
  ["days?", "seconds", 86_400],
  ["weeks?", "seconds", 604_800],
  ["(?:kib|kibibytes?)", "bytes", 2 ** 10],
  ["(?:mib|mebibytes?)", "bytes", 2 ** 20],
  ["(?:gib|gibibytes?)", "bytes", 2 ** 30],
  ["(?:tib|tebibytes?)", "bytes", 2 ** 40],
  ["(?:kb|kilo-?bytes?)", "bytes", 1e3],
  ["(?:mb|mega-?bytes?|megs?)", "bytes", 1e6],
  ["(?:gb|giga-?bytes?|gigs?)", "bytes", 1e9],
  ["(?:tb|tera-?bytes?)", "bytes", 1e12],
  ["(?:bytes?|B)", "bytes", 1],
  ["G", "bytes", 1e9],
  [`(?:${adjective}\\s+){0,3}?${counted}`, "images", 1],
  [`(?:${adjective}\\s+){0,2}?(?:classes|categories|category|class)`, "classes", 1],
  ["[x×]\\s*\\p{L}*", "other", 1],
  [`\\s(?!(?:${notCounted})(?!\\p{L}))\\p{L}{2,}`, "other", 1],
];

const magnitudes: Readonly<Record<string, number>> = { k: 1e3, thousand: 1e3, m: 1e6, mio: 1e6, million: 1e6 };

const ones = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const teens = [
  "ten",
  "eleven",
  "twelve",
  "thirteen",
  "fourteen",
  "fifteen",
  "sixteen",
  "seventeen",
  "eighteen",
  "nineteen",
];
const tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/** Numbers in words, from "half a" to "nine hundred" and "ninety-five". */
const words: Readonly<Record<string, number>> = Object.fromEntries([
  ["a", 1] as const,
  ["an", 1] as const,
  ["half a", 0.5] as const,
  ["half an", 0.5] as const,
  ...ones.map((word, index) => [word, index + 1] as const),
  ...teens.map((word, index) => [word, index + 10] as const),
  ...tens.flatMap((ten, index) => [
    [ten, 10 * index + 20] as const,
    ...ones.flatMap((one, unit) =>
      [`${ten}-${one}`, `${ten} ${one}`].map((word) => [word, 10 * index + 21 + unit] as const),
    ),
  ]),
  ...["hundred", "thousand"].flatMap((word, index) =>
    ["", "a ", ...ones.map((one) => `${one} `)].map(
      (count, times) => [`${count}${word}`, Math.max(1, times - 1) * [100, 1000][index]!] as const,
    ),
  ),
]);

const digits = String.raw`[1-9]\d{0,2}(?:[,'’\u00a0\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+`;
const scale = String.raw`(?:\s*(?<scale>${Object.keys(magnitudes).join("|")})(?![\p{L}\d]))?`;
const wordList = Object.keys(words)
  .toSorted((a, b) => b.length - a.length)
  .join("|");
const numberPattern = new RegExp(
  String.raw`(?<![\p{L}\d.,_%])(?:(?<sign>[-−](?=[\d.]))?(?<digits>${digits})${scale}|(?<!\p{L}-)(?<word>${wordList})(?=[\s-]\p{L})|(?<=\bsub-?\s?)(?=second|minute|hour|millisecond))`,
  "giu",
);
const unitPatterns = units.map(
  ([pattern, dimension, factor]) =>
    [new RegExp(String.raw`[\s-]{0,3}(?:${pattern})(?!\p{L})`, "iuy"), dimension, factor] as const,
);

/** All numbers of a line from left to right, compound durations ("1 h 30 min") joined. */
export function readQuantities(text: string): readonly Quantity[] {
  const found: Quantity[] = [];
  for (const match of text.matchAll(numberPattern)) {
    const last = found.at(-1);
    if (last && match.index < last.end) continue;
    const quantity = readAt(text, match);
    if (quantity === null) continue;
    if (last && continues(last, quantity, text)) found[found.length - 1] = join(last, quantity, text);
    else found.push(quantity);
  }
  return found.map((quantity, index) => shareUnit(quantity, found[index + 1], text));
}

/** The first number of a range has the unit of the second: 90–95 %. */
function shareUnit(quantity: Quantity, next: Quantity | undefined, text: string): Quantity {
  if (quantity.dimension !== "plain" || next === undefined || next.dimension === "plain") return quantity;
  if (!/^\s*(?:[-–—]|to|and)\s*$/i.test(text.slice(quantity.end, next.start))) return quantity;
  return { ...quantity, dimension: next.dimension, value: tidy(quantity.value * next.factor), factor: next.factor };
}

function readAt(text: string, match: RegExpExecArray): Quantity | null {
  const { sign, digits: written, scale: magnitude, word } = match.groups ?? {};
  const numberEnd = match.index + match[0].length;
  const unit = unitAt(text, numberEnd, magnitude);
  if (written === undefined && unit.dimension === "plain") return null;
  const number =
    written === undefined ? (words[(word ?? "a").toLowerCase()] ?? 1) : readDigits(written, unit.dimension);
  const value = (sign ? -1 : 1) * number * unit.factor;
  return {
    dimension: unit.dimension,
    value: tidy(value),
    factor: unit.factor,
    comparison: readComparison(text, match.index, unit.end),
    exact: isExact(text, match.index),
    raw: text.slice(match.index, unit.end),
    start: match.index,
    end: unit.end,
  };
}

interface UnitAt {
  readonly dimension: Dimension;
  readonly factor: number;
  readonly end: number;
}

/** "95 out of 100", "1 in 20". */
const outOfPattern =
  /^\s+(?:out\s+of|in(?=\s+\d+(?!\s*(?:ms|s|h|min|[smhd]\p{L}*|%)(?!\p{L}))))(?:\s+every)?\s+([1-9]\d{0,5})(?![\d.,]*\d)/iu;

function unitAt(text: string, from: number, magnitude: string | undefined): UnitAt {
  const times = magnitude === undefined ? 1 : magnitudes[magnitude.toLowerCase()]!;
  for (const [pattern, dimension, factor] of unitPatterns) {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match) return { dimension, factor: factor * times, end: from + match[0].length };
  }
  const outOf = outOfPattern.exec(text.slice(from, from + 24));
  if (outOf) return { dimension: "fraction", factor: 1 / Number(outOf[1]), end: from + outOf[0].length };
  if (magnitude === "m") return { dimension: "seconds", factor: 60, end: from };
  return { dimension: "plain", factor: times, end: from };
}

/** "10,000" → 10000, "0,95" → 0.95; "10.000" is ten thousand only where whole things are counted. */
function readDigits(written: string, dimension: Dimension): number {
  if (/^[1-9]\d{0,2}(?:[,'’\s]\d{3})+/u.test(written)) return Number(written.replace(/[,'’\s]/gu, ""));
  if (dimension === "images" || dimension === "classes") return readCount(written) ?? Number(written.replace(",", "."));
  return Number(written.replace(",", "."));
}

/** Takes away what the product of two decimal numbers adds: 95 × 0.01 is 0.95. */
function tidy(value: number): number {
  return Number(value.toPrecision(15));
}

function continues(last: Quantity, next: Quantity, text: string): boolean {
  if (last.dimension !== "seconds" || next.dimension !== "seconds" || next.comparison !== null) return false;
  return next.value < last.value && /^\s*(?:,|and)?\s*$/i.test(text.slice(last.end, next.start));
}

function join(last: Quantity, next: Quantity, text: string): Quantity {
  return { ...last, value: last.value + next.value, raw: text.slice(last.start, next.end), end: next.end };
}

/** "10.000" where whole things are counted: ten thousand. */
export function readCount(written: string): number | null {
  return /^[1-9]\d{0,2}(?:\.\d{3})+$/.test(written) ? Number(written.replaceAll(".", "")) : null;
}
