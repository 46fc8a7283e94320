// One photograph by `assay predict` from the command line: seconds of the whole process.
// Usage: node bench/predict.mjs <bundle> <photo> [rounds]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe } from "./report.mjs";

const [bundle, photo, rounds = "10"] = process.argv.slice(2);
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const predict = [];
const node = [];
const timed = (args) => {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - start) / 1000;
};
timed([program, "predict", bundle, photo]);
for (let round = 0; round < Number(rounds); round++) {
  predict.push(timed([program, "predict", bundle, photo]));
  node.push(timed(["-e", "0"]));
}
describe(`assay predict ${bundle} ${photo}, s`, { "predict, one photograph": predict, "node alone": node });
