/** What a line says about the direction of a number: "at least", "≥", "under", "or more". One table of wordings. */
import type { Comparison, Target } from "./requirement.js";

type Wording = readonly [comparison: Comparison, pattern: string];

/** Comparatives that a negation turns into a floor, and into a ceiling. */
const lower = "(?:(?:any\\s+)?(?:less|fewer|lower|worse|smaller)\\s+than|below|under|beneath|less|fewer)";
const higher =
  "(?:(?:any\\s+)?(?:more|greater|higher|larger|bigger|longer|slower)\\s+than|above|over|beyond|more|exceed(?:s|ing)?|surpass(?:es|ing)?)";
/** "No class … below": a negation that stands away from its comparative. */
const nothing =
  "no\\s+(?:single\\s+)?(?:(?:class|category|image|photo\\p{L}*|picture|prediction|request|run|answer|response|accuracy|recall|latency|need)\\s+(?:(?!and|but|with\\s+an?)\\p{L}+\\s+){0,2})?";
/** "Must not take longer": the words between belong to the verb. */
const never = "(?:not|never|cannot|without|nor|\\p{L}+n['’]t)\\s+(?:(?!and|but|or\\s|only)\\p{L}+\\s+){0,3}";

/** Wordings before a number; the first that ends at the number wins, so negations stand first. */
const before: readonly Wording[] = [
  [">=", `(?:${nothing}|${never})${lower}`],
  ["<=", `(?:${nothing}|${never})${higher}`],
  [">=", "(?:not|never)\\s*<"],
  [">=", ">\\s*=|=\\s*>|≥|⩾|&ge;|&gt;="],
  ["<=", "<\\s*=|=\\s*<|≤|⩽|&le;|&lt;="],
  [
    ">=",
    "at\\s+(?:the\\s+very\\s+)?least|at\\s+minimum|minimum|min\\.?|minimally|greater\\s+than\\s+or\\s+equal(?:\\s+to)?|more\\s+than\\s+or\\s+equal(?:\\s+to)?",
  ],
  [
    "<=",
    "at\\s+(?:the\\s+very\\s+)?most|at\\s+maximum|maximum|max\\.?|up\\s+to|within|limit(?:ed)?|cap(?:ped)?(?:\\s+at)?|less\\s+than\\s+or\\s+equal(?:\\s+to)?|fits?\\s+(?:in|on|into)|until",
  ],
  [
    ">",
    ">|&gt;|(?:more|greater|higher|better|larger|bigger|longer|slower)\\s+than|over|above|exceed(?:s|ing)?|beyond|beats?|north\\s+of|surpass(?:es|ing)?",
  ],
  [
    "<",
    "<|&lt;|(?:less|fewer|lower|smaller|shorter|faster|quicker|sooner|lighter)\\s+than|under|below|beneath|sub|south\\s+of|in\\s+under",
  ],
];

/** Wordings after a number and its unit. */
const after: readonly Wording[] = [
  [
    ">=",
    "\\+|(?:or|and)\\s+(?:more|better|higher|above|greater|over|up|upwards)|minimum|min\\b|at\\s+(?:the\\s+very\\s+)?least|at\\s+minimum",
  ],
  [
    "<=",
    "(?:or|and)\\s+(?:less|fewer|lower|under|below|faster|smaller|shorter|quicker)|maximum|max\\b|at\\s+(?:the\\s+very\\s+)?most|tops|limit|cap",
  ],
];

/** Small words that may stand between the wording and its number. */
const filler =
  "(?:\\s*(?:of|to|at|is|be|being|a|an|the|about|around|roughly|approximately|approx\\.?|total|=|:|~|≈|\\())*[\\s-]*";

const compile = (
  table: readonly Wording[],
  wrap: (pattern: string) => string,
): readonly (readonly [Comparison, RegExp])[] =>
  table.map(([comparison, pattern]) => [comparison, new RegExp(wrap(pattern), "iu")] as const);

const beforePatterns = compile(before, (pattern) => `(?<![\\p{L}])(?:${pattern})${filler}$`);
const afterPatterns = compile(after, (pattern) => `^[\\s(,]*(?:${pattern})(?!\\s*[\\d.])`);
const exactPattern = new RegExp(`(?<![\\p{L}])(?:exactly|precisely|equals?(?:\\s+to)?|==)${filler}$`, "iu");

/** How far back a wording may begin. */
const reach = 60;

/** The direction that the words around a number give it, or null. */
export function readComparison(text: string, start: number, end: number): Comparison | null {
  const head = text.slice(Math.max(0, start - reach), start);
  const stated = beforePatterns.find(([, pattern]) => pattern.test(head));
  if (stated) return stated[0];
  const tail = text.slice(end, end + reach);
  return afterPatterns.find(([, pattern]) => pattern.test(tail))?.[0] ?? null;
}

/** Whether the words before a number ask for that number and no other. */
export function isExact(text: string, start: number): boolean {
  return exactPattern.test(text.slice(Math.max(0, start - reach), start));
}

const opposites: Readonly<Record<Comparison, Comparison>> = { ">=": "<=", ">": "<", "<=": ">=", "<": ">" };
const negations: Readonly<Record<Comparison, Comparison>> = { ">=": "<", ">": "<=", "<=": ">", "<": ">=" };

/** The same demand on the complement: error ≤ 5 % is accuracy ≥ 95 %. */
export function mirror(comparison: Comparison): Comparison {
  return opposites[comparison];
}

/** What must hold so that the comparison does not: a penalty on "> 200 ms" asks for ≤ 200 ms. */
export function negate(comparison: Comparison): Comparison {
  return negations[comparison];
}

/** Whether a comparison bounds a value from below. */
export function isFloor(comparison: Comparison): boolean {
  return comparison === ">=" || comparison === ">";
}

const tests: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  ">=": (value, limit) => value >= limit,
  ">": (value, limit) => value > limit,
  "<=": (value, limit) => value <= limit,
  "<": (value, limit) => value < limit,
};

/** Whether a value reaches a target. */
export function satisfies(value: number, target: Target): boolean {
  return tests[target.comparison](value, target.value);
}
