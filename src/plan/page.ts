/** The plan as a page of Markdown. */
import { formatBytes, formatSeconds, withoutCodeMarks } from "../core/index.js";
import type { Decision, Step } from "./decision.js";
import type { Plan } from "./plan.js";

export function renderPlan({ steps, seconds, warnings }: Plan): string {
  const { fixed, search, tuning } = seconds;
  const more = [
    ...(search > 0 ? [`the search may take up to ${formatSeconds(search)} and make the recipe cost more`] : []),
    ...(tuning > 0 ? [`${formatSeconds(tuning)}, and what the recipe leaves, are for fine-tuning`] : []),
  ];
  const total = `${[`About ${formatSeconds(fixed)} are certain`, ...more].join("; ")}.`;
  return [
    "# Plan",
    "",
    total,
    ...(warnings.length > 0 ? ["", ...warnings.map((text) => `> **Before anything is learned:** ${text}`)] : []),
    ...steps.flatMap(renderStep),
    "",
  ].join("\n");
}

function renderStep({ title, decisions }: Step, index: number): string[] {
  return ["", `## Step ${index + 1}: ${title}`, ...decisions.flatMap(renderDecision)];
}

function renderDecision({ question, choice, reasons, refused, seconds, bytes }: Decision): string[] {
  const cost = [seconds === null ? "" : `about ${formatSeconds(seconds)}`, bytes === null ? "" : formatBytes(bytes)];
  const shown = cost.filter((text) => text !== "").join(", ");
  return [
    "",
    `**${question}** ${choice}${shown === "" ? "" : ` *(${shown})*`}`,
    ...(reasons.length + refused.length > 0 ? [""] : []),
    ...reasons.map((text) => `- ${text}`),
    ...refused.map(({ what, why, event }) => `- Not ${what}: ${why}${event === null ? "" : ` (event ${event})`}.`),
  ];
}

/** The page without Markdown's marks, for a terminal. */
export function withoutMarkdown(page: string): string {
  const plain = page
    .replace(/^#+ /gm, "")
    .replace(/^> /gm, "! ")
    .replace(/\*\*(.+?)\*\*/g, "$1")
    .replace(/ \*(\(.+?\))\*$/gm, " $1");
  return withoutCodeMarks(plain);
}
