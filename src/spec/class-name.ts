/** The class that a line names: "recall of class Dress at least 80 %" → "Dress". */

/** Where a name without quotes ends. */
const end = String.raw`(?=\s*(?:[<>≥≤=:;,(]|$|(?<!\p{L})(?:recall|sensitivity|accuracy|performance|detection|detected|must|should|shall|is|are|has|at|of|to|on|in|above|over|below|under|more|greater|higher|better|no|not|minimum|min|exceed\p{L}*|reach\p{L}*|with|≥)(?!\p{L})|\s[-−]?\d))`;

const patterns: readonly RegExp[] = [
  /["“”„«]([^"“”„«»]+)["”“»]/u,
  /(?<![\p{L}\d])['‘]([^'‘’]+)['’](?![\p{L}\d])/u,
  /(?<!\p{L})(?:recall|sensitivity)\s?\(\s*([^()]+?)\s*\)/iu,
  new RegExp(String.raw`(?<![\p{L}-])class\s+(\d+|\S.*?)${end}`, "iu"),
  new RegExp(String.raw`(?<!\p{L})(?:recall|sensitivity)\s+(?:of|for|on)\s+(?:the\s+)?(\S.*?)${end}`, "iu"),
  new RegExp(String.raw`^(\p{Lu}\S*(?:\s+\p{Lu}\S*)?)\s+(?:recall|sensitivity)(?!\p{L})`, "u"),
];

/** Words that stand where a name would and are none. */
const noName =
  /^(?:all|each|every|any|a|an|our|this|most|worst|weakest|lowest|rare\p{L}*|minority|test|validation|val|training|model|models|classes|class|classifier|categories|images?|photo\p{L}*|pictures?|data\p{L}*|average|mean|macro|micro|overall|total|high|higher|low|poor|good|better|best|great|minimum|maximum|balanced|imbalanced|imbalance|unbalanced|weights?|weighted|names?|labels?|recall|accuracy|of|with|is|must|should|at|has|on|in|per-class|final|mean)(?!\p{L})/iu;

/** The name as written, or null where the line names no class. */
export function readClassName(words: string): string | null {
  for (const pattern of patterns) {
    const name = pattern.exec(words)?.[1]?.trim();
    if (name && !noName.test(name)) return name;
  }
  return null;
}
