/** Backbones that the user added: one ONNX file and one JSON row each, in the user's state folder. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, Fault } from "../core/index.js";
import { type Environment, errorCode, stateFolder, writeFileAtomic, writeJson, writing } from "../store/index.js";
import type { ImportedBackbone } from "./import.js";
import { type BackboneRow, zoo } from "./zoo.js";

/** What is kept of an added backbone beside its network. */
export interface AddedBackbone {
  readonly schema: 1;
  readonly row: BackboneRow;
  /** The path or address it was added from, and the SHA-256 of what was there. */
  readonly origin: { readonly from: string; readonly sha256: string };
  /** What `runGolden` gave when it was added. */
  readonly golden: readonly number[];
  readonly notes: readonly string[];
}

/** Letters, digits, dot, dash and underscore: a name is also a file's name on every system. */
const validName = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

export function backboneFolder(environment: Environment = process.env): string {
  return join(stateFolder(environment), "backbones");
}

/** Path of the network of an added backbone. */
export function addedFile({ file }: BackboneRow, environment: Environment = process.env): string {
  return join(backboneFolder(environment), file);
}

/** The added backbones, by name. Throws `model-invalid` for a row that cannot be read. */
export async function listAdded(environment: Environment = process.env): Promise<AddedBackbone[]> {
  const folder = backboneFolder(environment);
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  const rows = names.filter((name) => name.endsWith(".json")).toSorted();
  return Promise.all(rows.map((name) => readRow(join(folder, name))));
}

/** Keeps a backbone under its name. Throws `usage` for a name that is taken or cannot be one. */
export async function addBackbone(
  { row, bytes, notes }: ImportedBackbone,
  origin: AddedBackbone["origin"],
  golden: readonly number[],
  environment: Environment = process.env,
): Promise<AddedBackbone> {
  await checkFreeName(row.name, environment);
  const added: AddedBackbone = { schema: 1, row, origin, golden, notes };
  const folder = backboneFolder(environment);
  await writing(folder, () => mkdir(folder, { recursive: true }));
  await writeFileAtomic(addedFile(row, environment), bytes);
  await writeJson(rowFile(row.name, environment), added);
  return added;
}

/** Throws `usage` for a name that no added backbone can have. */
export async function checkFreeName(name: string, environment: Environment = process.env): Promise<void> {
  if (!validName.test(name) || /\.onnx$/i.test(name))
    throw new Fault("usage", {
      what: `${JSON.stringify(name)} cannot be the name of a backbone`,
      expected: "letters, digits, dots, dashes and underscores, at most 64, not ending in .onnx",
      remedy: "give another one with --name",
    });
  const taken = [...zoo, ...(await listAdded(environment)).map(({ row }) => row)];
  // Without regard to case: some file systems have none.
  if (taken.some((row) => row.name.toLowerCase() === name.toLowerCase()))
    throw new Fault("usage", {
      what: `there is a backbone ${JSON.stringify(name)} already`,
      remedy: "give another name with --name, or remove that one first",
    });
}

/** Deletes an added backbone. Throws `usage` for one that is embedded or not there. */
export async function removeBackbone(name: string, environment: Environment = process.env): Promise<void> {
  if (zoo.some((row) => row.name === name))
    throw new Fault("usage", { what: `${name} is part of assay and stays`, remedy: "remove an added backbone only" });
  const path = rowFile(name, environment);
  const added = validName.test(name) ? await readFile(path).catch(() => null) : null;
  if (added === null)
    throw new Fault("usage", {
      what: `there is no added backbone ${JSON.stringify(name)}`,
      remedy: "see `assay backbones list`",
    });
  await writing(path, async () => {
    await rm(join(backboneFolder(environment), `${name}.onnx`), { force: true });
    await rm(path, { force: true });
  });
}

function rowFile(name: string, environment: Environment): string {
  return join(backboneFolder(environment), `${name}.json`);
}

async function readRow(path: string): Promise<AddedBackbone> {
  const broken = (got: string, cause?: unknown): Fault =>
    new Fault("model-invalid", {
      what: `${path} is no row of an added backbone`,
      expected: "what this version of `assay backbones add` wrote",
      got,
      remedy: "remove the backbone and add it again",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw broken(describeError(error), error);
  }
  if (!isAdded(value)) throw broken("another content");
  return value;
}

function isAdded(value: unknown): value is AddedBackbone {
  const { schema, row, origin, golden } = { ...(value as Partial<AddedBackbone> | null) };
  const texts = [row?.name, row?.file, row?.sha256, row?.input, row?.features, row?.license, origin?.from];
  const numbers = [row?.width, row?.view?.size, ...(row?.mean ?? [null]), ...(row?.deviation ?? [null])];
  return (
    schema === 1 &&
    texts.every((one) => typeof one === "string") &&
    numbers.every((one) => typeof one === "number") &&
    Array.isArray(golden) &&
    validName.test(row!.name) &&
    row!.file === `${row!.name}.onnx`
  );
}
