/** `assay explain`: where in a photograph the evidence for its class lies, drawn over it. */
import { readFile, stat } from "node:fs/promises";
import { parse } from "node:path";
import { openBundle } from "../bundle/index.js";
import { Fault, formatPercent } from "../core/index.js";
import { type Explanation, explainPhotograph } from "../explain/index.js";
import { writeFileAtomic } from "../store/index.js";
import type { ExplainArguments } from "./main.js";
import { checkPath } from "./predict.js";
import { checkFree } from "./replaceable.js";
import { openTerminal } from "./terminal.js";

export async function explainCommand(folder: string, file: string, options: ExplainArguments): Promise<number> {
  const out = options.out ?? `${parse(file).name}.overlay.png`;
  await checkPath(file);
  if ((await stat(file)).isDirectory())
    throw new Fault("usage", { what: `${JSON.stringify(file)} is a folder`, remedy: "give one photograph" });
  if (!/\.png$/i.test(out))
    throw new Fault("usage", {
      what: `the overlay is a PNG, and ${JSON.stringify(out)} no name of one`,
      remedy: "end it with .png",
    });
  await checkFree(out);
  const bundle = await openBundle(folder, 1);
  try {
    const explanation = await explainPhotograph(bundle, await readFile(file), { class: options.class });
    await writeFileAtomic(out, explanation.png);
    answer(file, out, explanation, options.json);
    return 0;
  } finally {
    await bundle.close();
  }
}

function answer(path: string, overlay: string, explanation: Explanation, json: boolean): void {
  const terminal = openTerminal(json);
  const { confidence, logit, map } = explanation;
  const { height, width, elsewhere } = map;
  if (json) {
    const grid = { height, width, elsewhere, values: [...map.values] };
    terminal.answer(JSON.stringify({ path, class: explanation.class, confidence, logit, overlay, map: grid }));
  } else {
    terminal.answer(`${explanation.class}, with a probability of ${formatPercent(confidence)}`);
    terminal.say(`overlay  ${overlay}: bright where the evidence for it lies`);
  }
}
