// Ways to train and to decide, on photographs: out-of-fold log loss, accuracy, balanced accuracy, worst recall, seconds.
import { availableParallelism } from "node:os";
import { decide, fitDecisionBias, fitTemperature } from "../dist/calibrate/index.js";
import { random } from "../dist/core/index.js";
import { argmaxRows, comparePaired, logitLosses, measurePredictions, softmaxRows } from "../dist/metrics/index.js";
import { fitHead } from "../dist/train/index.js";
import { loadFeatures } from "./photographs.mjs";
import { describe } from "./report.mjs";

/** As in the main job: what is no class of clothing is left out. */
const exclude = ["Not sure", "Other", "Skip"];

export async function comparePhotographs(folder, rounds) {
  const { features, labels, classes } = await loadFeatures(folder, exclude);
  const k = classes.length;
  const groups = Array.from(labels, (_, image) => String(image));
  const base = { views: [features], labels, classes: k, groups, seed: 1, threads: availableParallelism() };
  const counts = classes.map((_, c) => labels.filter((label) => label === c).length);
  console.log(`${features.rows} photographs of ${k} classes, ${Math.min(...counts)} to ${Math.max(...counts)} in each`);
  const weightings = { "1/√n": 0.5, "1/n": 1 };
  const fits = { "L-BFGS": [], AdamW: [] };
  for (const name of Object.keys(weightings)) fits[`L-BFGS, classes weighted by ${name}`] = [];
  for (let round = 0; round < rounds; round++) {
    fits["L-BFGS"].push(await fitHead(base));
    fits.AdamW.push(await fitHead({ ...base, solver: "adamw" }));
    for (const [name, power] of Object.entries(weightings)) {
      const weights = Float32Array.from(labels, (label) => 1 / counts[label] ** power);
      fits[`L-BFGS, classes weighted by ${name}`].push(await fitHead({ ...base, weights }));
    }
  }
  describe(
    "head on photographs; seconds",
    mapValues(fits, (all) => all.map(({ seconds }) => seconds)),
  );
  const [plain] = fits["L-BFGS"];
  const rows = mapValues(fits, ([fit]) => rate(fit.outOfFold, labels, k, argmaxRows(fit.outOfFold, k), fit));
  const temperature = fitTemperature(plain.outOfFold, labels, k).temperature;
  const probabilities = softmaxRows(plain.outOfFold, k, temperature);
  const priors = counts.map((count) => count / labels.length);
  const ask = { probabilities, labels, classes: k, priors };
  const adjusted = fitDecisionBias(ask);
  const show = (name, decisions) => (rows[name] = rate(plain.outOfFold, labels, k, decisions, plain));
  show(`logit adjustment, τ = ${adjusted.tau}`, decide(probabilities, adjusted.bias));
  show("logit adjustment, τ chosen on other photographs", crossFit(ask));
  console.table(rows);
  console.table(adjusted.candidates);
  const { tau, gain, standardError } = adjusted.best;
  console.log(`  τ = ${tau} gains ${gain.toFixed(4)} ± ${standardError.toFixed(4)} (paired) in balanced accuracy`);
  console.log("AdamW over L-BFGS", comparePaired(plain.outOfFold, fits.AdamW[0].outOfFold, labels, k));
}

/** Each of ten parts decided by the bias that the others chose: no photograph has a say in its own. */
function crossFit({ probabilities, labels, classes, priors }) {
  const generator = random(1, "parts");
  const parts = Array.from(labels, () => generator.below(10));
  const decisions = new Int32Array(labels.length);
  for (let part = 0; part < 10; part++) {
    const others = [...parts.keys()].filter((image) => parts[image] !== part);
    const rows = others.flatMap((image) => [...probabilities.subarray(image * classes, (image + 1) * classes)]);
    const own = others.map((image) => labels[image]);
    const { bias } = fitDecisionBias({ probabilities: Float32Array.from(rows), labels: own, classes, priors });
    for (const [image, decision] of decide(probabilities, bias).entries())
      if (parts[image] === part) decisions[image] = decision;
  }
  return decisions;
}

function rate(logits, labels, classes, decisions, { head }) {
  const oneHot = new Float32Array(logits.length);
  for (const [image, label] of decisions.entries()) oneHot[image * classes + label] = 1;
  const { accuracy, balancedAccuracy, worstClass, macroF1 } = measurePredictions(labels, oneHot, classes);
  const losses = logitLosses(logits, labels, classes);
  const logLoss = losses.reduce((a, b) => a + b, 0) / losses.length;
  const found = { logLoss, accuracy, balancedAccuracy, macroF1, worstRecall: worstClass.recall };
  return { ...mapValues(found, (value) => Number(value.toFixed(4))), strength: head.strength, epochs: head.epochs };
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
