/** Ctrl-C: the first asks the work to stop where it can be resumed, the second ends the process at once. */

/** An AbortSignal raised by the first SIGINT or SIGTERM, which is answered with a line. */
export function listenForInterrupts(line = "interrupted: stopping"): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) endAtOnce(stop);
    process.stderr.write(`\n${line} (once more to end at once)\n`);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}

/** Dies by the signal itself: `process.exit` would wait for, and crash in, worker threads that are computing. */
function endAtOnce(listener: () => void): void {
  process.off("SIGINT", listener);
  process.off("SIGTERM", listener);
  process.kill(process.pid, "SIGINT");
}
