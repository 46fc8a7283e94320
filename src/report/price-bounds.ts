/** What would change lines whose measurement is a number with bounds: how far it is, and what narrows the bounds. */
import { capitalize, formatCount, formatPercent } from "../core/index.js";
import { formatValue, type RequirementKind } from "../spec/index.js";
import { imagesToNarrow, openingAlpha, usualPower } from "../statistics/index.js";
import { type Evidence, type RequirementEvidence, timedKinds } from "../verify/index.js";
import type { Candidate, ReportExtras } from "./data.js";
import type { Measured, Option } from "./price-option.js";
import { isMoreBetter } from "./tally.js";

const lessIsBetter: ReadonlySet<RequirementKind> = new Set([
  "latency",
  "http-latency",
  "model-size",
  "peak-memory",
  "device-memory",
  "training-time",
  "overfitting-gap",
  "calibration-error",
]);

/** Whether an open line was measured and gives no number, though lines of its kind can. */
export function lacksNumber({ measured, target, unit, verdict }: RequirementEvidence): boolean {
  return measured !== null && target === null && unit !== "none" && verdict === "unproven";
}

/** Of a line whose kind takes no number: what its evidence says would decide it. */
export function nameDecider({ decides, measured, lower, upper, unit }: RequirementEvidence): Option[] {
  if (decides === undefined || measured === null || lower === null || upper === null) return [];
  const [at, from, to] = [measured, lower, upper].map((value) => formatValue(value, unit));
  return [
    {
      surety: "likely",
      what: capitalize(decides),
      why: `It was measured as ${at}, with bounds from ${from} to ${to}; its evidence says what they must reach.`,
    },
  ];
}

/** Measured without a target: what a number in the spec would have to be. */
export function stateTarget(line: RequirementEvidence): Option {
  const less = lessIsBetter.has(line.kind);
  const bound = less ? line.upper : line.lower;
  const shown =
    bound === null
      ? ""
      : `; by its bound, ${less ? "at most" : "at least"} ${formatValue(bound, line.unit)} would be met`;
  return {
    surety: "certain",
    what: "Give the line a number",
    why: `It was measured as ${formatValue(line.measured!, line.unit)}, and a line without a target cannot be met${shown}.`,
  };
}

/** Of a target of 100 %: the lower bound of n right of n lies below it, whatever n. */
export function askForLess({ lower, unit }: RequirementEvidence): Option {
  const met = lower === null ? "" : ` By its bound, at least ${formatValue(lower, unit)} would be met.`;
  return {
    surety: "certain",
    what: "A smaller number in the line",
    why: `No number of photographs proves 100 %, whatever the model: those not seen may hold a mistake.${met}`,
  };
}

/** The level at which photographs that were never opened are judged: that of a first opening. */
export function freshLevel(line: RequirementEvidence, { run }: Evidence): number {
  if (line.split !== "test") return line.alpha;
  return (line.alpha * openingAlpha(0.5, 1)) / openingAlpha(0.5, run.testOpening);
}

/** So many photographs that the bound reaches the target, where the measurement clears it. */
export function narrowBounds(line: Measured, evidence: Evidence): Option[] {
  const bound = isMoreBetter(line) ? line.lower : line.upper;
  if (line.n === null || bound === null) return [];
  const margin = isMoreBetter(line) ? line.measured - line.target.value : line.target.value - line.measured;
  const reach = Math.abs(line.measured - bound);
  if (margin <= 0 || reach <= margin) return [];
  if (timedKinds.has(line.kind)) return [quieterMachine(bound, reach / margin, line)];
  const freshAlpha = freshLevel(line, evidence);
  const isPerfect = line.unit === "fraction" && line.measured === 1;
  const needed = imagesToNarrow({ n: line.n, reach, margin, alpha: line.alpha, freshAlpha, isPerfect })!;
  return [
    {
      surety: "likely",
      what: `About ${formatCount(needed)} fresh photographs`,
      why: `Approximate: the bound ${formatValue(bound, line.unit)} from ${formatCount(line.n)} lies ${(reach / margin).toFixed(1)} times as far from what was measured as the target does, and bounds narrow with their number. That many prove it with ${formatPercent(usualPower, 0)} power if the true value is what was measured.`,
    },
  ];
}

/** How many runs are timed follows from their seconds, and no option sets it: what can be changed is what else the machine does. */
function quieterMachine(bound: number, times: number, { unit, n }: Measured): Option {
  return {
    surety: "effect not measured",
    what: "The same measurement on a machine with nothing else to do",
    why: `The bound ${formatValue(bound, unit)} from ${formatCount(n!)} timings lies ${times.toFixed(1)} times as far from what was measured as the target does. assay verify measures again; how many runs it times, it fixes itself.`,
  };
}

/** Counts are exact: so many more. */
export function countMissing(line: Measured): readonly Option[] {
  const missing = Math.ceil(line.target.value - line.measured);
  if (missing <= 0) return [];
  const what = line.kind === "image-count" ? "labelled photographs" : "classes";
  return [
    {
      surety: "certain",
      what: `${formatCount(missing)} more ${what}`,
      why: `The scan found ${formatCount(line.measured)}; that is exact.`,
    },
  ];
}

/** Costs: by which factor, and which recipe that was tried costs less. */
export function priceCost(line: Measured, evidence: Evidence, extras: ReportExtras): readonly Option[] {
  const factor = (line.upper ?? line.measured) / line.target.value;
  if (factor <= 1) return narrowBounds(line, evidence);
  const tried = (extras.candidates ?? []).filter(
    ({ accuracy, multiplyAdds }) => accuracy !== null && multiplyAdds !== null,
  );
  const used = tried.findLast(({ outcome }) => outcome === "kept" || outcome === "start");
  const cheaper =
    line.kind === "latency" && used
      ? tried.filter(({ multiplyAdds }) => multiplyAdds! * factor <= used.multiplyAdds!)
      : [];
  return [
    ...cheaper.map(
      ({ name, accuracy, multiplyAdds, on }): Option => ({
        surety: "measured effect",
        what: `The recipe ${name}`,
        why: `${(used!.multiplyAdds! / multiplyAdds!).toFixed(1)} times fewer multiply-adds, at ${compareAccuracy({ accuracy: accuracy!, on }, { accuracy: used!.accuracy!, on: used!.on })}.`,
      }),
    ),
    ...deriveGap(line, evidence, extras),
  ];
}

type Accuracy = Pick<Candidate, "on"> & { readonly accuracy: number };

function compareAccuracy(own: Accuracy, used: Accuracy): string {
  const [first, second] = [own, used].map(({ accuracy }) => formatPercent(accuracy));
  if (own.on === used.on) return `${first} on ${own.on} instead of ${second}`;
  return `${first} on ${own.on}; the one in use has ${second} on ${used.on}, which is not comparable`;
}

/** Where nothing better is known: how far it is. */
export function deriveGap(line: Measured, evidence: Evidence, _extras: ReportExtras): readonly Option[] {
  const narrowed = line.kind === "overfitting-gap" ? [] : narrowBounds(line, evidence); // only a part of its photographs can grow
  if (narrowed.length > 0) return narrowed;
  const more = isMoreBetter(line);
  const bound = (more ? line.lower : line.upper) ?? line.measured;
  const reached = `The bound that decides is ${formatValue(bound, line.unit)}, the target ${formatValue(line.target.value, line.unit)}.`;
  if (line.decides !== undefined) return [{ surety: "likely", what: capitalize(line.decides), why: reached }];
  const short = formatValue(Math.abs(line.target.value - bound), line.unit);
  const ratio = !more && line.target.value > 0 ? (bound / line.target.value).toFixed(1) : null;
  return [
    {
      surety: "effect not measured",
      what: ratio === null ? `${short} ${more ? "more" : "less"}` : `${ratio} times less: ${short} have to go`,
      why: `${reached} No measurement of this run says what would bring it there.`,
    },
  ];
}
