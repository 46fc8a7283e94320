/** `assay audit`: what is wrong or noteworthy in a folder of photographs; nothing is learned. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../core/index.js";
import { auditImages } from "../pipeline/index.js";
import { renderAudit } from "../report/index.js";
import { writeJson } from "../store/index.js";
import type { AuditArguments } from "./main.js";
import { surroundings } from "./run.js";
import { openTerminal } from "./terminal.js";

export async function auditCommand(images: string, options: AuditArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const around = { ...(await surroundings(options, terminal)), listen: () => {} };
  const path = join(options.out ?? ".", "audit.json");
  const writes = !options.json || options.out !== undefined;
  if (writes) await checkReplaceable(path);
  const audit = await auditImages(images, options, around);
  if (writes) await writeJson(path, audit);
  terminal.answer(options.json ? JSON.stringify(audit) : renderAudit(audit, terminal.width));
  if (writes) terminal.say(`all files of each finding: ${path}`);
  return 0;
}

/** An earlier audit may be replaced; another file of that name may not. */
async function checkReplaceable(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null || /"findings": \[/.test(text)) return;
  throw new Fault("output-exists", {
    what: `${path} exists and is no audit`,
    remedy: "give another folder with --out",
  });
}
