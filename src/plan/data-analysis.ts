/** Step 1: what there is to learn from, and what can be proven with it. */
import type { Audit } from "../audit/index.js";
import { countOf, formatCount } from "../core/index.js";
import { openingAlpha } from "../statistics/index.js";
import { areEven, decide, type PlanFacts, type Step, whatCanBeProven } from "./decision.js";

export function planData({ spec, audit, opening, scanSeconds }: PlanFacts): Step {
  const proofs = whatCanBeProven({ spec, audit, opening });
  const { classes, images, distinct, distinctSplits: splits, findings } = audit;
  const sizes = classes.map((row) => row.images).toSorted((a, b) => a - b);
  const weights = classes.map(({ weight }) => weight);
  const serious = findings.filter(({ severity }) => severity !== "info");
  return {
    title: "Data analysis",
    decisions: [
      decide({
        question: "What is there to learn from?",
        choice: `${formatCount(images)} photographs of ${countOf(classes.length, "class", "classes")}, ${formatCount(distinct)} of them different.`,
        reasons: [describeSizes(sizes)],
        seconds: scanSeconds,
      }),
      decide({
        question: "Are the classes in balance?",
        choice: describeBalance(audit),
        reasons: areEven(audit)
          ? []
          : [
              `Balanced weights n/(k·n_c) would range from ${Math.min(...weights).toFixed(2)} to ${Math.max(...weights).toFixed(2)}.`,
            ],
      }),
      decide({
        question: "Who learns, who chooses, who proves?",
        choice: `train ${formatCount(splits.train)}, select ${formatCount(splits.select)}, calibrate ${formatCount(splits.calibrate)}, test ${formatCount(splits.test)}.`,
        reasons: [
          ...describeOpenings(opening, spec.alpha),
          ...proofs.map(({ text }) => text),
          "Choices rest on out-of-fold predictions of train; temperature and validation accuracy on calibrate; test stays sealed until the end.",
        ],
      }),
      decide({
        question: "Is anything wrong with the data?",
        choice: serious.length === 0 ? "Nothing was found." : `${countOf(serious.length, "finding")}, see audit.json.`,
        reasons: serious.map(({ text, remedy }) => `${text} Remedy: ${remedy}.`),
      }),
    ],
  };
}

/** Why the same photographs prove less than they did. */
function describeOpenings(opening: number, alpha: number): string[] {
  if (opening === 1) return [];
  const levels = [openingAlpha(alpha, opening), openingAlpha(alpha, 1)].map((level) => level.toPrecision(2));
  return [
    `Photographs of test were opened before, up to ${countOf(opening - 1, "time")}: another model is judged at ${levels[0]} in place of ${levels[1]}, and marked as reused test; fresh ones restore it.`,
  ];
}

function describeSizes(sizes: readonly number[]): string {
  const [least, middle, most] = [sizes[0]!, sizes[Math.floor(sizes.length / 2)]!, sizes.at(-1)!];
  if (least === most) return `Each class has ${countOf(least, "photograph")}.`;
  return `A class has ${formatCount(least)} to ${formatCount(most)} photographs, ${formatCount(middle)} in the middle.`;
}

function describeBalance(audit: Audit): string {
  if (audit.imbalance === 1) return "Yes: they are equal in size.";
  if (areEven(audit)) return "Yes: they are about equal in size.";
  const ratio = `the largest has ${audit.imbalance.toFixed(1)} times the photographs of the smallest.`;
  return audit.imbalance < 2 ? `Nearly: ${ratio}` : `No: ${ratio}`;
}
