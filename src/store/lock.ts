/** One process at a time in a folder: a file with the owner's process id, taken over when that process is gone. */
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../core/index.js";
import { errorCode, writing } from "./files.js";

/** Takes the lock of a folder and returns the function that gives it back. Throws `output-locked`. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, ".lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await tryLock(path)) return () => rm(path, { force: true });
    const owner = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
    if (isRunning(owner)) throw new Fault("output-locked", { what: `process ${owner} is working in ${folder}` });
    await rm(path, { force: true });
  }
  throw new Fault("output-locked", { what: `other processes are working in ${folder}` });
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    return writing(path, () => Promise.reject(error));
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
