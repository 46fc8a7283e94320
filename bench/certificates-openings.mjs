// Several openings of one test set: bundles fixed beforehand, and adversaries who learn from what they were shown.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../dist/core/index.js";
import { openingAlpha } from "../dist/statistics/index.js";
import { openLedger } from "../dist/store/index.js";
import { judge } from "../dist/verify/judge.js";
import { lineOf, measurementsOf, outcomeOf } from "./certificates-conditions.mjs";

const alpha = 0.05;
const target = 0.95;
const line = { ...lineOf("At least 50% accuracy"), target: { comparison: ">=", value: target } };
const percent = (share) => `${(100 * share).toFixed(2)} %`;

const outcomesOf = (right) => right.map((good, i) => outcomeOf(i, 0, good ? 0 : 1));

function verdictAt(right, opening) {
  const measured = measurementsOf({ labels: ["a", "b"], test: outcomesOf(right) });
  return judge(line, measured, { spec: alpha, test: openingAlpha(alpha, opening), opening, spentAt: null });
}

/** Five bundles that were fixed before any result was shown, on the same photographs, which are as hard for all of them. */
export function repeatOpenings(sets) {
  console.log(`\n## Five bundles fixed beforehand, one test set, target ${target}: any false met\n`);
  console.log("| n | truth of all five | sets | false met at the first | false met at any | nominal |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const n of [100, 500, 2000])
    for (const truth of [target - 0.01, target - 1e-6]) {
      let first = 0;
      let any = 0;
      for (let set = 0; set < sets; set++) {
        const r = random(set, "openings", n, truth);
        // Half of the failures are on photographs that are hard for every bundle.
        const hard = Array.from({ length: n }, () => r.next() < (1 - truth) / 2);
        const easyRate = 1 - (1 - truth) / 2 / (1 - (1 - truth) / 2);
        const met = [1, 2, 3, 4, 5].map(
          (opening) =>
            verdictAt(
              hard.map((one) => !one && r.next() < easyRate),
              opening,
            ).verdict === "met",
        );
        if (met[0]) first++;
        if (met.includes(true)) any++;
      }
      console.log(
        `| ${n} | ${truth.toFixed(3)} | ${sets} | ${percent(first / sets)} | ${percent(any / sets)} | ${percent(alpha)} |`,
      );
    }
}

/** What an adversary offers next, from what he was shown: the answers' correctness at earlier openings. */
const adversaries = {
  // Changes a few answers blindly and keeps what came out better.
  "hill climber": (r, best, truth) => best.map((good) => (r.next() < 0.1 ? r.next() < truth : good)),
  // Was told which answers were wrong, and has learned them by heart.
  memorizer: (_r, best) => best.map(() => true),
};

/** Openings are counted by the real ledger. Every verdict from the second opening on must carry the mark. */
export async function attack(sets) {
  const openings = 6;
  console.log(
    `\n## Adversaries who tune on earlier openings, ${openings} of them, n 500, true accuracy 0.94, target ${target}\n`,
  );
  console.log(
    "| adversary | sets | false met at the first opening | false met later | verdicts from the second opening on | of them marked `reused test` |",
  );
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [name, next] of Object.entries(adversaries)) {
    let first = 0;
    let later = 0;
    let reused = 0;
    let marked = 0;
    for (let set = 0; set < sets; set++) {
      const r = random(set, "adversary", name);
      const folder = await mkdtemp(join(tmpdir(), "assay-ledger-"));
      const ledger = openLedger(folder, () => new Date());
      const images = Array.from({ length: 500 }, (_, i) => ({ pixelHash: `${i}`.padStart(16, "0"), label: "a" }));
      let best = images.map(() => r.next() < 0.94);
      let fooled = false;
      for (let k = 1; k <= openings; k++) {
        const offered = k === 1 ? best : next(r, best, 0.94);
        const { opening } = await ledger.open(`bundle ${k}`, images);
        const { verdict, evidence } = verdictAt(offered, opening);
        if (k === 1) first += verdict === "met" ? 1 : 0;
        else {
          reused++;
          if (evidence.includes("reused test")) marked++;
          fooled ||= verdict === "met";
        }
        if (offered.filter(Boolean).length >= best.filter(Boolean).length) best = offered;
      }
      if (fooled) later++;
      await rm(folder, { recursive: true });
    }
    console.log(
      `| ${name} | ${sets} | ${percent(first / sets)} | ${percent(later / sets)} | ${reused} | ${marked} ${marked === reused ? "(all)" : "(NOT ALL)"} |`,
    );
  }
}
