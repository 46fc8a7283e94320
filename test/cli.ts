/** Runs the built command line as a user does: a real process, with caches and state of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The built command line. */
export const program = resolve(import.meta.dirname, "..", "dist", "cli", "main.js");

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** A folder with the cache and the state that commands of one test share. */
export function newHome(): string {
  return mkdtempSync(join(tmpdir(), "assay-home-"));
}

/** Starts `assay …` with its cache and state in `home`; another built command line than this checkout's by `main`. */
export function start(home: string, args: readonly string[], cwd = home, main = program): Started {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, ASSAY_CACHE: join(home, "cache"), ASSAY_STATE: join(home, "state"), NO_COLOR: "1" },
  });
  const chunks = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    chunks.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    chunks.err += text;
  });
  const outcome = new Promise<Outcome>((settle) => {
    child.on("close", (code) => settle({ code, ...chunks }));
  });
  return { process: child, outcome };
}

export function assay(home: string, ...args: readonly string[]): Promise<Outcome> {
  return start(home, args).outcome;
}
