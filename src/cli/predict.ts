/** `assay predict`: one row for each photograph, streamed in constant memory. */
import { stat } from "node:fs/promises";
import { type Bundle, openBundle, type Prediction, tolerances } from "../bundle/index.js";
import { checkInterrupted, Fault } from "../core/index.js";
import { openDevice } from "./device.js";
import { imagePaths } from "./image-paths.js";
import type { PredictArguments } from "./main.js";
import { listenForInterrupts } from "./signals.js";
import { openTerminal } from "./terminal.js";

export async function predictCommand(
  folder: string,
  files: readonly string[],
  options: PredictArguments,
): Promise<number> {
  const signal = listenForInterrupts("interrupted: stopping after the photographs under way");
  checkLength(files);
  for (const file of files) await checkPath(file);
  const single = files.length === 1 && !(await stat(files[0]!)).isDirectory();
  const threads = single ? 1 : Math.max(1, options.threads);
  const bundle = await openBundle(folder, threads, { device: await openDevice(options.device, threads) });
  try {
    noteDifferences(bundle);
    const rows = await printRows(bundle, files, options, signal);
    if (rows === 0)
      throw new Fault("images-insufficient", {
        what: `there is no image in ${files.map((file) => JSON.stringify(file)).join(", ")}`,
        expected: "image files, or folders with some",
        got: "none",
        remedy: "give the path of a photograph",
      });
    return 0;
  } finally {
    await bundle.close();
  }
}

/** Says on standard error, which is no part of the answer, that the model runs elsewhere, or golden examples were not compared bit for bit. */
export function noteDifferences({ golden, placed: { refusal } }: Bundle): void {
  if (refusal !== null)
    process.stderr.write(`assay: the CPU is used, since the device refused the model: ${refusal}\n`);
  if (golden.exact) return;
  const off = golden.difference.toPrecision(2);
  process.stderr.write(
    `assay: golden examples agree within ${off} of a probability; up to ${tolerances.probability} is tolerated here: ${golden.unlike.join(", ")}\n`,
  );
}

/** Prints a row for each photograph, no faster than they are read, and returns how many; a reader that has gone ends it. */
async function printRows(
  bundle: Bundle,
  files: readonly string[],
  options: PredictArguments,
  signal: AbortSignal,
): Promise<number> {
  const terminal = openTerminal(options.json);
  const asJson = options.json || options.format === "json";
  let rows = 0;
  for await (const prediction of bundle.predict(imagePaths(files))) {
    if (!asJson && rows === 0) terminal.answer("path,label,confidence");
    terminal.answer(asJson ? JSON.stringify(jsonRow(prediction, bundle.manifest.labels)) : csvRow(prediction));
    rows++;
    await terminal.drained(signal);
    checkInterrupted(signal);
    if (terminal.abandoned()) break;
  }
  return rows;
}

/** What the stack of an engine's thread bears (onnx/session.ts). */
const mostArgumentBytes = 500_000;

function checkLength(files: readonly string[]): void {
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file), 0);
  if (bytes > mostArgumentBytes)
    throw new Fault("usage", {
      what: `${files.length} paths are more than one command takes`,
      expected: `at most ${mostArgumentBytes} bytes of them`,
      got: `${bytes}`,
      remedy: "give the folder that they are in",
    });
}

export async function checkPath(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Fault("images-missing", {
      what: `there is no file or folder ${JSON.stringify(path)}`,
      remedy: "give the path of a photograph or of a folder of them",
      cause: error,
    });
  });
  if (found.isFile() || found.isDirectory()) return;
  throw new Fault("image-unreadable", {
    what: `${JSON.stringify(path)} is no regular file`,
    remedy: "give the path of a photograph or of a folder of them",
  });
}

function csvRow(prediction: Prediction): string {
  if ("error" in prediction) return [prediction.path, `error: ${prediction.error.message}`, ""].map(csvField).join(",");
  return [prediction.path, prediction.label, prediction.confidence.toFixed(4)].map(csvField).join(",");
}

/** RFC 4180: quoted where it must be. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonRow(prediction: Prediction, labels: readonly string[]): Record<string, unknown> {
  const { path } = prediction;
  if ("error" in prediction) return { path, error: prediction.error.message };
  const probabilities = Object.fromEntries(labels.map((label, i) => [label, prediction.probabilities[i]]));
  return { path, label: prediction.label, confidence: prediction.confidence, probabilities };
}
