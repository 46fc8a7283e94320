/** Files written whole or not at all, and file-system errors turned into faults. */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { describeError, Fault } from "../core/index.js";

/** What only writing can run into. */
const fullCodes = new Set(["ENOSPC", "EDQUOT", "EROFS"]);
const diskCodes = new Set([...fullCodes, "EACCES", "EPERM", "EIO", "ENOTDIR", "EEXIST", "EISDIR"]);

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
  return new Fault("output-unwritable", { what: `cannot write ${path}`, got: describeError(error), cause: error });
}

/** For errors of unknown origin: a full or read-only disk, or a file that may not be read. */
export function asFileFault(error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (fullCodes.has(code)) return asDiskFault("the output", error);
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new Fault("images-unreadable", {
    what: "a file or folder may not be used",
    got: describeError(error),
    cause: error,
  });
}

export async function makeFolder(path: string): Promise<void> {
  await writing(path, () => mkdir(path, { recursive: true }));
}

/** Writes a file so that a reader, or a crash at any moment, sees the old content or the new one, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  await writing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
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
