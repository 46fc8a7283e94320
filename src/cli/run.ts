/** `assay run`: from photographs and a spec to the verdict table. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { countOf } from "../core/index.js";
import type { DeviceChoice } from "../onnx/index.js";
import { placeNetworks, run, type RunResult, type Surroundings } from "../pipeline/index.js";
import { exitCode, renderVerdictTable, summarize, testWarnings } from "../report/index.js";
import { cacheFolder, stateFolder } from "../store/index.js";
import { importOptions } from "./backbone-options.js";
import type { PlanArguments, RunArguments } from "./main.js";
import { listenForInterrupts } from "./signals.js";
import { openTerminal, type Terminal } from "./terminal.js";

export async function runCommand(images: string, options: RunArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const out = options.out ?? `assay-${basename(resolve(images))}`;
  const { resume, reveal, replay = null } = options;
  const request = { ...asRequest(images, options), out, resume, replay, noImages: !options.images, reveal };
  const result = await run(
    request,
    await surroundings(options, terminal, "interrupted: stopping where it can be resumed"),
  );
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
    augment: options.augment ?? null,
    fineTuning: options.fineTuning,
  };
}

/** Folders, clock, terminal and Ctrl-C of this process. */
export async function surroundings(
  { threads: most, device = "cpu" }: { readonly threads: number; readonly device?: DeviceChoice },
  terminal: Terminal,
  interrupted?: string,
): Promise<Surroundings> {
  const threads = Math.max(1, Math.min(most, availableParallelism()));
  return {
    ...(await placeNetworks(device, threads)),
    cacheFolder: cacheFolder(),
    stateFolder: stateFolder(),
    threads,
    now: () => new Date(),
    progress: terminal.progress,
    listen: (event) => {
      if (event.kind === "observation" || event.kind === "decision")
        terminal.say(`${event.stage.padEnd(10)} ${event.text}`);
    },
    signal: listenForInterrupts(interrupted),
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
  for (const warning of testWarnings(evidence)) terminal.say(`! ${warning}`);
  for (const factor of summary.factors) terminal.say(`- ${factor}`);
  terminal.say(`report   ${shown(report)}`);
  terminal.say(`trace    ${shown(join(folder, "trace.md"))}, ${countOf(summary.lessons.length, "lesson")} at its end`);
  const bundle = join(folder, "bundle");
  if (existsSync(bundle)) {
    terminal.say(`predict  ${programName()} predict ${shown(bundle)} <photo or folder>`);
    terminal.say(`serve    ${programName()} serve ${shown(bundle)}`);
  }
  return code;
}

/** How this program was called, so that the next command can be copied. */
function programName(): string {
  const path = process.argv[1] ?? "";
  if (/node_modules/.test(path)) return "npx assay";
  return basename(path) === "assay" ? "assay" : `node ${shown(path)}`;
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}
