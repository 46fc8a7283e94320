/** `assay plan`: what a run would do, and why. */
import { planImages, renderPlan, withoutMarkdown } from "../pipeline/index.js";
import { writeFileAtomic } from "../store/index.js";
import type { PlanArguments } from "./main.js";
import { asRequest, surroundings } from "./run.js";
import { checkReplaceable } from "./replaceable.js";
import { openTerminal } from "./terminal.js";

export async function planCommand(images: string, options: PlanArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  if (options.out !== undefined) await checkReplaceable(options.out, "plan", /^# Plan\n|^\{[^]*"steps":/);
  const plan = await planImages(asRequest(images, options), await surroundings(options, terminal));
  const text = terminal.json ? JSON.stringify(plan) : renderPlan(plan);
  const isShown = process.stdout.isTTY && !terminal.json; // elsewhere it may become a file
  if (options.out === undefined) terminal.answer(isShown ? withoutMarkdown(text) : text);
  else await writeFileAtomic(options.out, text);
  return 0;
}
