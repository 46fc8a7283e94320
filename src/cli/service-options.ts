/** The options of `assay serve` and `assay deploy`. */
import { type Command, InvalidArgumentError } from "commander";
import type { DeviceChoice } from "../onnx/index.js";
import { withDevice } from "./device.js";
import { keepHeapSmall } from "./small-heap.js";

export interface ServeArguments {
  readonly json: boolean;
  readonly threads: number;
  readonly device: DeviceChoice;
  readonly port: number;
  readonly host: string;
  readonly cache?: string;
}

export interface DeployArguments {
  readonly json: boolean;
  readonly out: string;
}

/** Adds both commands to the program. `shared` gives a command the options that all have. */
export function declareService(
  program: Command,
  shared: (command: Command) => Command,
  finish: (code: number) => void,
): void {
  withDevice(shared(program.command("serve")))
    .description("answer photographs over HTTP, with a page to try it; Ctrl-C stops it")
    .argument("<bundle>", "bundle folder of a run")
    .option("--port <n>", "port to listen at; 0: a free one", port, 8000)
    .option(
      "--host <host>",
      "address to listen at; 0.0.0.0: the whole network, and nobody is asked to log in",
      "127.0.0.1",
    )
    .option("--cache <url>", "remember answers in Redis, redis://host:port (default: in the process)")
    .addHelpText("after", "\nExample: assay serve assay-photos/bundle --port 8000")
    .action(async (bundle: string, options: ServeArguments) => {
      keepHeapSmall();
      finish(await (await import("./serve.js")).serveCommand(bundle, options));
    });
  shared(program.command("deploy"))
    .description("write what builds a container with the service: Dockerfile, compose file, Redis, Prometheus")
    .argument("<bundle>", "bundle folder of a run")
    .requiredOption("--out <dir>", "new folder for the files")
    .addHelpText("after", "\nExample: assay deploy assay-photos/bundle --out deployment")
    .action(async (bundle: string, options: DeployArguments) =>
      finish(await (await import("./deploy.js")).deployCommand(bundle, options)),
    );
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535 || text.trim() === "")
    throw new InvalidArgumentError("expected a port, 0 to 65535.");
  return value;
}
