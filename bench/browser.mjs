// How far a browser's answers are from those of `assay predict`: same labels, and the difference of probabilities.
// Usage: node bench/browser.mjs <bundle> <folder of photographs> [count]; CHROMIUM_PATH names a Chromium.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../examples/browser/serve.mjs";
import { describe } from "./report.mjs";

const [bundle, folder, count = "200"] = process.argv.slice(2);
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { stdout, stderr, status } = spawnSync(
  process.execPath,
  [program, "predict", bundle, folder, "--format", "json"],
  { encoding: "utf8", maxBuffer: 2 ** 30 },
);
if (status !== 0) throw new Error(stderr);
const rows = stdout
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .filter(({ label }) => label !== undefined);
const step = Math.max(1, Math.floor(rows.length / Number(count)));
const chosen = rows.filter((_, i) => i % step === 0).slice(0, Number(count));

const server = await serve(bundle);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForSelector('#status[data-state="ready"]', { timeout: 120_000 });

const milliseconds = [];
const differences = [];
let sameLabel = 0;
for (const { path, label, probabilities } of chosen) {
  const bytes = readFileSync(path).toString("base64");
  const answer = await page.evaluate(async (text) => {
    const { openBundle, prepare, classify } = await import("./classify.js");
    globalThis.opened ??= await openBundle("bundle");
    const file = await (await fetch(`data:;base64,${text}`)).blob();
    const start = performance.now();
    const found = await classify(globalThis.opened, await prepare(globalThis.opened, file));
    return { ...found, labels: globalThis.opened.labels, ms: performance.now() - start };
  }, bytes);
  milliseconds.push(answer.ms);
  sameLabel += Number(answer.label === label);
  differences.push(
    Math.max(...answer.labels.map((name, i) => Math.abs(probabilities[name] - answer.probabilities[i]))),
  );
}
const version = browser.version();
await browser.close();
server.close();
describe(
  `Chromium ${version} against assay predict: ${sameLabel} of ${chosen.length} photographs have the same label`,
  {
    "largest difference of a probability": differences,
    "a photograph in the browser, ms": milliseconds,
  },
);
for (const share of [0.9, 0.99]) {
  const value = differences.toSorted((a, b) => a - b)[Math.floor(share * (differences.length - 1))];
  console.log(`  ${share * 100} % of photographs are within   ${value.toFixed(4)}`);
}
