/** The thread that reads files: a batch of paths in, their readings out. */
import { parentPort } from "node:worker_threads";
import { describeError } from "../core/index.js";
import { type Batch, type BatchReply, createInlineReader, type FileReader } from "./reader.js";

let reader: FileReader | null = null;

async function answer({ id, paths, threads }: Batch): Promise<BatchReply> {
  try {
    reader ??= createInlineReader(threads);
    return { id, readings: await reader.read(paths) };
  } catch (error) {
    return { id, error: describeError(error) };
  }
}

parentPort?.on("message", (batch: Batch) => {
  void answer(batch).then((reply) => parentPort?.postMessage(reply, []));
});
