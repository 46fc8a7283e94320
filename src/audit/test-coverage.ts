/** Whether a test split says something of every class, and enough of all: said in plan, terminal and report. */
import { countOf, formatCount, formatPercent, listNames } from "../core/index.js";
import { clopperPearsonLower } from "../statistics/index.js";

/** A class and its different photographs in test. */
export interface TestedClass {
  readonly label: string;
  readonly tested: number;
}

/** With fewer test photographs than this for each class on average, or in all, a result is shown to be little more than a hint. */
const fewestPerClass = 10;
const fewestInAll = 100;

/** Sentences about classes that test lacks, and about a small test split; none where there is nothing to warn of. */
export function warnOfTest(classes: readonly TestedClass[], alpha: number): string[] {
  const missing = classes.filter(({ tested }) => tested === 0).map(({ label }) => label);
  const counts = classes.map(({ tested }) => tested);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return [];
  return [
    ...(missing.length === 0 ? [] : [describeMissing(missing)]),
    ...(all < Math.max(fewestInAll, fewestPerClass * classes.length) ? [describeSmall(counts, all, alpha)] : []),
  ];
}

function describeMissing(missing: readonly string[]): string {
  const [have, them] = missing.length === 1 ? ["has", "it"] : ["have", "them"];
  return `${countOf(missing.length, "class", "classes")} ${have} no photograph in test (${listNames(missing)}): no test result says anything of ${them}, and lines about every class stay unproven. More photographs of ${them} would help.`;
}

function describeSmall(counts: readonly number[], all: number, alpha: number): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const each =
    least === most ? `${formatCount(least)} of each class` : `${formatCount(least)} to ${formatCount(most)} of a class`;
  const best = formatPercent(clopperPearsonLower(all, all, alpha));
  return `The test split is small: ${countOf(all, "photograph")}, ${each}. All of them right would show an accuracy of ${best} and no more.`;
}
