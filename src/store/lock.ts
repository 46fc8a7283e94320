/** One process at a time in a folder: a file with the owner's process id, taken over when that process is gone. */
import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../core/index.js";
import { errorCode, writing } from "./files.js";

type Unlock = () => Promise<void>;

const waitMs = 50;
const longestWaitMs = 30_000;

/** Takes the lock of a folder and returns the function that gives it back. Throws `output-locked` when another process has it. */
export async function lockFolder(folder: string): Promise<Unlock> {
  const unlock = await tryLock(folder);
  if (unlock === null) throw new Fault("output-locked", { what: `another process is working in ${folder}` });
  return unlock;
}

/** Like `lockFolder`, waiting up to half a minute for its turn. */
export async function waitForLock(folder: string): Promise<Unlock> {
  for (let waited = 0; waited < longestWaitMs; waited += waitMs) {
    const unlock = await tryLock(folder);
    if (unlock !== null) return unlock;
    await wait(waitMs);
  }
  throw new Fault("output-locked", { what: `another process has been working in ${folder} for half a minute` });
}

async function tryLock(folder: string): Promise<Unlock | null> {
  const path = join(folder, ".lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    const token = `${process.pid} ${randomBytes(8).toString("hex")}`;
    if (await create(path, token)) return () => rm(path, { force: true });
    const held = await readFile(path, "utf8").catch(() => null);
    if (held !== null && isRunning(Number.parseInt(held, 10))) return null;
    if (held !== null) await removeStale(path, held);
  }
  return null;
}

/** Creates the file with its content in one step, so that nobody ever sees a lock without an owner. */
async function create(path: string, token: string): Promise<boolean> {
  const temporary = `${path}.${token.replace(" ", "-")}`;
  return writing(path, async () => {
    await writeFile(temporary, token);
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      return await createWithoutLinks(path, token); // a file system without hard links
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

async function createWithoutLinks(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(token);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves a dead owner's lock away; if it was another's by then, that one is put back. */
async function removeStale(path: string, held: string): Promise<void> {
  const aside = `${path}.stale-${randomBytes(8).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch {
    return; // somebody else was first
  }
  if ((await readFile(aside, "utf8").catch(() => held)) !== held) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
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
