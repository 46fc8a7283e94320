/** Model files, those with data in files beside them included (onnx.proto, TensorProto.external_data). */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, posix, win32 } from "node:path";
import { clearField } from "@bufbuild/protobuf";
import { describeError, Fault, quoteName } from "../core/index.js";
import { tensorsWithin } from "./contents.js";
import { TensorProto_DataLocation, TensorProtoSchema } from "./onnx_pb.js";
import { elementType, type ModelProto, parseModel, serializeModel, type TensorProto } from "./proto.js";
import { externalEntries, moveOut } from "./split.js";
import { elementBytes, elementCount } from "./tensor-data.js";

/** Protobuf cannot hold more in one message; a megabyte is left for what is not in tensors. */
const protobufLimit = 2 ** 31 - 1 - 2 ** 20;

/** Offsets of external data are multiples of a page, so that other readers can map them. */
const pageBytes = 4096;

/** Most bytes of one read or write call of the system. */
const chunkBytes = 2 ** 30;

/**
 * Reads a model, the tensors it keeps in other files of its folder included; each of those is read into memory of its own.
 * Throws `model-invalid` for what is no model, and where such a file leaves the folder, is missing or too short.
 */
export async function readModel(path: string): Promise<ModelProto> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault("model-invalid", {
      what: `cannot read ${path}`,
      got: describeError(error),
      remedy: "give the path of an .onnx file",
      cause: error,
    });
  });
  const model = parseModel(bytes, path);
  const external = [...tensorsWithin(model)].filter(
    ({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL,
  );
  const byFile = new Map<string, TensorProto[]>();
  for (const tensor of external) {
    const { location } = locate(tensor, path);
    byFile.set(location, [...(byFile.get(location) ?? []), tensor]);
  }
  for (const [location, tensors] of byFile) await readTensors(path, location, tensors);
  return model;
}

interface Place {
  readonly location: string;
  readonly offset: number;
  /** Null: all that follows. */
  readonly length: number | null;
}

function locate(tensor: TensorProto, modelPath: string): Place {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  if (
    location === "" ||
    posix.isAbsolute(location) ||
    win32.isAbsolute(location) ||
    /(^|[\\/])\.\.([\\/]|$)/.test(location)
  )
    throw badTensor(tensor, modelPath, `data in ${quoteName(location)}`, "a file in the folder of the model");
  const place = {
    location,
    offset: Number(entries.get("offset") ?? 0),
    length: entries.has("length") ? Number(entries.get("length")) : null,
  };
  if (![place.offset, place.length ?? 0].every((number) => Number.isSafeInteger(number) && number >= 0))
    throw badTensor(tensor, modelPath, `offset ${entries.get("offset")} and length ${entries.get("length")}`, "bytes");
  return place;
}

async function readTensors(modelPath: string, location: string, tensors: readonly TensorProto[]): Promise<void> {
  const path = join(dirname(modelPath), location);
  const unreadable = (error: unknown): never => {
    throw badTensor(tensors[0]!, modelPath, describeError(error), `its data in ${path}`, error);
  };
  // Asked before opening: opening a named pipe would wait for ever.
  const { size } = await regularFile(path).catch(unreadable);
  const file = await open(path, "r").catch(unreadable);
  try {
    // Weights that are tied lie in the same place and are read once.
    const read = new Map<string, Uint8Array>();
    for (const tensor of tensors) {
      const { offset, length } = checkedPlace(tensor, modelPath, path, size);
      const key = `${offset} ${length}`;
      const bytes = read.get(key) ?? (await readBytes(file, offset, length).catch(unreadable));
      read.set(key, bytes);
      tensor.rawData = bytes;
      tensor.externalData = [];
      clearField(tensor, TensorProtoSchema.field.dataLocation);
    }
  } finally {
    await file.close();
  }
}

async function regularFile(path: string): Promise<Stats> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new Error(`${path} is no regular file`);
  return stats;
}

function checkedPlace(
  tensor: TensorProto,
  modelPath: string,
  path: string,
  size: number,
): { readonly offset: number; readonly length: number } {
  const { offset, length: said } = locate(tensor, modelPath);
  const type = elementType(tensor.dataType);
  const length = said ?? (type ? elementCount(tensor) * elementBytes(type) : Math.max(0, size - offset));
  if (offset + length > size)
    throw badTensor(tensor, modelPath, `${size} bytes`, `at least ${offset + length} bytes in ${path}`);
  return { offset, length };
}

async function readBytes(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, chunkBytes), offset + done);
    if (bytesRead === 0) throw new Error("the file ends early");
    done += bytesRead;
  }
  return bytes;
}

function badTensor(tensor: TensorProto, modelPath: string, got: string, expected: string, cause?: unknown): Fault {
  return new Fault("model-invalid", {
    what: `the tensor ${quoteName(tensor.name)} of ${modelPath} has no data that can be read`,
    expected,
    got,
    remedy: "keep the model and all its data files in one folder, or export it as one file",
    cause,
  });
}

export interface WriteOptions {
  /** A model of more bytes keeps its large tensors in `<name>.onnx.data` beside it; by default the limit of protobuf, 2 GB. */
  readonly inlineLimit?: number;
}

/**
 * Writes a model as one file, or as two where it is above the limit. A reader, or a crash at any moment, sees the old model, the
 * new one or (where data lies beside it) none, never a mixture. Throws `output-unwritable`.
 */
export async function writeModel(path: string, model: ModelProto, options: WriteOptions = {}): Promise<void> {
  const { inlineLimit = protobufLimit } = options;
  try {
    await mkdir(dirname(path), { recursive: true });
    const whole = tensorBytes(model) > inlineLimit ? null : serializeModel(model);
    if (whole && whole.length <= inlineLimit) await replaceFile(path, (file) => file.writeFile(whole));
    else await writeSplit(path, model);
  } catch (error) {
    throw new Fault("output-unwritable", { what: `cannot write ${path}`, got: describeError(error), cause: error });
  }
}

function tensorBytes(model: ModelProto): number {
  let total = 0;
  for (const { rawData } of tensorsWithin(model)) total += rawData.length;
  return total;
}

async function writeSplit(path: string, model: ModelProto): Promise<void> {
  const data = `${path}.data`;
  let end = 0;
  const { light, moved } = moveOut(model, ({ rawData }) => {
    const offset = Math.ceil(end / pageBytes) * pageBytes;
    end = offset + rawData.length;
    return externalEntries(basename(data), offset, rawData.length);
  });
  // While the data changes there is no model: the old one would read the new numbers.
  await replaceFile(
    data,
    (file) => writeTensors(file, moved),
    () => rm(path, { force: true }),
  );
  await replaceFile(path, (file) => file.writeFile(serializeModel(light)));
}

async function writeTensors(file: FileHandle, tensors: readonly TensorProto[]): Promise<void> {
  let end = 0;
  for (const { rawData } of tensors) {
    const offset = Math.ceil(end / pageBytes) * pageBytes;
    for (let done = 0; done < rawData.length; ) {
      const length = Math.min(rawData.length - done, chunkBytes);
      done += (await file.write(rawData, done, length, offset + done)).bytesWritten;
    }
    end = offset + rawData.length;
  }
}

/** Writes beside, then renames over the old file; `before` runs between the two. */
async function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await before();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
