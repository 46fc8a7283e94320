/** `assay demo`: draws its data set, then does the main job on it, with a ledger of its own so that it ends the same every time. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "../core/index.js";
import { drawDemoSet } from "../demo/index.js";
import { run } from "../pipeline/index.js";
import { writeJson } from "../store/index.js";
import type { DemoArguments } from "./main.js";
import { showResult, surroundings } from "./run.js";
import { openTerminal } from "./terminal.js";

/** Seconds of learning: the whole demo is to take less than three minutes, on a slow machine too. */
const demoBudget = 60;

/** Says that a folder is a demo's, and what was planted in its pictures. */
const marker = "assay-demo.json";
/** All that a demo makes in its folder. */
const made = ["images", "cache", "state", "run", marker];

export async function demoCommand(options: DemoArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const folder = resolve(options.out);
  if (await clearEarlierDemo(folder)) terminal.say(`demo       begins anew: an earlier demo in ${folder} was removed`);
  await writeJson(join(folder, marker), {}); // from here on the folder is known as a demo's, whatever happens
  const around = {
    ...(await surroundings(options, terminal)),
    stateFolder: join(folder, "state"),
    cacheFolder: join(folder, "cache"),
  };
  const start = performance.now();
  const images = join(folder, "images");
  const drawn = await drawDemoSet(images, { seed: options.seed, ...around });
  await writeJson(join(folder, marker), drawn);
  const seconds = (performance.now() - start) / 1000;
  terminal.say(
    `draw       ${drawn.pictures} pictures of ${Object.keys(drawn.classes).length} kinds of product in ${seconds.toFixed(1)} s`,
  );
  const spec = fileURLToPath(new URL("../../examples/demo.md", import.meta.url));
  const request = {
    images,
    spec,
    out: join(folder, "run"),
    exclude: [],
    seed: options.seed,
    resume: false,
    replay: null,
    backbones: null,
    backboneOptions: {},
    budgetSeconds: demoBudget,
    solver: "lbfgs" as const,
    augment: null,
    fineTuning: true,
    noImages: false,
    reveal: false,
  };
  return showResult(await run(request, around), terminal);
}

/** An earlier demo may be replaced; any other folder may not. Whether there was one. */
async function clearEarlierDemo(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const entries = await readdir(folder);
  const others = entries.filter((name) => !made.includes(name));
  if (others.length > 0 || (entries.length > 0 && !entries.includes(marker)))
    throw new Fault("output-exists", {
      what: `${folder} exists and holds other things than an earlier demo`,
      remedy: "give another folder with --out",
    });
  for (const name of made) await rm(join(folder, name), { recursive: true, force: true });
  return entries.length > 0;
}
