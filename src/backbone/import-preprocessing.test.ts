import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildNetwork, type NetworkForm, networkSide } from "../../test/networks.js";
import { type GraphBuilder, setMetadata } from "../onnx/index.js";
import { importBackbone, type ImportedBackbone, type ImportOptions } from "./index.js";

/** Writes a network to a folder of its own and returns its path. */
function fileOf(graph: GraphBuilder): string {
  const path = join(mkdtempSync(join(tmpdir(), "assay-preprocessing-")), "network.onnx");
  writeFileSync(path, graph.serialize());
  return path;
}

function importForm(form: NetworkForm, options: ImportOptions = {}): Promise<ImportedBackbone> {
  return importBackbone(fileOf(buildNetwork(form)), options);
}

describe("preprocessing", () => {
  const imageNet = { mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] };

  async function rowWith(
    metadata: Record<string, string>,
    options: ImportOptions = {},
    form: NetworkForm = {},
  ): Promise<ImportedBackbone> {
    const graph = buildNetwork(form);
    setMetadata(graph.model, metadata);
    return importBackbone(fileOf(graph), options);
  }

  test("is ImageNet's by default, and says so", async () => {
    const { row, notes } = await rowWith({});
    for (const part of ["mean", "deviation"] as const)
      for (const [i, value] of imageNet[part].entries()) expect(row[part][i]).toBeCloseTo(value, 9);
    expect(notes[0]).toBe("mean and deviation: ImageNet's, as neither the network nor a flag says otherwise");
    expect(row.view).toEqual({ mode: "crop", size: networkSide, cropFraction: 0.875, kernel: "cubic" });
  });

  test.each<[string, Record<string, string>, ImportOptions, number, number]>([
    ["our own metadata", { input_mean: "127", input_std: "128" }, {}, 127, 128],
    ["metadata for pixels of 0 to 1", { mean: "[0.5, 0.5, 0.5]", std: "[0.5, 0.5, 0.5]" }, {}, 127.5, 127.5],
    ["ONNX's own pixel range", { "Image.NominalPixelRange": "Normalized_0_1" }, {}, 0, 255],
    ["flags above metadata", { input_mean: "127", input_std: "128" }, { mean: [0.5], std: [0.25] }, 127.5, 63.75],
    ["flags for pixels of 0 to 255", {}, { mean: [0.5], std: [0.5], pixels: 255 }, 0.5, 0.5],
    ["flags whose size tells what they are for", {}, { mean: [103], std: [1] }, 103, 1],
    ["no normalization, told apart by the range", {}, { mean: [0], std: [1], pixels: 1 }, 0, 255],
  ])("from %s", async (_name, metadata, options, mean, deviation) => {
    const { row } = await rowWith(metadata, options);
    expect(row.mean[0]).toBeCloseTo(mean, 9);
    expect(row.deviation[2]).toBeCloseTo(deviation, 9);
  });

  test("from what Hugging Face and timm put beside a network", async () => {
    const path = fileOf(buildNetwork({ sides: ["h", "w"] }));
    const facts = {
      image_mean: [0.1, 0.2, 0.3],
      image_std: [0.4, 0.5, 0.6],
      size: { height: 48, width: 48 },
      resample: 2,
    };
    writeFileSync(join(path, "..", "preprocessor_config.json"), JSON.stringify(facts));
    const { row } = await importBackbone(path);
    expect(row.view).toMatchObject({ size: 48, kernel: "linear" });
    expect(row.mean[1]).toBeCloseTo(51, 9);
    const other = fileOf(buildNetwork({ sides: ["h", "w"] }));
    const timm = { pretrained_cfg: { mean: [0, 0, 0], std: [0.5, 0.5, 0.5], crop_pct: 0.9, input_size: [3, 64, 64] } };
    writeFileSync(join(other, "..", "config.json"), JSON.stringify(timm));
    expect((await importBackbone(other)).row.view).toMatchObject({ size: 64, cropFraction: 0.9 });
  });

  test("flags that cannot be are usage faults", async () => {
    const wrong: ImportOptions[] = [
      { mean: [0], std: [1] },
      { std: [0] },
      { mean: [1, 2] },
      { size: 48 },
      { cropFraction: 2 },
    ];
    for (const options of wrong) await expect(importForm({}, options)).rejects.toMatchObject({ code: "usage" });
  });
});
