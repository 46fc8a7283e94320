/** `assay plan`: what a run would do, and why. */
import { planImages, renderPlan } from "../pipeline/index.js";
import { writeFileAtomic } from "../store/index.js";
import type { PlanArguments } from "./main.js";
import { asRequest, surroundings } from "./run.js";
import { openTerminal } from "./terminal.js";

export async function planCommand(images: string, options: PlanArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const plan = await planImages(asRequest(images, options), await surroundings(options, terminal));
  const text = terminal.json ? JSON.stringify(plan) : renderPlan(plan);
  if (options.out === undefined) terminal.answer(text);
  else await writeFileAtomic(options.out, text);
  return 0;
}
