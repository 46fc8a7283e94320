/** Step 3: how the head is trained. */
import { capitalize, countOf, formatCount } from "../core/index.js";
import { depths, fewestSelect, usualSettings } from "../finetune/index.js";
import { areEven, type Decision, decide, learnedImages, type PlanFacts, type Step, unmeasured } from "./decision.js";
import { keptTrials, triedAlternatives } from "./trials.js";

export function planTraining(facts: PlanFacts): Step {
  const { audit, solver } = facts;
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
        ],
      }),
      decideTuning(facts),
      decideVariation(facts),
      decideBalance(facts),
      decide({
        question: "What does the delivered head learn from?",
        choice: `train and select together, ${formatCount(audit.distinctSplits.train + audit.distinctSplits.select)} photographs, once select has judged; a fine-tuned network from train alone.`,
        reasons: [
          `calibrate, ${formatCount(learnedImages(audit) - audit.distinctSplits.train - audit.distinctSplits.select)} photographs, is never learned from: overfitting is measured there.`,
        ],
      }),
    ],
  };
}

/** Whether the head learns from random views too. */
function decideVariation({ augment, budgetSeconds, events }: PlanFacts): Decision {
  const question = "Are photographs varied while learning?";
  const why =
    "Fine-tuning draws a new view of each photograph in every epoch; a head needs the features of every view.";
  if (augment !== null && augment > 0)
    return decide({
      question,
      choice: `${countOf(augment, "random view")} of each for the head (crop, mirror, color).`,
      reasons: ["As --augment asks.", why],
    });
  const name = "random views";
  const kept = keptTrials(events).some(({ data }) => data.name === name);
  const refused = triedAlternatives(events, [name]);
  const isOpen = augment === null && budgetSeconds > 0 && events.every(({ data }) => data.chosen === undefined);
  return decide({
    question,
    choice: kept
      ? "One random view of each for the head (crop, mirror, color)."
      : isOpen
        ? "One random view of each for the head, where a trial shows it to help."
        : "Not for the head.",
    reasons: [why],
    refused: refused.length > 0 || kept || isOpen ? refused : [unmeasured(name)],
  });
}

/** Whether the decision is biased towards rare classes: where a line asks for it, and some class is rare. */
function decideBalance({ audit, spec, events }: PlanFacts): Decision {
  const question = "Are rare classes helped?";
  if (areEven(audit)) return decide({ question, choice: "There are none: the classes are about equal in size." });
  const asking = spec.requirements.filter(({ kind }) => balancedKinds.has(kind)).map(({ id }) => id);
  if (asking.length === 0)
    return decide({ question, choice: "No line asks for it: the most probable class is the answer." });
  const bias = events.find(({ kind, data }) => kind === "observation" && data.name === "decision bias");
  return decide({
    question,
    choice:
      bias === undefined
        ? "By a bias of the decision (logit adjustment), as strong as out-of-fold predictions show it to help."
        : `${capitalize(bias.text)}.`,
    reasons: [
      `${asking.join(", ")} ${asking.length === 1 ? "asks" : "ask"} for the classes alike; probabilities stay calibrated.`,
    ],
    refused: [unmeasured("class weights", "not measured; they would change the calibrated probabilities as well")],
  });
}

/** Whether the network's own layers are trained: after the head, where time is left for it. */
function decideTuning({ audit, events, fineTuning, budgetSeconds }: PlanFacts): Decision {
  const { batch, microBatch } = usualSettings;
  const names = depths.map(({ name }) => name);
  const kept = keptTrials(events).find(({ data }) => names.includes(String(data.name)));
  const refused = triedAlternatives(events, names).filter(({ what }) => !what.startsWith(String(kept?.data.name)));
  const beyond = names.slice(kept === undefined ? 0 : names.indexOf(String(kept.data.name)) + 1); // what is kept trains more
  const untried = beyond.filter((name) => !refused.some(({ what }) => what.startsWith(name)));
  const { select } = audit.distinctSplits;
  const isOver = events.some(({ stage }) => stage === "bundle");
  const open =
    !fineTuning || budgetSeconds === 0
      ? "No."
      : select < fewestSelect
        ? `No: ${select} photographs of select tell too little of what helps, ${fewestSelect} would do.`
        : isOver
          ? "No: what was tried, or did not fit, is below."
          : "After the head, as deep as the time left allows, from that head.";
  return decide({
    question: "Are the network's own layers trained?",
    choice: kept
      ? `${capitalize(`${String(kept.data.name)}: ${kept.text.slice(kept.text.indexOf(": ") + 2)}`)}.`
      : open,
    reasons: fineTuning
      ? [
          "A head alone stops where classes differ in detail. The head comes first, so that the first steps do not spoil the features (Kumar 2022).",
          `Batch statistics stay as they are: batches are small. Gradients are added up over micro-batches of ${microBatch}, or fewer where memory is short, to steps of up to ${batch} photographs (gradient accumulation).`,
          "select decides, by log loss on the same photographs; what gains nothing is rolled back.",
        ]
      : ["--no-fine-tuning says so."],
    refused: [...refused, ...(isOver || !fineTuning ? untried.map((name) => unmeasured(name)) : [])],
  });
}

const balancedKinds: ReadonlySet<string> = new Set([
  "balanced-accuracy",
  "macro-f1",
  "worst-class-recall",
  "rare-class-recall",
]);
