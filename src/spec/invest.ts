/** The INVEST check of a story (Bill Wake 2003): for each letter pass or warn, and why. */
import { kinds } from "./kinds.js";
import { type Dimension, readQuantities } from "./quantity.js";
import type { Requirement, RequirementKind, Spec } from "./requirement.js";
import { formatValue } from "./value.js";

export type InvestLetter = "I" | "N" | "V" | "E" | "S" | "T";

export interface StoryCheck {
  readonly letter: InvestLetter;
  readonly name: string;
  readonly pass: boolean;
  /** One sentence. */
  readonly why: string;
}

/** What is known beside the spec; all optional, as the check runs before and after the plan. */
export interface StoryFacts {
  /** How long the plan says that the run takes. */
  readonly predictedSeconds?: number;
  readonly budgetSeconds?: number;
  readonly imageCount?: number;
  readonly classCount?: number;
}

type Answer = readonly [pass: boolean, why: string];
type Check = (spec: Spec, facts: StoryFacts) => Answer;

/** Names of implementations: a story that names one leaves nothing to choose. */
const implementation =
  /(?<!\p{L})(?:resnet|efficient-?net|mobile-?net|vgg|yolo|vit|convnext|transformers?|cnn|convolutional|neural\s+net\p{L}*|deep\s+learning|pytorch|tensorflow|keras|onnx|fast-?api|flask|docker|kubernetes|redis|gpu|python|typescript|node\.?js|svm|fine-?tun\p{L}*|transfer\s+learning)(?![\p{L}])[-\d]*/iu;

/** Verbs of jobs that one classifier does not do together. */
const job =
  /(?<!\p{L})(?:and|as\s+well\s+as|plus|;)\s+(?:also\s+)?(?:to\s+)?(classify|sort|detect|segment|count|track|generate|build|deploy|train|export|serve|monitor|search|describe|caption|translate|estimate|predict|send|order|recommend|measure)(?!\p{L})/iu;

const checks: Readonly<Record<InvestLetter, readonly [name: string, check: Check]>> = {
  I: ["Independent", checkIndependent],
  N: ["Negotiable", checkNegotiable],
  V: ["Valuable", checkValuable],
  E: ["Estimable", checkEstimable],
  S: ["Small", checkSmall],
  T: ["Testable", checkTestable],
};

/** Checks a spec's story and lists by the six letters, in their order. */
export function checkStory(spec: Spec, facts: StoryFacts = {}): readonly StoryCheck[] {
  return (Object.keys(checks) as InvestLetter[]).map((letter) => {
    const [name, check] = checks[letter];
    const [pass, why] = check(spec, facts);
    return { letter, name, pass, why };
  });
}

function checkIndependent({ story }: Spec): Answer {
  if (story.iWant === null) return [false, "There is no “I want”, so the outcome is not said."];
  const second = job.exec(story.iWant);
  if (second) return [false, `The story asks for a second outcome (“${second[1]!}”): write it as a story of its own.`];
  return [true, "The story asks for one outcome."];
}

function checkNegotiable({ story }: Spec): Answer {
  const named = implementation.exec([story.iWant, story.soThat].join(" "));
  if (named)
    return [
      false,
      `The story names an implementation (“${named[0]}”): say what it is needed for, and leave the means open.`,
    ];
  if (story.iWant === null) return [false, "There is no “I want”, so no need is named."];
  return [true, "The story names a need and no implementation."];
}

function checkValuable({ story }: Spec): Answer {
  if (story.soThat === null)
    return [false, "There is no “so that”: nobody can tell what a better model would be worth."];
  return [true, `There is a “so that”: ${story.soThat}.`];
}

function checkEstimable({ story, requirements }: Spec, facts: StoryFacts): Answer {
  const states = (kind: RequirementKind): boolean =>
    requirements.some((line) => line.kind === kind && line.target !== null);
  const classes = /\d+\s+(?:\p{L}+\s+){0,2}(?:classes|categories|kinds|types|groups|species|sorts)/u;
  const known: readonly (readonly [boolean, string])[] = [
    [facts.imageCount !== undefined || states("image-count"), "the number of images"],
    [
      facts.classCount !== undefined || states("class-count") || classes.test(story.iWant ?? ""),
      "the number of classes",
    ],
    [facts.budgetSeconds !== undefined || states("training-time"), "a limit of the training time"],
  ];
  const missing = known.flatMap(([given, what]) => (given ? [] : [what]));
  if (missing.length > 0) return [false, `Not given: ${missing.join(", ")}.`];
  return [true, "The numbers of images and classes and the time to train are given."];
}

function checkSmall({ requirements }: Spec, { predictedSeconds, budgetSeconds }: StoryFacts): Answer {
  const limits = requirements.flatMap(({ kind, target }) => (kind === "training-time" && target ? [target.value] : []));
  const budget = Math.min(...limits, budgetSeconds ?? Infinity);
  if (predictedSeconds === undefined) return [false, "How long the run takes is not predicted yet: the plan does."];
  if (budget === Infinity)
    return [
      false,
      `The run is predicted to take ${formatValue(predictedSeconds, "seconds")}, and no limit is given to hold it against.`,
    ];
  const compared = `${formatValue(predictedSeconds, "seconds")} of ${formatValue(budget, "seconds")}`;
  if (predictedSeconds > budget) return [false, `The run is predicted to exceed its time: ${compared}.`];
  return [true, `The run is predicted to fit its time: ${compared}.`];
}

/** Units that a model can be held to. */
const measurable: ReadonlySet<Dimension> = new Set<Dimension>(["fraction", "seconds", "bytes", "images/s"]);

/** Numbers of the story that no line states: they would be lost. "Within an hour" tells of a need, and is no number that one writes down. */
function unlistedNumbers({ story, requirements }: Spec): string[] {
  const stated = new Set(requirements.flatMap(({ target }) => (target === null ? [] : [target.value])));
  return [story.iWant, story.soThat].flatMap((text) =>
    readQuantities(text ?? "").flatMap(({ dimension, value, raw }) =>
      measurable.has(dimension) && /\d/.test(raw) && !stated.has(value) ? [raw.trim()] : [],
    ),
  );
}

function checkTestable(spec: Spec): Answer {
  const { requirements } = spec;
  const lost = unlistedNumbers(spec);
  if (lost.length > 0)
    return [
      false,
      `The story names ${lost.map((raw) => `“${raw}”`).join(", ")}, and no line does: only lines of the lists are checked.`,
    ];
  const hard = requirements.filter(({ role }) => role === "hard");
  const open = hard.filter(({ kind }) => kind === "not-checkable");
  if (hard.length === 0) return [false, "No line must hold: constraints and goal state are empty."];
  if (open.length === 0) return [true, `Every line that must hold has a check (${countLines(hard)}).`];
  return [false, `No check exists for ${listLines(open)}.`];
}

function countLines(lines: readonly Requirement[]): string {
  const names = new Set(lines.map(({ kind }) => kinds[kind].name));
  return `${lines.length} ${lines.length === 1 ? "line" : "lines"}, ${names.size} ${names.size === 1 ? "kind" : "kinds"}`;
}

function listLines(lines: readonly Requirement[]): string {
  return lines
    .map(({ id, text, nearest }) => `${id} “${text}”${nearest === undefined ? "" : ` (nearest: “${nearest}”)`}`)
    .join(", ");
}
