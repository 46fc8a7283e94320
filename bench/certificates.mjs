// How often the verdicts lie: the rules of src/verify on simulated test sets whose truth is known. Build first.
//   node bench/certificates.mjs [--runs 20000] [--sets 1000] [--only family]
//     runs: simulated runs for each family of approximate bounds, shared among its conditions, at least 1,000 each
//     sets: simulated test sets for each condition with several openings, and for each adversary
// Exact bounds are enumerated: every possible number of right answers is judged, and weighed by its probability.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { random } from "../dist/core/index.js";
import { binomialLogPmf, openingAlpha } from "../dist/statistics/index.js";
import { judge } from "../dist/verify/judge.js";
import { attack, repeatOpenings } from "./certificates-openings.mjs";
import { conditions, lineOf, measurementsOf, outcomeOf } from "./certificates-conditions.mjs";

const alpha = 0.05;
const levelsAt = (opening) => ({ spec: alpha, test: openingAlpha(alpha, opening), opening, spentAt: null });
const percent = (share, digits = 2) => `${(100 * share).toFixed(digits)} %`;

if (isMainThread) await main();
else
  parentPort.on("message", ({ index, from, to }) =>
    parentPort.postMessage({ index, ...simulate(conditions[index], from, to) }, []),
  );

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "20000" },
      sets: { type: "string", default: "1000" },
      only: { type: "string", default: "" },
    },
  });
  const start = performance.now();
  if (values.only === "") {
    enumerateAccuracy();
    repeatOpenings(Number(values.sets));
    await attack(Number(values.sets));
  }
  await simulateAll(Number(values.runs), values.only);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s on ${availableParallelism()} cores`);
}

/** Accuracy of single photographs, by exact enumeration. */
function enumerateAccuracy() {
  console.log("## Accuracy, Clopper–Pearson, by enumeration of every number of right answers\n");
  console.log(
    "| target | n | opening | level | false met, truth just under | 1 point under | met, truth = target | + 1 point | + 2 points | + 3 points | false not met, truth = target |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  let worst = 0;
  for (const target of [0.8, 0.95])
    for (const n of [100, 200, 500, 1000, 2000, 5000])
      for (const opening of [1, 2, 5]) {
        const verdicts = verdictsOf(target, n, opening);
        const level = openingAlpha(alpha, opening);
        const share = (truth, wanted) => sharing(verdicts, n, truth, wanted);
        const falseMet = share(target - 1e-9, "met");
        const falseNotMet = share(target, "not met");
        worst = Math.max(worst, falseMet / level, falseNotMet / level);
        const power = [0, 0.01, 0.02, 0.03].map((more) => percent(share(target + more, "met"), 1));
        console.log(
          `| ${target} | ${n} | ${opening} | ${percent(level)} | ${percent(falseMet)} | ${percent(share(target - 0.01, "met"))} | ${power.join(" | ")} | ${percent(falseNotMet)} |`,
        );
      }
  console.log(
    `\nlargest rate of a false verdict: ${percent(worst, 1)} of its level (must not exceed 100 %): ${worst <= 1 ? "holds" : "VIOLATED"}`,
  );
}

/** The verdict for each number right, from so few right that nothing matters any more. */
function verdictsOf(target, n, opening) {
  const line = { ...lineOf("At least 50% accuracy"), target: { comparison: ">=", value: target } };
  const from = Math.max(0, Math.floor(n * target - 12 * Math.sqrt(n * 0.25) - 5));
  const test = Array.from({ length: n }, (_, i) => outcomeOf(i, 0, i < from ? 0 : 1));
  const verdicts = new Map();
  for (let right = from; right <= n; right++) {
    if (right > from) test[right - 1] = outcomeOf(right - 1, 0, 0);
    verdicts.set(right, judge(line, measurementsOf({ labels: ["a", "b"], test }), levelsAt(opening)).verdict);
  }
  return verdicts;
}

/** The probability of a verdict; what lies below the judged numbers counts as "not met", for which it is negligible. */
function sharing(verdicts, n, truth, wanted) {
  let sum = 0;
  for (const [right, verdict] of verdicts)
    if (verdict === wanted) sum += Math.exp(binomialLogPmf(right, n, Math.min(1, truth)));
  return sum;
}

/** Approximate bounds by simulation, on all cores. */
async function simulateAll(runs, only) {
  const families = [...new Set(conditions.map(({ family }) => family))].filter((family) => family.includes(only));
  const tasks = [];
  for (const family of families) {
    const indices = [...conditions.keys()].filter((i) => conditions[i].family === family);
    const each = Math.max(1000, Math.ceil(runs / indices.length));
    for (const index of indices)
      for (let from = 0; from < each; from += 250) tasks.push({ index, from, to: Math.min(each, from + 250) });
  }
  const results = await shareOut(tasks);
  for (const family of families) printFamily(family, results);
}

/** Gives tasks to one thread for each core; sums of their counts by condition. */
async function shareOut(tasks) {
  const results = new Map();
  const waiting = [...tasks];
  const work = async () => {
    const worker = new Worker(new URL(import.meta.url));
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      const counts = await new Promise((settle, reject) => {
        worker.once("message", settle);
        worker.once("error", reject);
        worker.postMessage(task, []);
      });
      worker.removeAllListeners("error");
      const sums = results.get(counts.index) ?? {};
      for (const [name, value] of Object.entries(counts)) if (name !== "index") sums[name] = (sums[name] ?? 0) + value;
      results.set(counts.index, sums);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/** How much easier the target is made to show power: points of a share, or parts of a time. */
const easier = [0.02, 0.05, 0.1];

/** Runs of one condition: the verdict with the target just out of reach, and whether the bounds hold the truth. */
function simulate({ family, name, line, truth, draw, relative }, from, to) {
  const counts = { runs: 0, falseMet: 0, low: 0, high: 0, open: 0, power0: 0, power1: 0, power2: 0 };
  const floor = !line.target || line.target.comparison.startsWith(">");
  // A kind that takes no number is judged against its own, which is the truth here.
  const target = { comparison: floor ? ">=" : "<=", value: truth * (floor ? 1 + 1e-9 : 1 - 1e-9) };
  const beyond = line.target ? { ...line, target } : line;
  for (let run = from; run < to; run++) {
    const measured = draw(random(run, family, name));
    const { verdict, lower, upper } = judge(beyond, measured, levelsAt(1));
    counts.runs++;
    if (verdict === "met") counts.falseMet++;
    if (lower !== null && lower > truth) counts.low++;
    if (upper !== null && upper < truth) counts.high++;
    if ((floor ? lower : upper) === null) counts.open++;
    for (const [i, ease] of easier.entries()) {
      const step = relative ? truth * ease : ease;
      if (floor ? lower !== null && lower >= truth - step : upper !== null && upper <= truth + step)
        counts[`power${i}`]++;
    }
  }
  return counts;
}

function printFamily(family, results) {
  const own = [...conditions.entries()].filter(([, condition]) => condition.family === family);
  const onTest = own[0][1].line.judgedOn === "test";
  const level = onTest ? openingAlpha(alpha, 1) : alpha;
  const unit = own[0][1].relative ? ["+ 2 %", "+ 5 %", "+ 10 %"] : ["2 points", "5 points", "10 points"];
  console.log(`\n## ${family}; nominal ${percent(level, 0)} on each side\n`);
  console.log(
    `| condition | truth | runs | false met | lower bound above truth | upper bound below truth | ${unit.map((step) => `met, target ${step} easier`).join(" | ")} |`,
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  const total = { runs: 0, falseMet: 0, low: 0, high: 0 };
  for (const [index, { name, truth, relative }] of own) {
    const c = results.get(index);
    for (const key of Object.keys(total)) total[key] += c[key];
    const share = (count) => percent(count / c.runs, 1);
    const shown = relative ? `${(truth * 1000).toFixed(3)} ms` : truth.toFixed(4);
    console.log(
      `| ${name} | ${shown} | ${c.runs} | ${share(c.falseMet)} | ${share(c.low)} | ${share(c.high)} | ${[0, 1, 2].map((i) => share(c[`power${i}`])).join(" | ")} |`,
    );
  }
  const share = (count) => percent(count / total.runs, 2);
  console.log(
    `| all | | ${total.runs} | ${share(total.falseMet)} | ${share(total.low)} | ${share(total.high)} | | | |`,
  );
}
