/** The folder of one run: made or resumed, never overwritten, locked while in use. */
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, Fault } from "../core/index.js";
import { asDiskFault, errorCode, makeFolder, writeJson } from "./files.js";
import { lockFolder } from "./lock.js";

/** What makes two invocations the same run. Only plain data: it is compared as canonical JSON. */
export type RunIdentity = Readonly<Record<string, unknown>>;

export interface RunFolder {
  readonly path: string;
  readonly resumed: boolean;
  /** A path inside the folder. */
  file(...parts: string[]): string;
  /** Takes back what opening made, when nothing worth resuming came of it. */
  discard(): Promise<void>;
  close(): Promise<void>;
}

const identityFile = "run.json";

/**
 * Opens the folder of a run. A new folder must be absent or empty; with `resume` it must hold a run of the same identity.
 * Throws `output-exists`, `run-mismatch`, `output-locked`, `output-unwritable`.
 */
export async function openRunFolder(path: string, identity: RunIdentity, resume: boolean): Promise<RunFolder> {
  const isNew = !existsSync(path);
  const entries = await listFolder(path);
  const resumed = entries.includes(identityFile);
  if (resume && !resumed && entries.length > 0) throw notARun(path);
  if (!resume && resumed) await (await lockFolder(path))(); // a run under way is told as such
  if (!resume && entries.length > 0) throw exists(path, resumed);
  if (resumed) await checkIdentity(path, identity);
  await makeFolder(path);
  const unlock = await lockFolder(path);
  try {
    if (!resumed) await writeJson(join(path, identityFile), identity);
  } catch (error) {
    await unlock();
    throw error;
  }
  return {
    path,
    resumed,
    file: (...parts) => join(path, ...parts),
    discard: async () => {
      if (resumed) return;
      // The folder was empty before: all that is in it is ours, and the folder itself if it was not there.
      const own = isNew ? [path] : (await readdir(path)).map((name) => join(path, name));
      for (const entry of own) await rm(entry, { recursive: true, force: true });
    },
    close: unlock,
  };
}

async function listFolder(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory())
      throw new Fault("output-unwritable", {
        what: `the output path ${path} is a file`,
        expected: "a folder that is new or empty",
        remedy: "give another folder with --out",
      });
    return (await readdir(path)).filter((name) => !name.startsWith(".lock"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw asDiskFault(path, error);
  }
}

async function checkIdentity(path: string, identity: RunIdentity): Promise<void> {
  let stored: RunIdentity;
  try {
    stored = JSON.parse(await readFile(join(path, identityFile), "utf8")) as RunIdentity;
  } catch {
    throw notARun(path);
  }
  const names = [...new Set([...Object.keys(stored), ...Object.keys(identity)])];
  const differing = names.filter((name) => canonicalJson(stored[name]) !== canonicalJson(identity[name]));
  if (differing.length > 0)
    throw new Fault("run-mismatch", {
      what: `the run in ${path} was started with another ${differing.join(", ")}`,
      expected: differing.map((name) => `${name} ${show(stored[name])}`).join(", "),
      got: differing.map((name) => `${name} ${show(identity[name])}`).join(", "),
    });
}

/** Of a hash its beginning. */
function show(value: unknown): string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : canonicalJson(value);
}

function notARun(path: string): Fault {
  return new Fault("run-mismatch", {
    what: `there is no run to resume in ${path}`,
    expected: `a folder with ${identityFile}`,
    remedy: "give the folder of the interrupted run, or leave --resume out",
  });
}

function exists(path: string, isRun: boolean): Fault {
  return new Fault("output-exists", {
    what: `the output folder ${path} is not empty`,
    got: isRun ? "another run in it" : "other files in it",
    ...(isRun ? {} : { remedy: "give another folder with --out" }),
  });
}
