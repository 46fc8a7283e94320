/** Step 1: what there is to learn from, and what can be proven with it. */
import { formatCount } from "../core/index.js";
import { decide, type PlanFacts, type Step, whatCanBeProven } from "./decision.js";

export function planData({ spec, audit, scanSeconds }: PlanFacts): Step {
  const proofs = whatCanBeProven({ spec, audit });
  const { classes, images, distinct, splits, findings } = audit;
  const sizes = classes.map((row) => row.images).toSorted((a, b) => a - b);
  const weights = classes.map(({ weight }) => weight);
  const serious = findings.filter(({ severity }) => severity !== "info");
  return {
    title: "Data analysis",
    decisions: [
      decide({
        question: "What is there to learn from?",
        choice: `${formatCount(images)} photographs of ${classes.length} classes, ${formatCount(distinct)} of them different.`,
        reasons: [
          `A class has ${formatCount(sizes[0]!)} to ${formatCount(sizes.at(-1)!)} photographs, ${formatCount(sizes[Math.floor(sizes.length / 2)]!)} in the middle.`,
        ],
        seconds: scanSeconds,
      }),
      decide({
        question: "Are the classes in balance?",
        choice:
          audit.imbalance < 2
            ? "Yes."
            : `No: the largest has ${audit.imbalance.toFixed(1)} times the photographs of the smallest.`,
        reasons: [
          `Balanced weights n/(k·n_c) would range from ${Math.min(...weights).toFixed(2)} to ${Math.max(...weights).toFixed(2)}.`,
        ],
      }),
      decide({
        question: "Who learns, who chooses, who proves?",
        choice: `train ${formatCount(splits.train)}, select ${formatCount(splits.select)}, calibrate ${formatCount(splits.calibrate)}, test ${formatCount(splits.test)}.`,
        reasons: [
          ...proofs.map(({ text }) => text),
          "Choices rest on out-of-fold predictions of train; temperature and validation accuracy on calibrate; test stays sealed until the end.",
        ],
      }),
      decide({
        question: "Is anything wrong with the data?",
        choice: serious.length === 0 ? "Nothing was found." : `${serious.length} findings, see audit.json.`,
        reasons: serious.map(({ text, remedy }) => `${text} Remedy: ${remedy}.`),
      }),
    ],
  };
}
