/** `assay verify`: the proof alone, for a bundle that is there already. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError, Fault } from "../core/index.js";
import { proveBundle } from "../pipeline/index.js";
import { exitCode, renderReport, renderVerdictTable, summarize, testWarnings } from "../report/index.js";
import { asDiskFault, errorCode, makeFolder, writeFileAtomic, writeJson } from "../store/index.js";
import type { VerifyArguments } from "./main.js";
import { surroundings } from "./run.js";
import { openTerminal } from "./terminal.js";

export async function verifyCommand(folder: string, options: VerifyArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const { spec, data, reveal, images, url } = options;
  if (url !== undefined) await checkUrl(url);
  if (options.out !== undefined) await checkNew(options.out);
  const around = await surroundings(options, terminal);
  const { evidence, extras } = await proveBundle(folder, spec, data, around, { reveal, images, url });
  if (options.out !== undefined) {
    await writeJson(join(options.out, "evidence.json"), evidence);
    await writeFileAtomic(join(options.out, "report.html"), renderReport(evidence, extras));
  }
  const code = exitCode(evidence);
  if (terminal.json) terminal.answer(JSON.stringify({ exitCode: code, ...evidence }));
  else {
    terminal.answer(renderVerdictTable(evidence, { width: terminal.width, color: terminal.color, reasons: true }));
    terminal.say(summarize(evidence));
    for (const warning of testWarnings(evidence)) terminal.say(`! ${warning}`);
  }
  return code;
}

/** What was measured before is never overwritten. */
async function checkNew(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw asDiskFault(folder, error);
  });
  if (entries.length > 0)
    throw new Fault("output-exists", { what: `${folder} is not empty`, remedy: "give a new folder with --out" });
  await makeFolder(folder);
}

/** Throws `usage` for what is no address, `service-unready` where nothing answers: that would not be the bundle's fault. */
async function checkUrl(text: string): Promise<void> {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return checkAnswers(text);
  throw new Fault("usage", {
    what: `--url ${JSON.stringify(text)} is no address of a service`,
    expected: "one such as http://127.0.0.1:8000",
  });
}

const patienceMs = 10_000;

async function checkAnswers(url: string): Promise<void> {
  await fetch(url, { signal: AbortSignal.timeout(patienceMs) }).catch((error: unknown) => {
    throw new Fault("service-unready", {
      what: `no service answers at ${url}`,
      got: describeError(error instanceof Error && error.cause !== undefined ? error.cause : error),
      remedy: "start it with `assay serve`, or leave --url out",
      cause: error,
    });
  });
}
