/** As a … I want … So that …: in one paragraph or in several, wrapped or not, in any letter case. */
import { plainWords } from "./phrase.js";
import type { Story } from "./requirement.js";

type Part = keyof Story;

/** What opens each part. */
const openers: Readonly<Record<Part, RegExp>> = {
  asA: /(?:^|[\n.!?;:—–-]\s*)as\s+an?(?!\p{L})/iu,
  iWant: /(?<!\p{L})(?:i|we)(?:'d|’d|\s+would)?\s+(?:want|need|like|wish)(?!\p{L})/iu,
  soThat: /(?<!\p{L})(?:so\s+that|in\s+order)(?!\p{L})/iu,
};

interface Opening {
  readonly part: Part;
  readonly from: number;
  readonly textFrom: number;
}

/** The story in paragraphs of prose; null for each part that is not there. */
export function readStory(paragraphs: readonly string[]): Story {
  const text = paragraphs.map((paragraph) => paragraph.split("\n").map(plainWords).join("\n")).join("\n\n");
  const openings = findOpenings(text);
  const partOf = (part: Part): string | null => {
    const index = openings.findIndex((opening) => opening.part === part);
    if (index < 0) return null;
    const raw = text.slice(openings[index]!.textFrom, openings[index + 1]?.from ?? text.length);
    const first = raw.trimStart().split(/\n\s*\n/)[0]!;
    return first.replace(/\s+/g, " ").replace(/^[\s,:;.]+|[\s,:;.]+$/g, "") || null;
  };
  return { asA: partOf("asA"), iWant: partOf("iWant"), soThat: partOf("soThat") };
}

/** The openers in their order in the text; each is looked for after the one before. */
function findOpenings(text: string): readonly Opening[] {
  const found: Opening[] = [];
  let from = 0;
  for (const part of ["asA", "iWant", "soThat"] as const) {
    const match = openers[part].exec(text.slice(from));
    if (!match) continue;
    const textFrom = from + match.index + match[0].length;
    found.push({ part, from: from + match.index, textFrom });
    from = textFrom;
  }
  return found;
}
