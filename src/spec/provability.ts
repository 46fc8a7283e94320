/** What photographs can prove of a spec, said before anything is trained: from their numbers alone. */
import { formatCount, formatPercent, quoteName, random } from "../core/index.js";
import {
  bootstrapInterval,
  clopperPearsonLower,
  openingAlpha,
  provable,
  type TallyStatistic,
  tallyStatistics,
} from "../statistics/index.js";
import { isFloor } from "./comparison.js";
import type { Requirement, RequirementKind, Spec } from "./requirement.js";

/** Photographs that lines are judged on; copies count once. Groups make them prove less. */
export interface JudgedCounts {
  readonly test: number;
  readonly calibrate: number;
  /** Which opening of the test photographs it will be, from 1: each proves less than the one before. */
  readonly opening?: number;
  /** By class; lines about classes are passed over where it is not given. */
  readonly classes?: Readonly<
    Record<string, { readonly train: number; readonly test: number; readonly calibrate: number }>
  >;
}

export interface Provability {
  /** The line's id. */
  readonly id: string;
  /** Whether a good enough model could be shown to meet the line. */
  readonly possible: boolean;
  /** A sentence: what must be right, or why nothing will prove it and what would. */
  readonly text: string;
}

/** What one line is judged on: a number of photographs that must be right often enough. */
interface Sample {
  readonly what: string;
  readonly count: number;
}

/**
 * For every line that asks for a share of right answers: whether so many photographs can prove it, and how many must be right. Lines
 * that are judged in other ways are passed over.
 */
export function provability({ requirements, alpha }: Spec, counts: JudgedCounts): Provability[] {
  return requirements.flatMap((line) => {
    if (line.target === null || !isFloor(line.target.comparison) || !shares.has(line.kind)) return [];
    const level = line.judgedOn === "calibrate" ? alpha : openingAlpha(alpha, counts.opening ?? 1);
    const metric = bootstrapped[line.kind];
    if (metric && line.target.value < 1) return assessBootstrapped(line, line.target.value, metric, counts, level);
    return assess(line, line.target.value, samplesOf(line, counts), level);
  });
}

const shares: ReadonlySet<RequirementKind> = new Set([
  "accuracy",
  "balanced-accuracy",
  "macro-f1",
  "worst-class-recall",
  "rare-class-recall",
  "class-recall",
]);

const bootstrapped: Partial<Readonly<Record<RequirementKind, TallyStatistic>>> = {
  "balanced-accuracy": "balancedAccuracy",
  "macro-f1": "macroF1",
};

/** By the bootstrap's own bound were all right: it allows for what the few photographs of a class leave open. */
function assessBootstrapped(
  { id, text, judgedOn }: Requirement,
  target: number,
  metric: TallyStatistic,
  { classes }: JudgedCounts,
  alpha: number,
): Provability[] {
  if (!classes) return [];
  const split = judgedOn === "calibrate" ? "calibrate" : "test";
  const name = `${id} “${text}”`;
  const counts = Object.values(classes).map((own) => own[split]);
  const empty = Object.keys(classes).filter((_, i) => counts[i] === 0);
  if (empty.length > 0)
    return [
      {
        id,
        possible: false,
        text: `${name} cannot be proved: ${split} has no photograph of ${empty.map(quoteName).join(", ")}.`,
      },
    ];
  const groups = counts.flatMap((count, truth) => Array.from({ length: count }, () => [{ truth, predicted: truth }]));
  const { lower } = bootstrapInterval({
    classes: counts.length,
    groups,
    statistic: tallyStatistics[metric],
    alpha,
    random: random(0, "bootstrap", metric),
  });
  if (lower >= target) return [];
  const [fewest] = Object.keys(classes).toSorted((a, b) => classes[a]![split] - classes[b]![split]) as [string];
  return [
    {
      id,
      possible: false,
      text: `${name} cannot be proved with the photographs of ${split}: all of them right would show ${formatPercent(lower)}; its smallest class, ${quoteName(fewest)}, has ${formatCount(classes[fewest]![split])}; more of the smallest classes would do.`,
    },
  ];
}

function assess(line: Requirement, target: number, samples: readonly Sample[], alpha: number): Provability[] {
  const { id, text } = line;
  const name = `${id} “${text}”`;
  if (target >= 1)
    return [
      {
        id,
        possible: false,
        text: `${name} can never be proved: photographs can refute 100 %, but no number of them shows it; ask for less, such as 99 %.`,
      },
    ];
  const small = samples.filter(({ count }) => provable(count, target, alpha) === null);
  const fewest = Math.ceil(Math.log(alpha) / Math.log(target));
  if (small.length > 0) {
    const [worst] = small.toSorted((a, b) => a.count - b.count) as [Sample];
    const more = small.length > 1 ? `, nor with those of ${formatCount(small.length - 1)} other classes` : "";
    const best = formatPercent(worst.count === 0 ? 0 : clopperPearsonLower(worst.count, worst.count, alpha));
    return [
      {
        id,
        possible: false,
        text: `${name} cannot be proved with ${formatCount(worst.count)} ${worst.what}${more}: all of them right would show ${best}; it takes at least ${formatCount(fewest)}.`,
      },
    ];
  }
  if (line.kind !== "accuracy" || samples.length === 0) return [];
  const [{ count, what }] = samples as [Sample];
  const right = provable(count, target, alpha)!;
  return [
    {
      id,
      possible: true,
      text: `${name} is proved when ${formatCount(right)} of ${formatCount(count)} ${what} are right, ${formatPercent(right / count)}.`,
    },
  ];
}

/** The photographs that each must suffice; none where their number does not decide or is not known. */
function samplesOf({ kind, judgedOn, className }: Requirement, counts: JudgedCounts): readonly Sample[] {
  const split = judgedOn === "calibrate" ? "calibrate" : "test";
  if (kind === "accuracy") return [{ what: `photographs of ${split}`, count: counts[split] }];
  if (!counts.classes) return [];
  const classes = Object.entries(counts.classes);
  const ofClass = ([label, own]: (typeof classes)[number]): Sample => ({
    what: `photographs of ${quoteName(label)} in ${split}`,
    count: own[split],
  });
  if (kind === "worst-class-recall") return classes.map(ofClass);
  const wanted = (className ?? "").normalize("NFC").toLowerCase();
  if (kind === "class-recall") return classes.filter(([label]) => label.toLowerCase() === wanted).map(ofClass);
  if (kind !== "rare-class-recall") return [];
  const mean = classes.reduce((sum, [, { train }]) => sum + train, 0) / classes.length;
  const rare = classes.filter(([, { train }]) => train < mean / 2);
  if (rare.length === 0) return [];
  return [
    { what: `photographs of rare classes in ${split}`, count: rare.reduce((sum, [, own]) => sum + own[split], 0) },
  ];
}
