/** Files written whole or not at all, and file-system errors turned into faults. */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describeError, Fault } from "../core/index.js";

/** What only writing can run into. */
const fullCodes = new Set(["ENOSPC", "EDQUOT", "EROFS"]);
const exhaustedCodes = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);
const diskCodes = new Set([...fullCodes, "EACCES", "EPERM", "EIO", "ENOTDIR", "EEXIST", "EISDIR", "ENOENT"]);

/** A file stands where a folder is to be. */
const blockedCodes = new Set(["ENOTDIR", "EEXIST"]);

/** The system's code of a file error, such as "ENOENT". */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Runs a writing action; a full or read-only disk becomes the fault `output-unwritable` that names the path. */
export async function writing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asDiskFault(path, error);
  }
}

export function asDiskFault(path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined || !diskCodes.has(code)) return error;
  if (blockedCodes.has(code))
    return new Fault("output-unwritable", {
      what: `cannot write ${path}`,
      expected: "a folder there, or nothing",
      got: describeError(error),
      remedy: "give another path: a file is in the way",
      cause: error,
    });
  return new Fault("output-unwritable", { what: `cannot write ${path}`, got: describeError(error), cause: error });
}

/** For errors of unknown origin: a full or read-only disk, or a file that may not be read. */
export function asFileFault(error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (fullCodes.has(code)) return asDiskFault("the output", error);
  if (exhaustedCodes.has(code))
    return new Fault("engine-failed", {
      what: "the system gives this process no more threads, memory or files",
      got: describeError(error),
      remedy: "use fewer --threads, or end other programs",
      cause: error,
    });
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new Fault("images-unreadable", {
    what: "a file or folder may not be used",
    got: describeError(error),
    cause: error,
  });
}

/** Makes a folder and those above it. Throws `output-unwritable`. */
export async function makeFolder(path: string): Promise<void> {
  await writing(path, () => makeFolders(path));
}

/** As `mkdir` with `recursive`, which never ends where a folder is there and nothing can be made in it (`/proc`). */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" && dirname(path) !== path) {
      await makeFolders(dirname(path));
      await mkdir(path).catch(ignoreExisting);
    } else if (!(await isFolder(path))) throw error;
  }
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== "EEXIST") throw error; // another process was faster
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Writes a file so that a reader, or a crash at any moment, sees the old content or the new one, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  await writing(path, async () => {
    await makeFolders(dirname(path));
    try {
      const file = await open(temporary, "wx");
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}
