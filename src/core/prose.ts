/** Sentences with words of code in them, `as in Markdown`, where nothing renders Markdown. */

/** The sentence without the backticks around its words of code. */
export function withoutCodeMarks(text: string): string {
  return text.replace(/`([^`\n]+)`/g, "$1");
}
