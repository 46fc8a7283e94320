/** A training as it stands, in one safetensors file written whole: a run that was killed goes on from it bit for bit. */
import { readFile } from "node:fs/promises";
import { Fault, sha256 } from "../core/index.js";
import { decodeSafetensors, encodeSafetensors, errorCode, type StoredTensor, writeFileAtomic } from "../store/index.js";
import type { TrainingPlace } from "./place.js";

/** Where a training stands; everything drawn at random follows from the seed and this. */
export interface Position {
  readonly epoch: number;
  /** Within the epoch. */
  readonly step: number;
}

export interface Checkpoint<Notes> {
  readonly arrays: Readonly<Record<string, Float32Array>>;
  readonly notes: Notes;
}

/** Raised when what a checkpoint holds changes its meaning. */
const schema = "2";

/** Throws `output-unwritable` where the disk is full; the checkpoint before stays. */
export async function writeCheckpoint<Notes>(
  path: string,
  identity: string,
  { arrays, notes }: Checkpoint<Notes>,
): Promise<void> {
  const tensors = Object.entries(arrays).map(([name, values]): [string, StoredTensor] => {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return [name, { dtype: "F32", shape: [values.length], data }];
  });
  const content = Object.fromEntries(tensors);
  const text = JSON.stringify(notes);
  const metadata = { schema, identity, notes: text, hash: hashContent(content, text) };
  await writeFileAtomic(path, encodeSafetensors({ tensors: content, metadata }));
}

/** Of names, numbers and notes: a disk may give back other bytes than it was given. */
function hashContent(tensors: Readonly<Record<string, StoredTensor>>, notes: string): string {
  const arrays = Object.entries(tensors).map(([name, { data }]) => [name, sha256(data)]);
  return sha256(JSON.stringify([arrays, notes]));
}

/** The checkpoint at a path; null where there is none. Throws `checkpoint-invalid` for one that is broken, or of another training. */
export async function readCheckpoint<Notes>(path: string, identity: string): Promise<Checkpoint<Notes> | null> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw new Fault("checkpoint-invalid", { what: `cannot read ${path}`, cause: error });
  });
  if (bytes === null) return null;
  const { tensors, metadata } = parse(path, bytes);
  if (metadata.schema !== schema || metadata.identity !== identity) throw describeOther(path, identity, metadata);
  if (metadata.hash !== hashContent(tensors, metadata.notes ?? ""))
    throw new Fault("checkpoint-invalid", { what: `${path} does not hold what was written into it` });
  const arrays = Object.entries(tensors).map(([name, { data }]) => [name, new Float32Array(data.buffer)] as const);
  return { arrays: Object.fromEntries(arrays), notes: JSON.parse(metadata.notes!) as Notes };
}

/** A training and where it computes, as one line. The same training elsewhere would end with other weights: it does not go on. */
export function identityOf(
  training: string,
  { device, precision }: Pick<TrainingPlace, "device" | "precision">,
): string {
  return `${training} on ${device} in ${precision}`;
}

/** Of `identityOf`, the first part shortened. */
function shorten(identity: string): string {
  return identity.replace(/^\S{12}\S*/, (training) => training.slice(0, 12));
}

function describeOther(path: string, identity: string, found: Readonly<Record<string, string>>): Fault {
  const trainingOf = (text = ""): string => text.split(" ")[0]!;
  const isElsewhere = found.schema === schema && trainingOf(found.identity) === trainingOf(identity);
  const problem = {
    expected: `schema ${schema}, training ${shorten(identity)}`,
    got: `schema ${found.schema ?? "?"}, training ${shorten(found.identity ?? "?")}`,
  };
  if (!isElsewhere)
    return new Fault("checkpoint-invalid", { ...problem, what: `${path} is of another training or version` });
  return new Fault("checkpoint-invalid", {
    ...problem,
    what: `${path} is of this training on another device or in another precision`,
    remedy: "go on with the --device that it began on, or delete the folder `fine-tuning` of the run to train anew",
  });
}

function parse(path: string, bytes: Uint8Array) {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    throw new Fault("checkpoint-invalid", { what: `${path} is cut off or malformed`, cause: error });
  }
}
