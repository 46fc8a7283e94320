/** Files that a command may write over: its own of before, and no other. */
import { readFile, stat } from "node:fs/promises";
import { Fault } from "../core/index.js";
import { asDiskFault, errorCode } from "../store/index.js";

/** Throws `output-exists` where there is a file that does not begin or read like one of the command's own. */
export async function checkReplaceable(path: string, what: string, isOwn: RegExp): Promise<void> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw asDiskFault(path, error);
  });
  if (text === null || isOwn.test(text)) return;
  throw new Fault("output-exists", {
    what: `${path} exists and is no ${what}`,
    remedy: "give another name with --out",
  });
}

/** Throws `output-exists` where there is anything. */
export async function checkFree(path: string): Promise<void> {
  const taken = await stat(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === "ENOENT") return false;
      throw asDiskFault(path, error);
    },
  );
  if (taken)
    throw new Fault("output-exists", {
      what: `there is a file ${path} already`,
      remedy: "give another name with --out",
    });
}
