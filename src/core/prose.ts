/** Sentences for people. */

export function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The sentence without the backticks around its words of code, `as in Markdown`, where nothing renders Markdown. */
export function withoutCodeMarks(text: string): string {
  return text.replace(/`([^`\n]+)`/g, "$1");
}
