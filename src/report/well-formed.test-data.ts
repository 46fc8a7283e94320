/** A small strict reader of the HTML that the report writes: every element closed, attributes quoted, ids unique. */

const voidElements = new Set(["meta", "link", "br", "hr", "img", "input"]);
const tagPattern = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)\s*(\/?)>/y;

export interface Page {
  /** What is wrong with it, in words; empty for a well-formed page. */
  readonly problems: readonly string[];
  /** Its text with entities decoded, without the style sheet. */
  readonly text: string;
  /** Every attribute as [element, name, value]. */
  readonly attributes: readonly (readonly [string, string, string])[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function decode(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);
}

/** Reads a page that begins with a doctype. */
export function readPage(source: string): Page {
  const problems: string[] = source.startsWith("<!doctype html>") ? [] : ["no doctype"];
  const attributes: [string, string, string][] = [];
  const open: string[] = [];
  let text = "";
  const body = source.replace("<!doctype html>", "").replace(/(<style>)[\s\S]*?(<\/style>)/g, "$1$2");
  for (let at = 0; at < body.length; ) {
    if (body[at] !== "<") {
      const end = body.indexOf("<", at);
      const piece = body.slice(at, end < 0 ? body.length : end);
      if (piece.includes(">") || /&(?!(?:amp|lt|gt|quot|#39);)/.test(piece)) problems.push(`unescaped text: ${piece}`);
      text += decode(piece);
      at += piece.length;
      continue;
    }
    tagPattern.lastIndex = at;
    const tag = tagPattern.exec(body);
    if (tag === null) return { problems: [...problems, `no tag at: ${body.slice(at, at + 60)}`], text, attributes };
    const [whole, closing, name, written, selfClosing] = tag;
    for (const [, attribute, value] of written!.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g))
      attributes.push([name!, attribute!, decode(value!)]);
    if (closing) {
      const expected = open.pop();
      if (expected !== name) problems.push(`</${name}> closes <${expected}>`);
    } else if (!selfClosing && !voidElements.has(name!)) open.push(name!);
    at += whole.length;
  }
  const ids = attributes.filter(([, name]) => name === "id").map(([, , id]) => id);
  if (new Set(ids).size !== ids.length) problems.push("an id is used twice");
  return { problems: [...problems, ...open.map((name) => `<${name}> stays open`)], text, attributes };
}
