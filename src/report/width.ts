/** How many columns text takes on a terminal (after Unicode Standard Annex 11: wide characters and emoji take two). */

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
const empty = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** Columns of one line of text. */
export function measureWidth(text: string): number {
  return splitGraphemes(text).reduce((sum, grapheme) => sum + widthOf(grapheme), 0);
}

/** Text filled with spaces up to `width` columns. */
export function padToWidth(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - measureWidth(text)));
}

/** Lines of at most `width` columns, broken at spaces (never before a percent sign), or within a word that is too long by itself. */
export function wrapToWidth(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/[ \t\r\n]+(?!%)/).flatMap((whole) => splitWord(whole, width))) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (measureWidth(joined) > width) lines.push(line);
    line = measureWidth(joined) > width ? word : joined;
  }
  return [...lines, line];
}

function splitWord(word: string, width: number): readonly string[] {
  const pieces = [""];
  for (const grapheme of splitGraphemes(word)) {
    if (measureWidth(pieces.at(-1)! + grapheme) > width) pieces.push("");
    pieces.push(pieces.pop()! + grapheme);
  }
  return pieces;
}

function widthOf(grapheme: string): number {
  if (empty.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

function splitGraphemes(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), (part) => part.segment);
}
