#!/usr/bin/env node
/** The command line: argv → pipeline → exit code. Each command loads only what it needs. */
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { ImportOptions } from "../backbone/index.js";
import { assayVersion, describeError, Fault, withoutCodeMarks } from "../core/index.js";
import { asFileFault } from "../store/index.js";
import type { DeviceChoice } from "../onnx/index.js";
import { declareBackbones, importFlags } from "./backbone-options.js";
import { withDevice } from "./device.js";
import { declareService } from "./service-options.js";
import { refuseUnknownCommand } from "./sub-commands.js";
import { openTerminal } from "./terminal.js";

const imagesHelp =
  "folder with one sub-folder for each class, or train|val|test folders of such; or a manifest: a .csv, .tsv, .jsonl or .ndjson file with columns path and label (docs/images.md)";

interface Shared {
  readonly json: boolean;
  readonly threads: number;
}

/** Of commands that run networks. */
interface Placed extends Shared {
  readonly device: DeviceChoice;
}

export interface RunArguments extends Placed, ImportOptions {
  readonly spec?: string;
  readonly out?: string;
  readonly exclude: readonly string[];
  readonly seed: number;
  readonly resume: boolean;
  readonly backbone?: readonly string[];
  /** Seconds. */
  readonly budget?: number;
  readonly head: "lbfgs" | "adamw";
  readonly augment?: number;
  /** Of `--no-fine-tuning`. */
  readonly fineTuning: boolean;
  /** Of `--no-images`: whether photographs may stand in bundle and report. */
  readonly images: boolean;
  readonly reveal: boolean;
  readonly replay?: string;
}

export interface PlanArguments extends Omit<RunArguments, "resume" | "replay" | "images" | "reveal"> {}

export interface PredictArguments extends Placed {
  readonly format: "csv" | "json";
}

export interface ExplainArguments extends Shared {
  readonly class?: string;
  readonly out?: string;
}

export interface VerifyArguments extends Placed {
  readonly spec: string;
  readonly data: string;
  readonly out?: string;
  readonly url?: string;
  readonly images: boolean;
  readonly reveal: boolean;
}

export interface InitArguments extends Shared {
  readonly yes: boolean;
  readonly asA?: string;
  readonly iWant?: string;
  readonly soThat?: string;
  readonly constraint?: readonly string[];
  readonly reward?: readonly string[];
  readonly penalty?: readonly string[];
  readonly goal?: readonly string[];
}

export interface AuditArguments extends Shared {
  readonly out?: string;
  readonly exclude: readonly string[];
  readonly seed: number;
}

export interface BenchArguments extends Placed {
  readonly runs: number;
}

export interface DemoArguments extends Shared {
  readonly out: string;
  readonly seed: number;
}

function buildProgram(finish: (code: number) => void): Command {
  const program = new Command("assay");
  program
    .description(
      "Turns a written requirement and a folder of labelled photographs into an image classifier that is shown to meet it.",
    )
    .version(assayVersion)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      `\nExit codes: 0 every hard requirement met; 1 a fault; 2 wrong usage; 3 some hard requirement not met;\n4 none unmet but some unproven or not checkable; 130 interrupted (continue with --resume).`,
    );

  shared(program.command("init"))
    .description("write a spec by asking; without a terminal from the flags, with sensible lines for the rest")
    .argument("[dir]", "folder of the new spec.md", ".")
    .option("--as-a <who>", "the story: who asks")
    .option("--i-want <what>", "the story: what is needed")
    .option("--so-that <why>", "the story: what for")
    .option("--constraint <line...>", "lines that must hold")
    .option("--reward <line...>", "lines that are good to have")
    .option("--penalty <line...>", "lines that are bad to have")
    .option("--goal <line...>", "lines that must be there in the end")
    .option("--yes", "ask nothing", false)
    .addHelpText(
      "after",
      '\nExample: assay init --i-want "to sort mugs" --constraint "At least 90% accuracy" "Model size < 30 MB"',
    )
    .action(async (dir: string, options: InitArguments) =>
      finish(await (await import("./init.js")).initCommand(dir, options)),
    );

  const run = learning(program.command("run"))
    .description("train on a folder of photographs and prove the result against a spec")
    .option("--out <dir>", "folder of the run (default: assay-<name of the images folder>)")
    .option("--no-images", "keep every photograph out of bundle and report")
    .option("--reveal", "show the mistakes on test photographs in the report; that spends them as a test", false)
    .option("--resume", "continue an interrupted run in its folder", false)
    .option("--replay <trace>", "decide as the run of this trace.jsonl did, whatever this machine's speed");
  importFlags(run.optionsGroup("A network that is given as a file:"))
    .addHelpText("after", '\nExample: assay run photos --spec spec.md --exclude Other "Not sure"')
    .action(async (images: string, options: RunArguments) =>
      finish(await (await import("./run.js")).runCommand(images, options)),
    );

  const plan = learning(program.command("plan"))
    .description("say what a run would do and why, with predicted time; nothing is learned")
    .option("--out <file>", "write the page to this file instead of printing it");
  importFlags(plan.optionsGroup("A network that is given as a file:"))
    .addHelpText("after", "\nExample: assay plan photos --spec spec.md")
    .action(async (images: string, options: PlanArguments) =>
      finish(await (await import("./plan.js")).planCommand(images, options)),
    );

  shared(program.command("audit"))
    .description("say what is wrong or noteworthy in the photographs; nothing is learned")
    .argument("<images>", imagesHelp)
    .option("--out <dir>", "folder for audit.json (default: the current one)")
    .option("--exclude <class...>", "classes to leave out", [])
    .option("--seed <n>", "seed of the split", wholeNumberFrom(0), 1)
    .addHelpText("after", "\nExample: assay audit photos")
    .action(async (images: string, options: AuditArguments) =>
      finish(await (await import("./audit.js")).auditCommand(images, options)),
    );

  withDevice(shared(program.command("predict")))
    .description("name the class of photographs")
    .argument("<bundle>", "bundle folder of a run")
    .argument("<files...>", "photographs, or folders of them")
    .option("--format <format>", "csv or json", oneOf("csv", "json"), "csv")
    .addHelpText("after", "\nExample: assay predict assay-photos/bundle new-photos --format csv")
    .action(async (bundle: string, files: string[], options: PredictArguments) =>
      finish(await (await import("./predict.js")).predictCommand(bundle, files, options)),
    );

  shared(program.command("explain"))
    .description("show where in a photograph the evidence for its class lies")
    .argument("<bundle>", "bundle folder of a run")
    .argument("<file>", "a photograph")
    .option("--class <name>", "explain this class, not the answer")
    .option("--out <file>", "the overlay (default: <name of the photograph>.overlay.png)")
    .addHelpText("after", "\nExample: assay explain assay-photos/bundle cup.jpg --class mug --out cup-as-mug.png")
    .action(async (bundle: string, file: string, options: ExplainArguments) =>
      finish(await (await import("./explain.js")).explainCommand(bundle, file, options)),
    );

  withDevice(shared(program.command("verify")))
    .description("measure a bundle again and judge it against a spec")
    .argument("<bundle>", "bundle folder of a run")
    .requiredOption("--spec <file>", "the requirements, Markdown or YAML")
    .requiredOption(
      "--data <images>",
      "the photographs of the run, or fresh ones that it never saw: a folder or a manifest",
    )
    .option("--out <dir>", "new folder for evidence.json and report.html")
    .option("--url <url>", "a service of the bundle that runs already, to be judged (default: one is started)")
    .option("--no-images", "keep every photograph out of the report")
    .option("--reveal", "show the mistakes on test photographs in the report; that spends them as a test", false)
    .addHelpText("after", "\nExample: assay verify assay-photos/bundle --spec spec.md --data fresh-photos")
    .action(async (bundle: string, options: VerifyArguments) =>
      finish(await (await import("./verify.js")).verifyCommand(bundle, options)),
    );

  withDevice(shared(program.command("bench")))
    .description("measure what a bundle costs on this machine: latency, rate, memory")
    .argument("<bundle>", "bundle folder of a run")
    .option("--runs <n>", "images to time", wholeNumberFrom(1), 250)
    .addHelpText("after", "\nExample: assay bench assay-photos/bundle")
    .action(async (bundle: string, options: BenchArguments) =>
      finish(await (await import("./bench.js")).benchCommand(bundle, options)),
    );

  const cache = program.command("cache").description("say where the cache of scans and features is, and how large");
  shared(cache)
    .addHelpText("after", "\nExample: assay cache clear")
    .allowExcessArguments()
    .action(async (options: Shared, command: Command) => {
      refuseUnknownCommand(cache, command);
      finish(await (await import("./cache.js")).cacheCommand(options, false));
    });
  shared(cache.command("clear"))
    .allowExcessArguments(false)
    .description("remove it; it is made anew when it is needed")
    .addHelpText("after", "\nExample: assay cache clear")
    .action(async (options: Shared) => finish(await (await import("./cache.js")).cacheCommand(options, true)));

  shared(program.command("demo"))
    .description("draw a data set of 20 kinds of product, then run on it")
    .option("--out <dir>", "folder of the demo", "assay-demo")
    .option("--seed <n>", "seed of the drawings and of the run", wholeNumberFrom(0), 1)
    .addHelpText("after", "\nExample: assay demo")
    .action(async (options: DemoArguments) => finish(await (await import("./demo.js")).demoCommand(options)));

  declareBackbones(program, shared, finish);
  declareService(program, shared, finish);
  return program;
}

/** What decides how a run learns. */
function learning(command: Command): Command {
  return withDevice(shared(command))
    .argument("<images>", imagesHelp)
    .option("--spec <file>", "the requirements, Markdown or YAML (default: inferred from the folder)")
    .option("--exclude <class...>", "classes to leave out", [])
    .option("--seed <n>", "seed of every random choice", wholeNumberFrom(0), 1)
    .option(
      "--budget <time>",
      "time for learning, such as 90s, 15m or 4h; 0: no search (default: 13m, or the spec's if less)",
      duration,
    )
    .option("--backbone <name...>", "networks that may be used, by name or .onnx file (see: assay backbones)")
    .option(
      "--head <how>",
      "how the head is trained: lbfgs, to the minimum, or adamw, ten epochs",
      oneOf("lbfgs", "adamw"),
      "lbfgs",
    )
    .option(
      "--augment <n>",
      "random views of each photograph that the head learns from as well, at most 100 (default: one, where trials show it to help)",
      wholeNumberFrom(0, 100),
    )
    .option("--no-fine-tuning", "train a head on the features of frozen networks and nothing else");
}

function shared(command: Command): Command {
  return command
    .option("--json", "print the answer as JSON", false)
    .option("--threads <n>", "cores to use, at least 1", wholeNumberFrom(1), availableParallelism());
}

function wholeNumberFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most && text.trim() !== "") return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };

/** Seconds of "90s", "15m" or "4h". */
function duration(text: string): number {
  if (text.trim() === "0") return 0;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h)$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * (secondsOf[unit ?? ""] ?? Number.NaN);
  if (!(seconds > 0)) throw new InvalidArgumentError("expected a time such as 90s, 15m or 4h.");
  return seconds;
}

function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((one) => one === text);
    if (!choice) throw new InvalidArgumentError(`expected ${choices.join(" or ")}.`);
    return choice;
  };
}

/** Says what went wrong in one line on standard error and returns the exit status. */
function report(thrown: unknown, json: boolean): number {
  if (thrown instanceof CommanderError) {
    // Commander has printed it for people.
    if (json && thrown.exitCode !== 0) printFault("usage", thrown.message);
    return thrown.exitCode === 0 ? 0 : 2;
  }
  const error = asFileFault(thrown);
  const fault = error instanceof Fault ? error : new Fault("internal", { what: describeError(error), cause: error });
  if (json) printFault(fault.code, fault.message);
  openTerminal(json).finish();
  process.stderr.write(`assay: ${forPeople(fault)}\n`);
  if (process.env.ASSAY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  return fault.exit;
}

/** A remedy is our own sentence, so that its backticks are no part of anybody's names. */
function forPeople({ message, remedy }: Fault): string {
  const end = `${remedy}.`;
  return message.endsWith(end) ? `${message.slice(0, -end.length)}${withoutCodeMarks(end)}` : message;
}

function printFault(code: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
}

async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const json = argv.includes("--json");
  process.stdout.on("error", () => {}); // a reader of the help that leaves early is no fault; answers are watched by their terminal
  try {
    await buildProgram((value) => {
      code = value;
    }).parseAsync(argv);
    return code;
  } catch (error) {
    return report(error, json);
  }
}

process.exitCode = await main(process.argv);
