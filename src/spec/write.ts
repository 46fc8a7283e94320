/** Specs as assay writes them: for `assay init` from answers, and without a spec from what is in the folder. */
import { Fault, formatCount, quoteName } from "../core/index.js";
import { parseSpec } from "./parse.js";
import type { List, Spec, Story } from "./requirement.js";

/** The answers of `assay init`: a story, and lines as they are to stand in the four lists. */
export interface SpecAnswers {
  readonly title?: string;
  readonly story: Story;
  readonly constraints: readonly string[];
  readonly rewards: readonly string[];
  readonly penalties: readonly string[];
  readonly goalState: readonly string[];
}

/** What the scan knows of a folder. */
export interface FolderFacts {
  readonly classes: number;
  readonly images: number;
}

/** A story without its three openers is written with these. */
const unsaid: Readonly<Record<keyof Story, string>> = {
  asA: "person with a folder of photographs",
  iWant: "to sort photographs into classes",
  soThat: "nobody has to do it by hand",
};

/** People answer with the words of the question. */
const openers: Readonly<Record<keyof Story, RegExp>> = {
  asA: /^(?:as\s+)?an?\s+/i,
  iWant: /^i\s+want\s+/i,
  soThat: /^so\s+that\s+/i,
};

/** Lines that `assay init` offers where nothing else is said. */
export const defaultAnswers: SpecAnswers = {
  story: { asA: null, iWant: null, soThat: null },
  constraints: [
    "At least 90% accuracy",
    "p95 latency under 100 ms",
    "Training time under 15 minutes",
    "Model size under 50 MB",
  ],
  rewards: ["High accuracy on imbalanced classes"],
  penalties: ["Poor performance on rare classes", "Overfitting on small dataset"],
  goalState: ["API endpoint for predictions", "Documentation and tests"],
};

const headings: readonly (readonly [
  List,
  keyof SpecAnswers & ("constraints" | "rewards" | "penalties" | "goalState"),
])[] = [
  ["constraints", "constraints"],
  ["rewards", "rewards"],
  ["penalties", "penalties"],
  ["goal state", "goalState"],
];

/** The Markdown of a spec. It parses to the lines that were given; throws spec-invalid for a line that cannot be read or a list without any. */
export function writeSpecText(answers: SpecAnswers): string {
  const part = (name: keyof Story): string =>
    oneLine(answers.story[name] ?? "").replace(openers[name], "") || unsaid[name];
  const opening = [
    `# ${oneLine(answers.title ?? "What the classifier must do")}`,
    `As ${article(part("asA"))} ${part("asA")}
I want ${part("iWant")}
So that ${part("soThat")}`,
  ];
  const lists = headings.flatMap(([list, key]) => writeList(list, answers[key]));
  const text = `${[...opening, ...lists].join("\n\n")}\n`;
  const kept = readAnswers(text).requirements.map((line) => line.text);
  const given = headings.flatMap(([, key]) => answers[key].map(oneLine));
  const lost = given.find((line, index) => line !== kept[index]);
  if (lost !== undefined || kept.length !== given.length)
    throw new Fault("spec-invalid", {
      what: "an answer is no line of a list",
      expected: "a requirement in words",
      got: quoteName(lost ?? ""),
    });
  return text;
}

/** A fault names the answer, and no line of a text that nobody has seen. */
function readAnswers(text: string): Spec {
  try {
    return parseSpec(text, "answers");
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "spec-invalid") throw error;
    const { what, expected, got, remedy } = error;
    const details = { what: what.replace(/^answers line \d+: /, ""), remedy, cause: error };
    throw new Fault("spec-invalid", {
      ...details,
      ...(expected === undefined ? {} : { expected }),
      ...(got === undefined ? {} : { got }),
    });
  }
}

/** A spec for a folder that came without one: its size as premises, an accuracy that its size lets one hope for, a latency. */
export function inferSpec({ classes, images }: FolderFacts): string {
  const lines = [
    `${formatCount(images)} labeled images available`,
    `At least ${formatCount(classes)} classes`,
    `At least ${sensibleAccuracy({ classes, images })}% accuracy`,
    "p95 latency under 100 ms",
  ];
  return writeSpecText({
    title: "Inferred from the folder",
    story: { ...unsaid, iWant: `to sort photographs into ${formatCount(classes)} classes` },
    constraints: lines,
    rewards: ["High accuracy on imbalanced classes"],
    penalties: ["Poor performance on rare classes"],
    goalState: [],
  });
}

/**
 * A share of right answers worth asking for, in percent: far above chance, lower the more classes there are and the fewer
 * photographs each has. Anchored on what a linear head on pretrained features reaches; a target to argue with, no forecast.
 */
export function sensibleAccuracy({ classes, images }: FolderFacts): number {
  const each = images / Math.max(classes, 1);
  const forClasses = 95 - 7.5 * Math.log10(Math.max(classes, 2) / 2);
  const forImages = Math.min(0, 8 * Math.log10(Math.max(each, 1) / 200));
  return Math.max(50, Math.floor((forClasses + forImages) / 5) * 5);
}

function writeList(list: List, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [`## ${list.toUpperCase()}`, lines.map((line) => `- ${oneLine(line)}`).join("\n")];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function article(noun: string): string {
  return /^[aeiou]/i.test(noun.trim()) ? "an" : "a";
}
