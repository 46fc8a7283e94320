/** `assay deploy`: the files that build a container with the service, for a bundle that would serve here. */
import { join } from "node:path";
import { openBundle } from "../bundle/index.js";
import { writeDeployment } from "../serve/index.js";
import { noteDifferences } from "./predict.js";
import type { DeployArguments } from "./service-options.js";
import { openTerminal } from "./terminal.js";

export async function deployCommand(folder: string, { out, json }: DeployArguments): Promise<number> {
  const terminal = openTerminal(json);
  const bundle = await openBundle(folder, 1);
  try {
    noteDifferences(bundle);
    const files = await writeDeployment({ folder, manifest: bundle.manifest, out });
    if (json) terminal.answer(JSON.stringify({ folder: out, files }));
    terminal.say(`wrote    ${files.map((name) => join(out, name)).join(", ")}`);
    terminal.say(`start    docker compose --project-directory ${JSON.stringify(out)} up --build`);
    return 0;
  } finally {
    await bundle.close();
  }
}
