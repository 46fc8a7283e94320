/** `assay bench`: what a bundle costs on this machine. */
import { benchBundle } from "../pipeline/index.js";
import { countOf, formatBytes, formatSeconds } from "../core/index.js";
import { devices } from "../onnx/index.js";
import { openDevice } from "./device.js";
import type { BenchArguments } from "./main.js";
import { openTerminal } from "./terminal.js";

export async function benchCommand(
  folder: string,
  { json, threads: most, device: choice, runs }: BenchArguments,
): Promise<number> {
  const terminal = openTerminal(json);
  const threads = Math.max(1, most);
  const device = await openDevice(choice, threads);
  const found = await benchBundle(folder, { threads, device, runs, progress: terminal.progress });
  if (json) {
    terminal.answer(JSON.stringify(found));
    return 0;
  }
  const { machine, model, photograph, imagesPerSecond, readySeconds, peakMemoryBytes, modelBytes } = found;
  const { device: used = "cpu" } = machine;
  const by = used === "cpu" ? "" : `, ${devices[used].title}`;
  const row = (name: string, { p50, p95, p99 }: typeof model): string =>
    `${name.padEnd(34)} p50 ${formatSeconds(p50)}, p95 ${formatSeconds(p95)}, p99 ${formatSeconds(p99)}`;
  terminal.answer(
    [
      `${machine.cpu}, ${countOf(found.threads, "thread")}, ONNX Runtime ${machine.onnxruntime}${by}`,
      row("the model, one image", model),
      row("a photograph, decoding included", photograph),
      `${"photographs, on all threads".padEnd(34)} ${imagesPerSecond.toFixed(1)} a second`,
      `${"ready, golden examples checked".padEnd(34)} ${formatSeconds(readySeconds)}`,
      `${"largest resident memory".padEnd(34)} ${formatBytes(peakMemoryBytes)}`,
      `${"the model's file".padEnd(34)} ${formatBytes(modelBytes)}`,
    ].join("\n"),
  );
  return 0;
}
