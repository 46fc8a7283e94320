/** The spec's file: read with a limit, checked to be text, parsed by its extension. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { Fault, quoteName } from "../core/index.js";
import { parseSpec, type SpecFormat } from "./parse.js";
import type { Spec } from "./requirement.js";

/** A spec is written by hand: what is larger is another file. */
const maximumBytes = 1_000_000;

const formats: Readonly<Record<string, SpecFormat>> = { ".yaml": "yaml", ".yml": "yaml", ".json": "yaml" };

/** Reads and parses a spec file. Throws spec-missing, spec-invalid, spec-contradiction. */
export async function readSpec(path: string): Promise<Spec> {
  const text = decode(await readBytes(path), path);
  return parseSpec(text, path, formats[extname(path).toLowerCase()] ?? "markdown");
}

async function readBytes(path: string): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    if (size > maximumBytes) throw tooLarge(path, size);
    return await file.readFile();
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch (error) {
    throw notText(path, error);
  }
  throw notText(path, undefined);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EISDIR: "is a folder",
  EACCES: "may not be read",
  EPERM: "may not be read",
};

function unreadable(path: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new Fault("spec-missing", {
    what: `the spec ${quoteName(path)} ${reasons[code] ?? "cannot be read"}`,
    cause: error,
  });
}

function tooLarge(path: string, size: number): Fault {
  return new Fault("spec-invalid", {
    what: `the spec ${quoteName(path)} is too large`,
    expected: "at most 1 MB of text",
    got: `${size.toLocaleString("en-US")} bytes`,
    remedy: "give the Markdown or YAML file that holds the requirements",
  });
}

function notText(path: string, cause: unknown): Fault {
  return new Fault("spec-invalid", {
    what: `the spec ${quoteName(path)} is no text`,
    expected: "Markdown or YAML in UTF-8",
    remedy: "save it as plain text in UTF-8",
    cause,
  });
}
