/** What people see while assay works: progress bars on standard error, and lines in between. */
import { once } from "node:events";
import { formatCount, formatSeconds, type Progress, type ProgressEvent } from "../core/index.js";
import { asDiskFault } from "../store/index.js";

export interface Terminal {
  readonly progress: Progress;
  /** Prints a line for people; in --json mode nothing. */
  say(line: string): void;
  /** Prints the machine-readable answer of the command. */
  answer(text: string): void;
  /** Resolves when standard output has taken what was written, its reader has gone, or the signal was raised. */
  drained(signal: AbortSignal): Promise<void>;
  /** Ends a bar that is being drawn. */
  finish(): void;
  readonly width: number;
  readonly color: boolean;
  readonly json: boolean;
  /** Whether the reader of standard output has gone (`assay predict … | head`): no fault, and nobody to write for. */
  readonly abandoned: () => boolean;
}

export interface Streams {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

export function openTerminal(json: boolean, streams: Streams = { out: process.stdout, err: process.stderr }): Terminal {
  const { out, err } = streams;
  let abandoned = false;
  let failure: Error | null = null;
  out.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") abandoned = true;
    else failure ??= error;
  });
  const write = (text: string): void => {
    if (failure !== null) throw asDiskFault("standard output", failure);
    if (!abandoned) out.write(text.endsWith("\n") ? text : `${text}\n`);
  };
  const bar = err.isTTY ? drawBars(err) : { progress: () => {}, finish: () => {} };
  return {
    progress: bar.progress,
    finish: bar.finish,
    say: (line) => {
      bar.finish();
      if (!json) write(line);
    },
    answer: (text) => {
      bar.finish();
      write(text);
    },
    drained: async (signal) => {
      // A rejection is the signal, or an error that the listener above keeps.
      if (out.writableNeedDrain && !abandoned) await once(out, "drain", { signal }).catch(() => {});
    },
    width: Math.min(out.columns ?? 100, 140),
    color: out.isTTY && !process.env.NO_COLOR,
    json,
    abandoned: () => abandoned,
  };
}

/** At most ten drawings a second; a new stage starts a new line. */
function drawBars(stream: NodeJS.WriteStream): { progress: Progress; finish: () => void } {
  let stage: string | null = null;
  let startedAt = 0;
  let startedFrom = 0;
  let drawnAt = 0;
  const finish = (): void => {
    if (stage !== null) stream.write("\n");
    stage = null;
  };
  return {
    finish,
    progress: (event) => {
      const now = performance.now();
      if (event.stage !== stage) {
        finish();
        stage = event.stage;
        startedAt = now;
        startedFrom = event.done;
        drawnAt = 0;
      }
      if (now - drawnAt < 100 && event.done < event.total) return;
      drawnAt = now;
      const line = formatBar(event, event.done - startedFrom, (now - startedAt) / 1000);
      stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
    },
  };
}

/** "features  ████░░  1,200/4,000 images  118/s  24.1 s left". */
export function formatBar(event: ProgressEvent, doneHere: number, seconds: number): string {
  const share = event.total > 0 ? Math.min(1, event.done / event.total) : 0;
  const filled = Math.round(share * 24);
  const rate = seconds > 0.3 && doneHere > 0 ? doneHere / seconds : null;
  const left = rate === null ? "" : `  ${formatSeconds((event.total - event.done) / rate)} left`;
  const speed = rate === null ? "" : `  ${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s`;
  const bar = "█".repeat(filled) + "░".repeat(24 - filled);
  return `${event.stage.padEnd(10)} ${bar}  ${formatCount(event.done)}/${formatCount(event.total)} ${event.unit}${speed}${left}`;
}
