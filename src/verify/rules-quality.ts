/** Rules of the kinds that say how often the model is right. */
import { formatCount, formatPercent, quoteName } from "../core/index.js";
import { describeTarget, isFloor, type Requirement } from "../spec/index.js";
import {
  clusteredLower,
  clusteredUpper,
  differenceBounds,
  type BoundedRate,
  measureClusters,
  type TallyStatistic,
  testImagesNeeded,
} from "../statistics/index.js";
import type { ClassRow } from "./evidence.js";
import { type Finding, type Measurements, type Rule, unmeasured } from "./finding.js";
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

/** The wanted probability that so many photographs prove a line. */
const power = 0.8;

/** The photographs that a line is judged on, and the level that it may spend. */
export interface JudgedSplit {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  readonly classes: readonly ClassRow[];
  readonly alpha: number;
}

/** A rule that looks at the split the line names: test at the level of this opening, calibrate at the spec's own. */
export function onSplit(rule: (split: JudgedSplit, line: Requirement) => Finding): Rule {
  return (m, line, levels) => {
    const onTest = line.judgedOn === "test";
    const outcomes = onTest ? m.test : m.calibrate;
    const alpha = onTest ? levels.test : levels.spec;
    const test = m.fresh ? "the fresh photographs" : "the sealed test split";
    const name = onTest ? test : "calibrate, the half of validation that nothing trained on";
    if (outcomes.length === 0) return unknown(`there is no photograph in ${name}`, alpha);
    return rule({ name, outcomes, classes: classRows(outcomes, m.labels, m.trainCounts, alpha), alpha }, line);
  };
}

function unknown(basis: string, alpha: number): Finding {
  return { ...unmeasured(basis), n: 0, alpha };
}

/** A share of photographs, with exact bounds, and how many photographs would decide an open line. */
function proportion(outcomes: readonly Outcome[], alpha: number, what: string, line: Requirement): Finding {
  if (outcomes.length === 0) return unknown(`there is no ${what}`, alpha);
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
    ...decidingImages(line, right / n, n, designEffect, alpha),
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
  const needed = testImagesNeeded({ rate, target: line.target.value, alpha, power });
  if (needed === null)
    return {
      decides: `at the observed rate of ${formatPercent(rate)} no number of photographs would prove ${describeTarget(line)}: a better model would`,
    };
  return {
    decides: `about ${formatCount(Math.ceil(needed * designEffect))} such photographs would prove it with 80 % power at the observed rate, ${formatCount(n)} are there`,
  };
}

export function accuracy({ outcomes, alpha, name }: JudgedSplit, line: Requirement): Finding {
  return proportion(outcomes, alpha, `photographs of ${name}`, line);
}

export function bootstrapped(metric: TallyStatistic): (split: JudgedSplit) => Finding {
  return ({ outcomes, classes, alpha, name }) => {
    const empty = classes.filter(({ testCount }) => testCount === 0);
    if (empty.length > 0) return unknown(`${listClasses(empty)} has no photograph in ${name}`, alpha);
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
  // The error that chance makes falls as the square root of the number.
  const enough = target ? Number((n * Math.max(1, estimate / target.value) ** 2).toPrecision(2)) : n;
  return {
    measured: estimate,
    lower,
    upper,
    n,
    alpha,
    basis: `mean |accuracy − confidence| of 15 bins of equal size on ${name}; approximate bounds, which allow for the chance that each bin adds`,
    ...(enough > n
      ? {
          decides: `with ${formatCount(n)} photographs, chance alone makes an error of about this size; only from about ${formatCount(enough)} on would it make less than the target`,
        }
      : {}),
  };
}

export function worstClassRecall({ classes, outcomes, alpha, name }: JudgedSplit, line: Requirement): Finding {
  const empty = classes.filter(({ testCount }) => testCount === 0);
  if (empty.length > 0) return unknown(`${listClasses(empty)} has no photograph in ${name}`, alpha);
  const { worst, lower, upper } = worstClassBounds(classes, outcomes, alpha);
  const grouped = outcomes.some(({ group }) => group !== undefined);
  return {
    measured: worst.recall,
    lower,
    upper,
    n: worst.testCount,
    alpha,
    basis: `the worst class is ${quoteName(worst.label)} with ${worst.testCorrect} of ${worst.testCount}; every class must clear the target (intersection–union)${grouped ? "; Korn–Graubard bounds, since photographs come in groups, approximate" : ""}`,
    ...decidingClasses(line, classes, alpha),
  };
}

const shownClasses = 3;

/** What each class would take whose own bound does not clear the target, the worst first. */
function decidingClasses({ target }: Requirement, classes: readonly ClassRow[], alpha: number): { decides?: string } {
  if (target === null) return {};
  const open = classes
    .filter(({ recallLower }) => (recallLower ?? 0) < target.value)
    .toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  const each = open.slice(0, shownClasses).map(({ label, recall, testCount, designEffect = 1 }) => {
    const needed = testImagesNeeded({ rate: recall ?? 0, target: target.value, alpha, power });
    return needed === null
      ? `no number of ${quoteName(label)} at its recall of ${formatPercent(recall ?? 0)}`
      : `about ${formatCount(Math.ceil(needed * designEffect))} of ${quoteName(label)}, ${formatCount(testCount)} are there`;
  });
  const more = open.length > each.length ? `; and ${formatCount(open.length - each.length)} more classes` : "";
  return {
    decides: `photographs that would prove it with 80 % power at the observed recalls: ${each.join("; ")}${more}`,
  };
}

export function rareClassRecall({ classes, outcomes, alpha }: JudgedSplit, line: Requirement): Finding {
  const rare = rareClasses(classes);
  if (rare.length === 0) return unknown("no class is rare: none is under half the mean size", alpha);
  const what = `photographs of the classes under half the mean size (${listClasses(rare)})`;
  return proportion(ofClasses(outcomes, classes, rare), alpha, what, line);
}

export function namedClassRecall({ classes, outcomes, alpha }: JudgedSplit, line: Requirement): Finding {
  const wanted = (line.className ?? "").normalize("NFC").toLowerCase();
  const row = classes.find(({ label }) => label.toLowerCase() === wanted);
  if (!row) return unknown(`there is no class ${quoteName(line.className ?? "")}`, alpha);
  return proportion(ofClasses(outcomes, classes, [row]), alpha, `photographs of ${quoteName(row.label)}`, line);
}

function ofClasses(
  outcomes: readonly Outcome[],
  classes: readonly ClassRow[],
  wanted: readonly ClassRow[],
): readonly Outcome[] {
  const indices = new Set(wanted.map((row) => classes.indexOf(row)));
  return outcomes.filter(({ truth }) => indices.has(truth));
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
  _line: Requirement,
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
  };
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
