/** Rules of the kinds that say how often the model is right. */
import { countOf, formatCount, formatPercent, listNames, quoteName } from "../core/index.js";
import { usualBins } from "../metrics/index.js";
import { describeTarget, isFloor, type Requirement, satisfies } from "../spec/index.js";
import {
  clusteredLower,
  clusteredUpper,
  differenceBounds,
  type BoundedRate,
  measureClusters,
  studentQuantile,
  type TallyStatistic,
  testImagesNeeded,
  usualPower,
} from "../statistics/index.js";
import type { ClassRow } from "./evidence.js";
import { type Finding, freshLevel, type Measurements, type Rule, unmeasured } from "./finding.js";
import {
  bootstrapBounds,
  calibrationBounds,
  classRows,
  clustersOf,
  groupsOf,
  type Outcome,
  rareClasses,
  worstClassBounds,
} from "./measure.js";

/** The photographs that a line is judged on, and the level that it may spend. */
export interface JudgedSplit {
  readonly name: string;
  /** The name behind a preposition, where it is spoken of again. */
  readonly place: string;
  readonly outcomes: readonly Outcome[];
  readonly classes: readonly ClassRow[];
  readonly alpha: number;
  /** The level at which photographs that were never opened would be judged. */
  readonly freshAlpha: number;
}

const splitWords = {
  test: { name: "the test split", place: "in test" },
  fresh: { name: "the fresh photographs", place: "among the fresh ones" },
  calibrate: { name: "calibrate, the half of validation that nothing trained on", place: "in calibrate" },
} as const;

/** A rule that looks at the split the line names: test at the level of this opening, calibrate at the spec's own. */
export function onSplit(rule: (split: JudgedSplit, line: Requirement) => Finding): Rule {
  return (m, line, levels) => {
    const onTest = line.judgedOn === "test";
    const outcomes = onTest ? m.test : m.calibrate;
    const alpha = onTest ? levels.test : levels.spec;
    const freshAlpha = freshLevel(line, levels);
    const { name, place } = splitWords[onTest ? (m.fresh ? "fresh" : "test") : "calibrate"];
    if (outcomes.length === 0)
      return unknown(`there is no photograph in ${name}`, alpha, `photographs ${place} would let it be judged`);
    const classes = classRows(outcomes, m.labels, m.trainCounts, alpha);
    return rule({ name, place, outcomes, classes, alpha, freshAlpha }, line);
  };
}

function unknown(basis: string, alpha: number, decides?: string): Finding {
  return { ...unmeasured(basis, decides), n: 0, alpha };
}

/** Of classes without a photograph nothing can be said until there is one. */
function lacking(rows: readonly ClassRow[], { name, place, alpha }: JudgedSplit): Finding {
  const names = listNames(rows.map(({ label }) => label));
  const basis = `${names} ${rows.length === 1 ? "has" : "have"} no photograph in ${name}`;
  return unknown(basis, alpha, `photographs of ${names} ${place} would let it be judged`);
}

/** A share of photographs, with exact bounds, and how many photographs would decide an open line. */
function proportion(
  outcomes: readonly Outcome[],
  { alpha, freshAlpha }: Pick<JudgedSplit, "alpha" | "freshAlpha">,
  what: string,
  line: Requirement,
): Finding {
  const clusters = clustersOf(outcomes);
  const { trials: n, successes: right, clusters: groups, designEffect } = measureClusters(clusters);
  const bounds =
    groups === n
      ? "exact Clopper–Pearson bounds"
      : `they come in ${formatCount(groups)} groups; Korn–Graubard bounds, each photograph counting for ${(1 / designEffect).toFixed(2)} of one, approximate`;
  return {
    measured: right / n,
    lower: clusteredLower(clusters, alpha),
    upper: clusteredUpper(clusters, alpha),
    n,
    alpha,
    ...(groups === n ? {} : { designEffect }),
    basis: `${formatCount(right)} of ${formatCount(n)} ${what} are right; ${bounds}`,
    ...decidingImages(line, right / n, n, designEffect, freshAlpha),
  };
}

function decidingImages(
  line: Requirement,
  rate: number,
  n: number,
  designEffect: number,
  alpha: number,
): { decides?: string } {
  if (line.target === null || !isFloor(line.target.comparison)) return {};
  const needed = testImagesNeeded({ rate, target: line.target.value, alpha, power: usualPower });
  if (needed === null)
    return {
      decides: `at the observed rate of ${formatPercent(rate)} no number of photographs would prove ${describeTarget(line)}: a better model would`,
    };
  return {
    decides: `about ${formatCount(Math.ceil(needed * designEffect))} fresh photographs would prove it with ${formatPercent(usualPower, 0)} power at the observed rate, ${formatCount(n)} were judged`,
  };
}

export function accuracy(split: JudgedSplit, line: Requirement): Finding {
  return proportion(split.outcomes, split, `photographs of ${split.name}`, line);
}

export function bootstrapped(metric: TallyStatistic): (split: JudgedSplit) => Finding {
  return (split) => {
    const { outcomes, classes, alpha, name } = split;
    const empty = classes.filter(({ testCount }) => testCount === 0);
    if (empty.length > 0) return lacking(empty, split);
    const { estimate, lower, upper } = bootstrapBounds(metric, outcomes, classes.length, alpha);
    const groups = groupsOf(outcomes).length;
    const drawn = groups === outcomes.length ? "" : ` of its ${formatCount(groups)} groups`;
    const basis = `stratified bootstrap${drawn} on ${name}, approximate`;
    return { measured: estimate, lower, upper, n: outcomes.length, alpha, basis };
  };
}

export function calibrationError({ outcomes, alpha, name }: JudgedSplit, { target }: Requirement): Finding {
  const { estimate, lower, upper } = calibrationBounds(outcomes, alpha);
  const n = outcomes.length;
  return {
    measured: estimate,
    lower,
    upper,
    n,
    alpha,
    basis: `mean |accuracy − confidence| of 15 bins of equal size on ${name}; approximate bounds, which allow for the chance that each bin adds`,
    ...(target !== null && estimate > target.value ? decidingCalibration(outcomes, target.value) : {}),
  };
}

/**
 * What an error above the target is made of: were confidences right, the rate of a bin of n/k photographs would be off them by
 * √(2 c (1 − c) k / (π n)) in the mean.
 */
function decidingCalibration(outcomes: readonly Outcome[], target: number): { decides: string } {
  const n = outcomes.length;
  const variances = outcomes.map(({ probabilities }) => {
    const confidence = Math.max(...probabilities);
    return confidence * (1 - confidence);
  });
  const mean = variances.reduce((sum, variance) => sum + variance, 0) / n;
  const chance = Math.sqrt((2 * mean * usualBins) / (Math.PI * n));
  const says = `chance alone makes an error of about ${formatPercent(chance)} with ${formatCount(n)} photographs`;
  if (chance <= target)
    return { decides: `${says}: more of them would not decide it, a better calibrated model would` };
  const enough = Number((n * (chance / target) ** 2).toPrecision(2));
  return { decides: `${says}, and less than the target only from about ${formatCount(enough)} on` };
}

export function worstClassRecall(split: JudgedSplit, line: Requirement): Finding {
  const { classes, outcomes, alpha, freshAlpha } = split;
  const empty = classes.filter(({ testCount }) => testCount === 0);
  if (empty.length > 0) return lacking(empty, split);
  const { worst, lower, upper } = worstClassBounds(classes, outcomes, alpha);
  const grouped = outcomes.some(({ group }) => group !== undefined);
  return {
    measured: worst.recall,
    lower,
    upper,
    n: worst.testCount,
    alpha,
    basis: `the worst class is ${quoteName(worst.label)} with ${worst.testCorrect} of ${worst.testCount}; every class must clear the target (intersection–union)${grouped ? "; Korn–Graubard bounds, since photographs come in groups, approximate" : ""}`,
    ...decidingClasses(line, classes, freshAlpha),
  };
}

const shownClasses = 3;

/** What each class would take whose own bound does not clear the target, the worst first; with so much power for each that all do together. */
function decidingClasses({ target }: Requirement, classes: readonly ClassRow[], alpha: number): { decides?: string } {
  if (target === null || !isFloor(target.comparison)) return {};
  const open = classes
    .filter(({ recallLower }) => !satisfies(recallLower ?? 0, target))
    .toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  const power = usualPower ** (1 / Math.max(1, open.length));
  const needs = open.map(({ label, recall, testCount, designEffect = 1 }) => {
    const alone = testImagesNeeded({ rate: recall ?? 0, target: target.value, alpha, power });
    return { label, recall, testCount, needed: alone === null ? null : Math.ceil(alone * designEffect) };
  });
  const list = (some: typeof needs, say: (one: (typeof needs)[number]) => string): string => {
    const more = some.length - shownClasses;
    const shown = some.slice(0, shownClasses).map(say).join("; ");
    return more > 0 ? `${shown}; and ${countOf(more, "more class", "more classes")}` : shown;
  };
  const hopeless = needs.filter(({ needed }) => needed === null);
  const saysRecall = ({ label, recall }: (typeof needs)[number]): string =>
    `${quoteName(label)}, ${formatPercent(recall ?? 0)}`;
  if (hopeless.length > 0)
    return {
      decides: `no number of photographs would prove it at the observed recalls, a better model would (${list(hopeless, saysRecall)})`,
    };
  if (needs.length === 0) return {};
  const saysNeed = ({ label, needed, testCount }: (typeof needs)[number]): string =>
    `about ${formatCount(needed!)} of ${quoteName(label)}, ${formatCount(testCount)} were judged`;
  return {
    decides: `fresh photographs would prove it with ${formatPercent(usualPower, 0)} power at the observed recalls: ${list(needs, saysNeed)}`,
  };
}

export function rareClassRecall(split: JudgedSplit, line: Requirement): Finding {
  const rare = rareClasses(split.classes);
  if (rare.length === 0) return unknown("no class is rare: none is under half the mean size", split.alpha);
  return recallOf(rare, split, `the classes under half the mean size (${listClasses(rare)})`, line);
}

export function namedClassRecall(split: JudgedSplit, line: Requirement): Finding {
  const { classes, alpha } = split;
  const wanted = (line.className ?? "").normalize("NFC").toLowerCase();
  const row = classes.find(({ label }) => label.toLowerCase() === wanted);
  if (!row) return unknown(`there is no class ${quoteName(line.className ?? "")}`, alpha);
  return recallOf([row], split, quoteName(row.label), line);
}

/** The share of the photographs of some classes, together. */
function recallOf(rows: readonly ClassRow[], split: JudgedSplit, whose: string, line: Requirement): Finding {
  const indices = new Set(rows.map((row) => split.classes.indexOf(row)));
  const outcomes = split.outcomes.filter(({ truth }) => indices.has(truth));
  if (outcomes.length === 0) return lacking(rows, split);
  return proportion(outcomes, split, `photographs of ${whose}`, line);
}

function listClasses(rows: readonly ClassRow[]): string {
  return rows.map(({ label }) => quoteName(label)).join(", ");
}

/**
 * Accuracy on photographs that the model was trained on, less accuracy on calibrate, by the same bundle and the same views. The
 * out-of-fold accuracy on train shows how much of it is memory: those predictions had not seen the photograph.
 */
export function overfittingGap(
  m: Measurements,
  { target }: Requirement,
  { spec: alpha }: { readonly spec: number },
): Finding {
  const { trained, calibrate, outOfFoldAccuracy } = m;
  if (trained.length === 0) return unmeasured("the photographs that the model was trained on are not at hand");
  if (calibrate.length === 0)
    return unmeasured("there is no photograph in calibrate, the half of validation that nothing trained on");
  const [seen, unseen] = [boundedRate(trained, alpha), boundedRate(calibrate, alpha)];
  const { estimate, lower, upper } = differenceBounds(seen, unseen);
  const memory =
    outOfFoldAccuracy === null
      ? ""
      : ` (out of fold, train reached ${formatPercent(outOfFoldAccuracy)}, as recorded by the run)`;
  return {
    measured: estimate,
    lower,
    upper,
    n: trained.length + calibrate.length,
    alpha,
    basis: `accuracy ${formatPercent(seen.estimate)} on ${formatCount(trained.length)} photographs that it was trained on${memory}, less ${formatPercent(unseen.estimate)} on ${formatCount(calibrate.length)} of calibrate; bounds by Zou and Donner, approximate`,
    ...(target === null
      ? {}
      : { decides: decidingGap(target.value - estimate, seen, unseen, calibrate.length, alpha) }),
  };
}

/** Only calibrate can grow: what is left of the margin beside the uncertainty of the other rate, which stays. */
function decidingGap(margin: number, seen: BoundedRate, unseen: BoundedRate, n: number, alpha: number): string {
  const power = studentQuantile(usualPower, 1e6) / studentQuantile(1 - alpha, 1e6);
  const [stays, narrows] = [seen.upper - seen.estimate, unseen.estimate - unseen.lower];
  const room = margin <= 0 ? 0 : margin ** 2 - ((1 + power) * stays) ** 2;
  if (room <= 0)
    return "at the observed rates no number of photographs of calibrate would prove it: a better model would";
  const needed = Math.max(n, n * (((1 + power) * narrows) ** 2 / room));
  return `about ${formatCount(Number(needed.toPrecision(2)))} photographs of calibrate would prove it with ${formatPercent(usualPower, 0)} power at the observed rates, ${formatCount(n)} are there`;
}

function boundedRate(outcomes: readonly Outcome[], alpha: number): BoundedRate {
  const clusters = clustersOf(outcomes);
  const { successes, trials } = measureClusters(clusters);
  return {
    estimate: successes / trials,
    lower: clusteredLower(clusters, alpha),
    upper: clusteredUpper(clusters, alpha),
  };
}
