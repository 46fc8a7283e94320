/** HTML that cannot be written unescaped: a tagged template whose values are text unless they are markup themselves. */

const markup: unique symbol = Symbol("markup");

/** Markup that is safe to place in a page: only `html` makes it (its key is a symbol, which no JSON can carry). */
export interface Html {
  readonly [markup]: string;
}

/** What may stand in a template: text and numbers (escaped), markup, lists of it; null and false leave nothing. */
export type HtmlValue = string | number | null | false | Html | readonly (Html | null | false)[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Markup from a template; every text in it is escaped, within elements and within quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = parts.reduce((done, part, index) => done + render(values[index - 1]!) + part);
  return { [markup]: text };
}

/** The text of markup. */
export function toText(value: Html): string {
  return value[markup];
}

/** A sentence whose words of code stand in backticks, as in Markdown. */
export function renderProse(text: string): Html {
  const parts = text.split(/`([^`\n]+)`/);
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

/** A name that may hold anything, on one line and with its control characters visible; set apart from the direction of the text around it. */
export function renderName(name: string): Html {
  return html`<bdi>${showControls(name)}</bdi>`;
}

/** Line breaks, tabs and other control characters as visible signs, invisible direction marks as a replacement sign. */
export function showControls(text: string): string {
  return text
    .replace(/\r\n|[\n\r\u2028\u2029]/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

function render(value: HtmlValue): string {
  if (value === null || value === false) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escapeText(value);
  return markup in value ? value[markup] : value.map(render).join("");
}

/** Characters that HTML forbids (all controls but tab and line breaks), and those that turn the text after them, become a replacement sign. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
