/** `assay audit`: what is wrong or noteworthy in a folder of photographs; nothing is learned. */
import { join } from "node:path";
import { auditImages } from "../pipeline/index.js";
import { renderAudit } from "../report/index.js";
import { writeJson } from "../store/index.js";
import type { AuditArguments } from "./main.js";
import { surroundings } from "./run.js";
import { openTerminal } from "./terminal.js";

export async function auditCommand(images: string, options: AuditArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const around = { ...surroundings(options.threads, terminal), listen: () => {} };
  const audit = await auditImages(images, options, around);
  const path = join(options.out ?? ".", "audit.json");
  if (!options.json || options.out !== undefined) await writeJson(path, audit);
  terminal.answer(options.json ? JSON.stringify(audit) : renderAudit(audit, terminal.width));
  terminal.say(`all files of each finding: ${path}`);
  return 0;
}
