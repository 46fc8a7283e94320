/** Text → spec: the outline of its format, each line by the table of kinds, then what no single line can show. */
import { Fault, sha256 } from "../core/index.js";
import { checkContradictions } from "./contradiction.js";
import { readMarkdown } from "./markdown.js";
import type { Outline } from "./outline.js";
import { readAlpha, plainWords } from "./phrase.js";
import { recognize } from "./recognize.js";
import type { List, Spec } from "./requirement.js";
import { readYaml } from "./yaml.js";

export type SpecFormat = "markdown" | "yaml";

/** Significance level where a spec names none. */
export const defaultAlpha = 0.05;

const readers: Readonly<Record<SpecFormat, (text: string, source: string) => Outline>> = {
  markdown: readMarkdown,
  yaml: readYaml,
};

const letters: Readonly<Record<List, string>> = { constraints: "C", rewards: "R", penalties: "P", "goal state": "G" };

/** Parses a spec. Throws the faults spec-invalid (a line cannot be read, or there is none) and spec-contradiction. */
export function parseSpec(text: string, source: string, format: SpecFormat = "markdown"): Spec {
  const outline = readOutline(text.replace(/^\uFEFF/, ""), source, format);
  if (outline.lines.length === 0)
    throw new Fault("spec-invalid", {
      what: `${source} holds no requirement`,
      expected: "list lines under a heading CONSTRAINTS, REWARDS, PENALTIES or GOAL STATE",
    });
  const counts = new Map<List, number>();
  const recognized = outline.lines.map((line) => {
    const position = (counts.get(line.list) ?? 0) + 1;
    counts.set(line.list, position);
    return recognize(line, `${letters[line.list]}${position}`, source);
  });
  const requirements = recognized.map(({ requirement }) => requirement);
  checkContradictions(requirements, source);
  const stated = recognized.map(({ requirement, alpha }) => ({ alpha, line: requirement.line }));
  const alpha = settleAlpha([...stated, ...readNotes(outline)], source);
  return { source, hash: sha256(text), story: outline.story, requirements, alpha };
}

/** Whatever a parser of Markdown or YAML throws, down to an exhausted stack, is the fault of the text. */
function readOutline(text: string, source: string, format: SpecFormat): Outline {
  try {
    return readers[format](text, source);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("spec-invalid", { what: `${source} cannot be parsed as ${format}`, cause: error });
  }
}

interface StatedAlpha {
  readonly alpha: number | null;
  readonly line: number;
}

const levelLine = /^[^\p{L}\d]*(?:significance|alpha|α|confidence\s+level)(?!\p{L})/iu;

function readNotes({ notes }: Outline): readonly StatedAlpha[] {
  return notes.flatMap((note) =>
    note.text
      .split("\n")
      .flatMap((text, index) =>
        levelLine.test(text) ? [{ alpha: readAlpha(plainWords(text)).alpha, line: note.line + index }] : [],
      ),
  );
}

function settleAlpha(stated: readonly StatedAlpha[], source: string): number {
  const said = stated.filter(({ alpha }) => alpha !== null);
  for (const { alpha, line } of said)
    if (!(alpha! > 0 && alpha! < 0.5))
      throw new Fault("spec-invalid", {
        what: `${source} line ${line}: impossible significance level`,
        expected: "a level above 0 % and below 50 %, such as 5 %",
        got: `${alpha! * 100} %`,
      });
  const [first] = said;
  const other = said.find(({ alpha }) => alpha !== first?.alpha);
  if (other)
    throw new Fault("spec-contradiction", {
      what: `${source} lines ${first!.line} and ${other.line} set different significance levels`,
      got: `${first!.alpha!} and ${other.alpha!}`,
    });
  return first?.alpha ?? defaultAlpha;
}
