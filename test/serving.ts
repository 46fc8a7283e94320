/** `assay serve` as a process of its own. */
import type { ChildProcess } from "node:child_process";
import { newHome, type Outcome, program, start } from "./cli.js";

export interface Serving {
  /** `http://127.0.0.1:port`. */
  readonly address: string;
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<Outcome>;
}

/** Starts the service at a free port and resolves when it answers. */
export async function startServing(bundle: string, args: readonly string[] = [], main = program): Promise<Serving> {
  const home = newHome();
  const { process: child, outcome } = start(home, ["serve", bundle, "--port", "0", "--json", ...args], home, main);
  const address = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve((JSON.parse(text) as { address: string }).address);
    });
    void outcome.then(({ err }) => reject(new Error(err)));
  });
  return {
    address,
    process: child,
    outcome,
    stop: () => {
      child.kill("SIGTERM");
      return outcome;
    },
  };
}
