/** Backbones by name or path: the embedded ones, those that the user added, or an ONNX file as it lies. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Fault, sha256 } from "../core/index.js";
import { expandHalf, type ModelProto, parseModel } from "../onnx/index.js";
import { addedFile, listAdded } from "./added.js";
import { importBackbone, type ImportOptions } from "./import.js";
import { declareInput } from "./import-input.js";
import { type Backbone, type BackboneRow, zoo } from "./zoo.js";

/**
 * Finds a backbone in the zoo, among those the user added, or reads a path that ends in `.onnx` (`options` are for that).
 * Throws `usage` for an unknown name, and `model-invalid` for a file that is missing or not the one that was recorded.
 */
export async function loadBackbone(nameOrPath: string, options: ImportOptions = {}): Promise<Backbone> {
  const embedded = zoo.find(({ name }) => name === nameOrPath);
  if (embedded) return loadRow(embedded, embeddedFile(embedded), "install assay again");
  if (isModelFile(nameOrPath)) return importBackbone(nameOrPath, options);
  const added = (await listAdded()).map(({ row }) => row);
  const row = added.find(({ name }) => name === nameOrPath);
  if (row) return loadRow(row, addedFile(row), "remove the backbone and add it again");
  throw new Fault("usage", {
    what: `there is no backbone ${JSON.stringify(nameOrPath)}`,
    expected: `${[...zoo, ...added].map(({ name }) => name).join(", ")} or the path of an .onnx file`,
    remedy: "see `assay backbones`",
  });
}

/** Whether a backbone is named by a file rather than by its name. */
export function isModelFile(nameOrPath: string): boolean {
  return /\.onnx$/i.test(nameOrPath);
}

function embeddedFile({ file }: BackboneRow): string {
  return fileURLToPath(new URL(`../../models/${file}`, import.meta.url));
}

async function loadRow(row: BackboneRow, path: string, remedy: string): Promise<Backbone> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault("model-invalid", { what: `cannot read ${path}`, remedy, cause: error });
  });
  const got = sha256(bytes);
  if (got !== row.sha256)
    throw new Fault("model-invalid", {
      what: `${path} is not the file that was recorded`,
      expected: `SHA-256 ${row.sha256}`,
      got,
      remedy,
    });
  const model = parseModel(bytes, path);
  expandHalf(model);
  if (row.sizes === "free") freeSizes(model, row);
  return { row, model };
}

/** Declares height and width of the input and of every map among the outputs as free. */
function freeSizes(model: ModelProto, row: BackboneRow): void {
  declareInput(model, row.input, null);
  for (const { type } of model.graph!.output) {
    const dims = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
    if (dims.length !== 4) continue;
    dims[2]!.value = { case: "dimParam", value: "map_h" };
    dims[3]!.value = { case: "dimParam", value: "map_w" };
  }
}
