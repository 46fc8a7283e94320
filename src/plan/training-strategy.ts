/** Step 3: how the head is trained. */
import { formatCount } from "../core/index.js";
import { decide, learnedImages, type PlanFacts, type Step, unmeasured } from "./decision.js";

export function planTraining({ audit, spec, solver, augment, events }: PlanFacts): Step {
  const balance = spec.requirements.filter(({ kind }) => balancedKinds.has(kind)).map(({ id }) => id);
  const bias = events.find(({ kind, data }) => kind === "observation" && data.name === "decision bias");
  const weights = unmeasured("class weights", "not measured; they would change the calibrated probabilities as well");
  return {
    title: "Training strategy",
    decisions: [
      decide({
        question: "How is the head trained?",
        choice:
          solver === "lbfgs"
            ? "Multinomial logistic regression on cached features, to the minimum (L-BFGS)."
            : "AdamW with cosine over ten epochs, stopping early.",
        reasons: [
          "The loss is convex: what is left to choose is the strength of L2, by five-fold cross-validation that keeps the views and the group of a photograph together.",
        ],
        refused: [
          unmeasured(solver === "lbfgs" ? "AdamW with cosine over ten epochs (--head adamw)" : "L-BFGS (--head lbfgs)"),
          unmeasured("fine-tuning of the network's own layers", "not built yet"),
        ],
      }),
      decide({
        question: "Are photographs varied while learning?",
        choice: augment > 0 ? `${augment} random views of each (crop, flip, color).` : "No.",
        reasons:
          augment > 0
            ? ["As --augment asks."]
            : ["A frozen network needs the features of every view; --augment N adds them."],
        refused: augment > 0 ? [] : [unmeasured("random views")],
      }),
      decide({
        question: "Are rare classes helped?",
        choice:
          balance.length === 0
            ? "No line asks for it: the most probable class is the answer."
            : bias === undefined
              ? "By a bias of the decision (logit adjustment), as strong as out-of-fold predictions show it to help."
              : capitalize(bias.text),
        reasons:
          balance.length === 0
            ? []
            : [`${balance.join(", ")} ask for the classes alike; probabilities stay calibrated.`],
        refused: balance.length === 0 ? [] : [weights],
      }),
      decide({
        question: "What does the delivered head learn from?",
        choice: `train and select together, ${formatCount(audit.splits.train + audit.splits.select)} photographs, once select has judged.`,
        reasons: [
          `calibrate, ${formatCount(learnedImages(audit) - audit.splits.train - audit.splits.select)} photographs, is never learned from: overfitting is measured there.`,
        ],
      }),
    ],
  };
}

const balancedKinds: ReadonlySet<string> = new Set([
  "balanced-accuracy",
  "macro-f1",
  "worst-class-recall",
  "rare-class-recall",
]);

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
