/** What would change lines about accuracy and recall: photographs to test on and to learn from, labels, actions. */
import { capitalize, countOf, formatCount, formatPercent, formatSeconds, quoteName } from "../core/index.js";
import { testImagesNeeded, usualPower } from "../statistics/index.js";
import type { ClassRow, Evidence } from "../verify/index.js";
import type { Candidate, Estimate, ReportExtras } from "./data.js";
import { deriveGap, freshLevel, narrowBounds } from "./price-bounds.js";
import { type Counted, inGroups, neededRight, sayGroups } from "./price-groups.js";
import type { Derive, Measured, Option } from "./price-option.js";

const shownClasses = 3;
/** Of a two-sided 90 % band. */
const bandZ = 1.645;
/** A share of photographs with exact bounds. */
export const priceShare: Derive = (line, evidence, extras) => [
  ...freshPhotographs(line, evidence),
  ...fewerMistakes(line, evidence),
  ...moreTraining(line, extras),
  ...untriedActions(extras),
  ...reviewLabels(extras, null),
];

function countedOf({ n, designEffect = 1 }: Measured): Counted {
  return { n: n ?? 0, designEffect };
}

/** So many test photographs, at the observed rate and at its bounds. */
function freshPhotographs(line: Measured, evidence: Evidence): Option[] {
  const alpha = freshLevel(line, evidence);
  const counted = countedOf(line);
  const alone = (rate: number | null): number | null =>
    rate === null ? null : testImagesNeeded({ rate, target: line.target.value, alpha, power: usualPower });
  const needed = (rate: number | null): number | null => inGroups(alone(rate), counted);
  const observed = needed(line.measured);
  const best = needed(line.upper);
  if (observed === null && best === null) return [];
  const kind = line.split === "test" ? "fresh test photographs" : "validation photographs";
  const at = `${formatCount(counted.n)} were judged${sayGroups(counted, alone(line.measured))}. With ${formatPercent(usualPower, 0)} power`;
  const worst = needed(line.lower);
  const spread = [
    best === null ? "" : `${formatCount(best)} if the true rate is its upper bound, ${formatPercent(line.upper!)}`,
    worst === null && line.lower !== null ? `none would do at its lower bound, ${formatPercent(line.lower)}` : "",
  ].filter((text) => text !== "");
  if (observed === null)
    return [
      {
        surety: "effect not measured",
        what: `More ${kind} alone: no number at the observed rate`,
        why: `${formatPercent(line.measured)} is not above the target; ${spread.join("; ")}.`,
      },
    ];
  return [
    {
      surety: "likely",
      what: `About ${formatCount(observed)} ${kind}`,
      why: `${at} at the observed rate of ${formatPercent(line.measured)}; ${spread.join("; ")}.`,
    },
  ];
}

/** How many of the same photographs would have to be right. */
function fewerMistakes(line: Measured, evidence: Evidence): Option[] {
  const counted = countedOf(line);
  const { n } = counted;
  const right = Math.round(line.measured * n);
  const needed = neededRight(counted, line.target.value, line.alpha);
  if (needed === null)
    return [
      {
        surety: "effect not measured",
        what: `More than ${countOf(n, "photograph")} in any case`,
        why: `Even ${formatCount(n)} of ${formatCount(n)} right would not prove ${formatPercent(line.target.value)}${sayGroups(counted)}.`,
      },
    ];
  if (needed <= right) return [];
  const mistakes = n - right;
  const reopened =
    line.split === "test"
      ? `; another model on the same photographs is opening ${evidence.run.testOpening + 1} of them and judged more strictly`
      : "";
  return [
    {
      surety: "effect not measured",
      what: `A model that makes ${countOf(n - needed, "mistake")} in ${formatCount(n)} photographs, not ${formatCount(mistakes)}`,
      why: `${formatCount(needed)} right (${formatPercent(needed / n)}) prove ${formatPercent(line.target.value)}; ${formatCount(right)} (${formatPercent(right / n)}) were${sayGroups(counted)}${reopened}.`,
    },
  ];
}

/** Photographs to learn from, were every further doubling to bring what the last one did. */
function moreTraining(line: Measured, { learningCurve, fineTuning }: ReportExtras): Option[] {
  if (!learningCurve || line.unit !== "fraction") return [];
  const { from, to, gain } = learningCurve.doubling;
  const missing = Math.max(line.target.value, neededShare(line)) - line.measured;
  const basis = `From ${formatCount(from)} to ${formatCount(to)} training photographs brought ${formatGain(gain)} out of fold`;
  return extrapolate({ what: "training photographs", images: to, gain, missing, basis, isTuned: fineTuning != null });
}

/** The same for the photographs of one class, until its recall is at the target. */
function moreOfClass(row: ClassRow, line: Measured, { learningCurve, fineTuning }: ReportExtras): Option[] {
  const found = learningCurve?.doubling.classes.find(({ label }) => label === row.label);
  if (!found || row.recall === null) return [];
  const name = quoteName(row.label);
  const basis = `When all classes had twice the photographs, ${name} gained ${formatGain(found.gain)} on ${formatCount(found.judged)} photographs out of fold`;
  const what = `training photographs of ${name}, the other classes growing alike`;
  const missing = line.target.value - row.recall;
  return extrapolate({ what, images: found.images, gain: found.gain, missing, basis, isTuned: fineTuning != null });
}

interface Extrapolation {
  /** Of what so many are needed. */
  readonly what: string;
  /** How many there are. */
  readonly images: number;
  /** What the last doubling of them brought. */
  readonly gain: Estimate;
  readonly missing: number;
  readonly basis: string;
  /** Whether the model is a fine-tuned network: the gain is that of a head on the frozen one. */
  readonly isTuned: boolean;
}

function extrapolate({ what, images, gain, missing, basis, isTuned }: Extrapolation): Option[] {
  if (missing <= 0) return [];
  const needed = (each: number): string => describeImages(images, missing / each);
  const low = gain.value - bandZ * gain.standardError;
  const high = gain.value + bandZ * gain.standardError;
  const of = isTuned
    ? " for a head on the frozen network; the delivered one was fine-tuned, and what more photographs bring it was not measured"
    : "";
  const text = `${basis}${of}; ${(100 * missing).toFixed(1)} points are missing`;
  if (low <= 0)
    return [
      {
        surety: "effect not measured",
        what: `More ${what}: how many is not known`,
        why: `${text}. That gain is within its noise${high > 0 ? `; at the upper end of its 90 % band it would take ${needed(high)} where ${formatCount(images)} are` : ""}.`,
      },
    ];
  return [
    {
      surety: isTuned ? "effect not measured" : "measured effect",
      what: capitalize(`${needed(gain.value)} ${what}${isTuned ? ", did it gain as that head" : ""}`),
      why: `${text}. ${formatCount(images)} are there; ${describeRange(needed(high), needed(low))} by the 90 % band of that gain. Gains shrink as photographs are added, so these are lower limits.`,
    },
  ];
}

function describeRange(low: string, high: string): string {
  return low === high ? low : `between ${low} and ${high}`;
}

/** What the observed share would have to be with as many photographs. */
function neededShare(line: Measured): number {
  const counted = countedOf(line);
  const needed = neededRight(counted, line.target.value, line.alpha);
  return needed === null ? line.target.value : needed / counted.n;
}

/** So many times as many photographs that no number is worth printing. */
const mostDoublings = 5;

/** images · 2^doublings, to two digits. */
function describeImages(images: number, doublings: number): string {
  if (doublings > mostDoublings) return `more than ${2 ** mostDoublings} times as many`;
  return `about ${formatCount(Number((images * 2 ** doublings).toPrecision(2)))}`;
}

function formatGain({ value, standardError }: Estimate): string {
  return `${formatPoints(value)} ± ${(100 * standardError).toFixed(1)} points`;
}

function formatPoints(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
}

/** Recipes that the trace has as refused, and actions that it has as not measured. */
function untriedActions({ candidates = [] }: ReportExtras): Option[] {
  const refused = candidates.flatMap(({ name, outcome, accuracyGain, reason, on }): Option[] =>
    outcome !== "refused" || accuracyGain === null || accuracyGain.value <= 0
      ? []
      : [
          {
            surety: "measured effect",
            what: `The recipe ${name}: ${formatGain(accuracyGain)} on ${on}`,
            why: `Measured and refused: ${reason ?? "the requirements forbid it"}. Another line of the spec would have to yield.`,
          },
        ],
  );
  return [...refused, ...unmeasuredActions(candidates)];
}

/** The least costly first. */
function unmeasuredActions(candidates: readonly Candidate[]): Option[] {
  const all = candidates.filter(({ outcome }) => outcome === "not measured");
  const unfit = all.flatMap(({ name, seconds, reason }): Option[] =>
    seconds !== null || reason === null
      ? []
      : [{ surety: "effect not measured", what: `The action ${quoteName(name)}`, why: `Not measured: ${reason}.` }],
  );
  const untried = all
    .filter(({ seconds, reason }) => seconds !== null || reason === null)
    .toSorted((a, b) => (a.seconds ?? Number.POSITIVE_INFINITY) - (b.seconds ?? Number.POSITIVE_INFINITY));
  if (untried.length === 0) return unfit;
  const names = untried.map(
    ({ name, seconds }) => `${quoteName(name)}${seconds === null ? "" : ` (about ${formatSeconds(seconds)})`}`,
  );
  const [actions, they, bring, them] =
    untried.length === 1 ? ["The action", "It", "it brings", "it"] : ["The actions", "They", "they bring", "them"];
  return [
    {
      surety: "effect not measured",
      what: `${actions} ${names.join(", ")}`,
      why: `${they} did not fit the budget, and what ${bring} was not measured; a larger --budget tries ${them}.`,
    },
    ...unfit,
  ];
}

function reviewLabels({ doubtfulLabels }: ReportExtras, label: string | null): Option[] {
  if (!doubtfulLabels) return [];
  const row = label === null ? doubtfulLabels : doubtfulLabels.classes.find((one) => one.label === label);
  if (!row || row.count === 0) return [];
  return [
    {
      surety: "effect not measured",
      what: `Review ${formatCount(row.count)} ${row.count === 1 ? "label" : "labels"} of training photographs${label === null ? "" : ` in ${quoteName(label)}`}`,
      why: `Of ${formatCount(row.images)}; a head that had not seen them says another class with more than that class's usual confidence. Some are right as they are; what correcting the others brings is not measured.`,
    },
  ];
}

/** Class by class: each must clear the target by itself. */
export function priceWorstClass(line: Measured, evidence: Evidence, extras: ReportExtras): readonly Option[] {
  const rows = evidence.metrics.classes
    .filter(({ recallLower }) => recallLower === null || recallLower < line.target.value)
    .toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  if (line.split !== "test") return [];
  const shown = rows.slice(0, shownClasses).flatMap((row) => priceClass(row, line, evidence, extras));
  const rest = rows.length - shownClasses;
  const more: Option[] =
    rest > 0
      ? [
          {
            surety: "effect not measured",
            what: `And ${formatCount(rest)} more ${rest === 1 ? "class" : "classes"} whose bound does not clear the target`,
            why: "The table of classes has their bounds; every one of them must clear it.",
          },
        ]
      : [];
  return [...shown, ...untriedActions(extras), ...more];
}

function priceClass(row: ClassRow, line: Measured, evidence: Evidence, extras: ReportExtras): readonly Option[] {
  const name = quoteName(row.label);
  const rate = row.recall ?? 0;
  const alpha = freshLevel(line, evidence);
  const counted = { n: row.testCount, designEffect: row.designEffect ?? 1 };
  const alone = testImagesNeeded({ rate, target: line.target.value, alpha, power: usualPower });
  const needed = inGroups(alone, counted);
  const found = `${formatCount(row.testCorrect)} of ${formatCount(row.testCount)} test photographs are right${sayGroups(counted, alone)}`;
  if (needed !== null)
    return [
      {
        surety: "likely",
        what: `About ${formatCount(needed)} fresh test photographs of ${name}`,
        why: `${found}; with ${formatPercent(usualPower, 0)} power, if its true recall is the observed ${formatPercent(rate)}${row.recallLower === null ? "" : ` (it may be as low as ${formatPercent(row.recallLower)}, where no number would do)`}.`,
      },
    ];
  return [
    ...moreOfClass(row, line, extras),
    ...reviewLabels(extras, row.label),
    {
      surety: "effect not measured",
      what: `A better model for ${name}`,
      why: `${found}: no number of test photographs shows ${formatPercent(line.target.value)} at that recall. It has ${formatCount(row.trainCount)} training photographs.`,
    },
  ];
}

/** Bounds by bootstrap narrow as 1/√n. */
export function priceBootstrapped(line: Measured, evidence: Evidence, extras: ReportExtras): readonly Option[] {
  return [
    ...narrowBounds(line, evidence),
    ...moreTraining(line, extras),
    ...untriedActions(extras),
    ...reviewLabels(extras, null),
    ...(line.measured > line.target.value ? [] : deriveGap(line, evidence, extras)),
  ];
}
