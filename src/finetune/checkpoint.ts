/** A training as it stands, in one safetensors file written whole: a run that was killed goes on from it bit for bit. */
import { readFile } from "node:fs/promises";
import { Fault, sha256 } from "../core/index.js";
import { decodeSafetensors, encodeSafetensors, errorCode, type StoredTensor, writeFileAtomic } from "../store/index.js";

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
  const of = `schema ${metadata.schema ?? "?"}, training ${metadata.identity?.slice(0, 12) ?? "?"}`;
  if (metadata.schema !== schema || metadata.identity !== identity)
    throw new Fault("checkpoint-invalid", {
      what: `${path} is of another training or version`,
      expected: `schema ${schema}, training ${identity.slice(0, 12)}`,
      got: of,
    });
  if (metadata.hash !== hashContent(tensors, metadata.notes ?? ""))
    throw new Fault("checkpoint-invalid", { what: `${path} does not hold what was written into it` });
  const arrays = Object.entries(tensors).map(([name, { data }]) => [name, new Float32Array(data.buffer)] as const);
  return { arrays: Object.fromEntries(arrays), notes: JSON.parse(metadata.notes!) as Notes };
}

function parse(path: string, bytes: Uint8Array) {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    throw new Fault("checkpoint-invalid", { what: `${path} is cut off or malformed`, cause: error });
  }
}
