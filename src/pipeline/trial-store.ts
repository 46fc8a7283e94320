/** Trials in the run's folder, one safetensors file each: a run that was killed goes on with them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredTrial, TrialStore } from "../loop/index.js";
import { decodeSafetensors, encodeSafetensors, makeFolder, writeFileAtomic } from "../store/index.js";

/** A store in `folder`, made when the first trial comes. A file that is cut off or missing is a trial not done. */
export function openTrialStore(folder: string): TrialStore {
  const pathOf = (key: string): string => join(folder, `${key.slice(0, 16)}.safetensors`);
  return {
    recall: (key) => readTrial(pathOf(key)).catch(() => null),
    keep: async (key, trial) => {
      await makeFolder(folder);
      await writeFileAtomic(pathOf(key), encodeTrial(trial));
    },
  };
}

function encodeTrial({ name, images, logits, accuracy, logLoss, headSeconds, computed }: StoredTrial): Uint8Array {
  const data = new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
  return encodeSafetensors({
    tensors: { logits: { dtype: "F32", shape: [images, logits.length / images], data } },
    metadata: { trial: JSON.stringify({ name, images, accuracy, logLoss, headSeconds, computed }) },
  });
}

async function readTrial(path: string): Promise<StoredTrial> {
  const { tensors, metadata } = decodeSafetensors(await readFile(path));
  const { buffer, byteOffset, byteLength } = tensors.logits!.data;
  const logits = new Float32Array(buffer, byteOffset, byteLength / 4);
  return { ...(JSON.parse(metadata.trial!) as Omit<StoredTrial, "logits">), logits };
}
