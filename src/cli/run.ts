/** `assay run`: from photographs and a spec to the verdict table. */
import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { run, type RunResult, type Surroundings } from "../pipeline/index.js";
import { exitCode, renderVerdictTable, summarize } from "../report/index.js";
import { cacheFolder, stateFolder } from "../store/index.js";
import { importOptions } from "./backbone-options.js";
import type { PlanArguments, RunArguments } from "./main.js";
import { listenForInterrupts } from "./signals.js";
import { openTerminal, type Terminal } from "./terminal.js";

export async function runCommand(images: string, options: RunArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const out = options.out ?? `assay-${basename(resolve(images))}`;
  const request = { ...asRequest(images, options), out, resume: options.resume, replay: options.replay ?? null };
  const result = await run(request, surroundings(options.threads, terminal));
  return showResult(result, terminal);
}

/** What decides how a run learns. */
export function asRequest(images: string, options: PlanArguments) {
  return {
    images,
    spec: options.spec ?? null,
    exclude: options.exclude,
    seed: options.seed,
    backbones: options.backbone ?? null,
    backboneOptions: importOptions(options),
    budgetSeconds: options.budget ?? null,
    solver: options.head,
    augment: options.augment,
  };
}

/** Folders, clock, terminal and Ctrl-C of this process. */
export function surroundings(threads: number, terminal: Terminal): Surroundings {
  return {
    cacheFolder: cacheFolder(),
    stateFolder: stateFolder(),
    threads: Math.max(1, threads),
    now: () => new Date(),
    progress: terminal.progress,
    listen: (event) => {
      if (event.kind === "observation" || event.kind === "decision")
        terminal.say(`${event.stage.padEnd(10)} ${event.text}`);
    },
    signal: listenForInterrupts(),
  };
}

/** Prints verdicts and what to do next; returns the exit status. */
export function showResult({ folder, evidence, summary }: RunResult, terminal: Terminal): number {
  const report = join(folder, "report.html");
  const code = exitCode(evidence);
  if (terminal.json) {
    terminal.answer(JSON.stringify({ folder, report, exitCode: code, ...evidence, summary }));
    return code;
  }
  terminal.say("");
  terminal.answer(renderVerdictTable(evidence, { width: terminal.width, color: terminal.color, reasons: true }));
  terminal.say("");
  terminal.say(summarize(evidence));
  for (const factor of summary.factors) terminal.say(`- ${factor}`);
  terminal.say(`report   ${shown(report)}`);
  terminal.say(`trace    ${shown(join(folder, "trace.md"))}, ${summary.lessons.length} lessons at its end`);
  const bundle = join(folder, "bundle");
  if (existsSync(bundle)) terminal.say(`predict  assay predict ${shown(bundle)} <photo or folder>`);
  return code;
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}
