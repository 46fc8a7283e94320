/** Starts the service of a bundle as a user would: `assay serve <bundle>` as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Fault } from "../core/index.js";
import type { Surroundings } from "./context.js";
import type { StartedService, StartService } from "../verify/index.js";

/** The built program, whether this file runs from `dist` or from `src`. */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A bundle that does not serve within this time will not. */
const patienceMs = 120_000;

/** A service finishes the requests under way when it is told to stop; one that takes longer is ended. */
const farewellMs = 20_000;

/** Starts services on so many cores and on a device. They end with this process, however it ends. */
export function serviceStarter({ threads, device }: Pick<Surroundings, "threads" | "device">): StartService {
  return async (bundleFolder, signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const args = [
      program,
      "serve",
      bundleFolder,
      "--port",
      "0",
      "--threads",
      String(threads),
      "--device",
      device,
      "--json",
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    const ended = once(child, "close");
    let complaints = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    const close = async (): Promise<void> => {
      const late = setTimeout(() => child.kill("SIGKILL"), farewellMs);
      child.kill();
      await ended;
      clearTimeout(late);
    };
    const started = await Promise.race([readAddress(child.stdout!, limit), ended.then(() => null)]).catch(() => null);
    if (started !== null) return { url: started, close } satisfies StartedService;
    await close();
    throw new Fault("internal", {
      what: `assay serve ${bundleFolder} did not come up`,
      expected: "a line with its address",
      got: complaints.trim().split("\n").at(-1) || "nothing",
      remedy: "start it by hand and read what it says",
    });
  };
}

/** The address in the first line, as `assay serve --json` prints it. Rejects when the time is over. */
async function readAddress(output: NodeJS.ReadableStream, signal: AbortSignal): Promise<string | null> {
  const [line] = (await once(createInterface({ input: output }), "line", { signal })) as [string];
  const { address } = JSON.parse(line) as { address?: unknown };
  return typeof address === "string" ? address : null;
}
