// assay as a library: learns from a folder of photographs, says what it can prove, then names one of them.
// Usage: node examples/library.mjs <folder of photographs> <new folder for the run> <photograph>
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, loadBundle, train } from "assay";

const [images, out, photograph] = process.argv.slice(2);
try {
  const { folder, evidence } = await train({
    images,
    out,
    budgetSeconds: 60,
    listen: ({ kind, text }) => kind === "decision" && console.log(text),
  });
  for (const { text, verdict } of evidence.requirements) console.log(`${verdict}: ${text}`);

  const bundle = await loadBundle(join(folder, "bundle"));
  const { label, confidence } = await bundle.classify(await readFile(photograph));
  console.log(`${photograph} is ${label}, with a probability of ${confidence.toFixed(3)}`);
  await bundle.close();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exit;
}
