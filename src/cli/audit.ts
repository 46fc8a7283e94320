/** `assay audit`: what is wrong or noteworthy in a folder of photographs; nothing is learned. */
import { join } from "node:path";
import { auditImages } from "../pipeline/index.js";
import { renderAudit } from "../report/index.js";
import { writeJson } from "../store/index.js";
import type { AuditArguments } from "./main.js";
import { surroundings } from "./run.js";
import { checkReplaceable } from "./replaceable.js";
import { openTerminal } from "./terminal.js";

export async function auditCommand(images: string, options: AuditArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const around = { ...(await surroundings(options, terminal)), listen: () => {} };
  const path = join(options.out ?? ".", "audit.json");
  const writes = !options.json || options.out !== undefined;
  if (writes) await checkReplaceable(path, "audit", /"findings": \[/);
  const audit = await auditImages(images, options, around);
  if (writes) await writeJson(path, audit);
  terminal.answer(options.json ? JSON.stringify(audit) : renderAudit(audit, terminal.width));
  terminal.say("split as most specs ask; a run takes the share of test that its own lines need: see assay plan");
  if (writes) terminal.say(`all files of each finding: ${path}`);
  return 0;
}
