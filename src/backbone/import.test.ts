import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildNetwork, type NetworkForm, networkSide, networkWidth } from "../../test/networks.js";
import { sharedPath } from "../../test/shared.js";
import {
  expandHalf,
  float32,
  floats,
  GraphBuilder,
  makeModel,
  openSession,
  packHalf,
  parseModel,
  serializeModel,
  type Tensor,
  valueDims,
} from "../onnx/index.js";
import { importBackbone, type ImportedBackbone, type ImportOptions } from "./index.js";
import { probeImages } from "./probe.js";

const folder = mkdtempSync(join(tmpdir(), "assay-import-"));
let files = 0;

/** Writes a network to a folder of its own and returns its path. */
function fileOf(graph: GraphBuilder | Uint8Array): string {
  const path = join(mkdtempSync(join(folder, "n")), `network${files++}.onnx`);
  writeFileSync(path, graph instanceof GraphBuilder ? graph.serialize() : graph);
  return path;
}

function importForm(form: NetworkForm, options: ImportOptions = {}): Promise<ImportedBackbone> {
  return importBackbone(fileOf(buildNetwork(form)), options);
}

const unit = { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] } as const;
const images = probeImages(3, networkSide, unit);

async function run(model: Uint8Array, feeds: Record<string, Tensor>): Promise<Readonly<Record<string, Tensor>>> {
  const session = await openSession(model, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

const featuresOf = async ({ model, row }: ImportedBackbone): Promise<Float32Array> => {
  const answers = await run(serializeModel(model), { [row.input]: images });
  expect(answers[row.features]!.dims).toEqual([3, row.width]);
  return floats(answers[row.features]);
};

/** The oracle: the network in its plainest form, run as it is, without any import. */
const plain = run(buildNetwork().serialize(), { image: images }).then((answers) => floats(Object.values(answers)[0]));

function expectClose(actual: Float32Array, expected: Float32Array, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
}

describe("whatever the form of the file, the features are those of the plain network", () => {
  test.each<[string, NetworkForm]>([
    ["pooled features", {}],
    ["features and a classifier beside them", { head: "both" }],
    ["a classifier behind the pooling", { head: "scores" }],
    ["a classifier with softmax", { head: "softmax" }],
    ["Keras's classifier on channels that come last", { head: "keras" }],
    ["a classifier that is a 1×1 convolution", { head: "convolved" }],
    ["no pooling", { head: "map" }],
    ["no pooling, channels last in the output", { head: "mapLast" }],
    ["no pooling and tokens that are patches", { head: "patches" }],
    ["channels last in the input", { layout: "nhwc" }],
    ["channels last, free sides, a classifier", { layout: "nhwc", sides: ["h", "w"], head: "keras" }],
    ["a fixed batch of one", { batch: 1 }],
    ["a fixed batch of one in a reshape", { batch: 1, head: "reshaped" }],
    ["a fixed batch of eight", { batch: 8 }],
    ["free sides", { sides: ["height", "width"] }],
    ["float64 input", { input: "float64" }],
  ])("%s", async (_name, form) => {
    const backbone = await importForm(form, { size: networkSide, mean: [0.5], std: [0.5] });
    expectClose(await featuresOf(backbone), await plain);
    expect(backbone.row.width).toBe(networkWidth);
    expect(valueDims(backbone.model.graph!.input[0]!)[0]).toBe("n");
  });

  test("activations are the map that the features average, where there is one", async () => {
    for (const head of ["pooled", "keras", "map", "mapLast", "reshaped"] as const) {
      const { model, row } = await importForm({ head });
      const answers = await run(serializeModel(model), { [row.input]: images });
      const map = answers[row.activations!]!;
      expect(map.dims).toEqual([3, networkWidth, 8, 8]);
      const means = Float32Array.from({ length: 3 * networkWidth }, (_, i) =>
        floats(map)
          .subarray(i * 64, i * 64 + 64)
          .reduce((sum, value) => sum + value / 64, 0),
      );
      expectClose(means, floats(answers[row.features]));
    }
    expect((await importForm({ head: "vision" })).row.activations).toBeNull();
  });

  test("the scores of a classifier stay an output, without their softmax", async () => {
    const [scores] = Object.values(await run(buildNetwork({ head: "scores" }).serialize(), { image: images }));
    for (const head of ["scores", "softmax", "both", "convolved"] as const) {
      const { model, row } = await importForm({ head });
      const answers = await run(serializeModel(model), { [row.input]: images });
      expectClose(floats(answers[row.logits!]), floats(scores));
    }
    expect((await importForm({ head: "pooled" })).row.logits).toBeNull();
  });

  test("weights in half precision", async () => {
    const rounded = buildNetwork({ head: "scores" });
    for (const tensor of rounded.model.graph!.initializer)
      tensor.rawData = new Uint8Array(
        new Float32Array(new Uint8Array(tensor.rawData).buffer).map((value) => Math.round(value * 256) / 256).buffer,
      );
    const [path, expected] = [fileOf(rounded), await importBackbone(fileOf(rounded))];
    packHalf(rounded.model);
    writeFileSync(path, rounded.serialize());
    const halved = await importBackbone(path);
    expect(await featuresOf(halved)).toEqual(await featuresOf(expected));
    expect(halved.row.sha256).toBe(expected.row.sha256);
    expect(halved.model.graph!.initializer.some(({ dataType }) => dataType === 10)).toBe(false);
  });

  test("bytes as input: pixels go in as they are", async () => {
    const backbone = await importForm({ input: "uint8" }, { mean: [0], std: [1], pixels: 255 });
    const bytes = Float32Array.from(floats(probeImages(1, networkSide, { mean: [0, 0, 0], deviation: [1, 1, 1] })));
    const feed = float32([1, 3, networkSide, networkSide], bytes);
    const answers = await run(serializeModel(backbone.model), { [backbone.row.input]: feed });
    const [expected] = Object.values(await run(buildNetwork().serialize(), { image: feed }));
    expectClose(floats(answers[backbone.row.features]), floats(expected), 1e-3);
  });

  test("blue first: red and blue change places", async () => {
    const backbone = await importForm({}, { bgr: true });
    const swapped = floats(images).slice();
    const area = networkSide ** 2;
    for (let image = 0; image < 3; image++) {
      const at = image * 3 * area;
      swapped.set(floats(images).subarray(at, at + area), at + 2 * area);
      swapped.set(floats(images).subarray(at + 2 * area, at + 3 * area), at);
    }
    const answers = await run(serializeModel(backbone.model), { [backbone.row.input]: float32(images.dims, swapped) });
    expectClose(floats(answers[backbone.row.features]), await plain);
  });
});

describe("transformers", () => {
  test("the class token is taken where one is in front of the patches, their mean where not; --tokens decides otherwise", async () => {
    const [tokens] = Object.values(
      await run(buildNetwork({ head: "classToken" }).serialize().slice(), { image: probeImages(1, networkSide, unit) }),
    );
    const values = floats(tokens);
    const first = values.slice(0, networkWidth);
    const mean = Float32Array.from({ length: networkWidth }, (_, c) => {
      let sum = 0;
      for (let token = 0; token < 65; token++) sum += values[token * networkWidth + c]!;
      return sum / 65;
    });
    const found = await importForm({ head: "classToken", batch: 1 });
    expectClose((await featuresOf(found)).slice(0, networkWidth), first);
    const told = await importForm({ head: "classToken", batch: 1 }, { tokens: "mean" });
    expectClose((await featuresOf(told)).slice(0, networkWidth), mean);
  });

  test("a class token that the file holds once is repeated for each picture, and the classifier behind it is cut", async () => {
    const { row } = await importForm({ head: "vision", batch: 1 });
    expect(row).toMatchObject({ width: networkWidth, activations: null, logits: "scores" });
  });
});

describe("what is found is in the row", () => {
  test("multiply-adds by hand, name, license, sizes", async () => {
    const { row } = await importForm({ sides: ["h", "w"] }, { size: 32, name: "tiny", license: "MIT" });
    expect(row.multiplyAdds).toBe(16 * 16 * 10 * 3 * 9 + 8 * 8 * 12 * 10 * 9);
    expect(row).toMatchObject({ name: "tiny", file: "tiny.onnx", license: "MIT", sizes: "free" });
    expect((await importForm({ head: "reshaped" })).row.sizes).toBe("fixed");
  });

  test("a named value is taken instead of what would be found", async () => {
    const { row } = await importForm({ head: "scores" }, { features: "first/map" });
    expect(row).toMatchObject({ width: 10, activations: "first/map" });
    await expect(importForm({}, { features: "nothing" })).rejects.toMatchObject({
      code: "model-invalid",
      what: 'the backbone has no value "nothing"',
    });
  });

  test("what is stored is the network: its bytes load and give the same", async () => {
    const backbone = await importForm({ layout: "nhwc", head: "softmax" });
    const model = parseModel(backbone.bytes, "stored");
    expandHalf(model);
    expect(await featuresOf({ ...backbone, model })).toEqual(await featuresOf(backbone));
  });
});

describe("what is no backbone is one clear fault", () => {
  const text = new GraphBuilder();
  text.input({ name: "tokens", type: "int64", dims: ["n", "length"] });
  text.node("Cast", ["tokens"], { to: 1n }, "y");
  text.output({ name: "y", type: "float32", dims: ["n", "length"] });
  const odd = (domain: string): GraphBuilder => {
    const graph = new GraphBuilder(makeModel(17, domain === "" ? [] : [domain]));
    graph.input({ name: "image", type: "float32", dims: ["n", 3, 32, 32] });
    graph.node("Sharpen", ["image"], {}, "sharp", domain);
    graph.output({ name: "sharp", type: "float32", dims: ["n", 3, 32, 32] });
    return graph;
  };
  const constant = buildNetwork();
  for (const weight of constant.model.graph!.initializer) weight.rawData = new Uint8Array(weight.rawData.length);
  const twice = buildNetwork();
  twice.input({ name: "mask", type: "float32", dims: ["n", 1] });

  test.each<[string, () => string, RegExp]>([
    [
      "no file",
      () => join(folder, "none.onnx"),
      /^cannot read .*none\.onnx; got ENOENT.*Remedy: give the path of an \.onnx file/,
    ],
    ["text", () => fileOf(Buffer.from("no model")), /is no ONNX model/],
    ["a file cut off", () => fileOf(buildNetwork().serialize().subarray(0, 3000)), /is no ONNX model/],
    ["features that never change", () => fileOf(constant), /features are the same for every picture/],
    ["no image input", () => fileOf(text), /no image input; expected .*; got tokens \[n, length\]/],
    ["a second input", () => fileOf(twice), /inputs beside the image.*got image \[.*\] and mask \[n, 1\]/],
    [
      "gray pictures",
      () => fileOf(buildNetwork({ channels: 1 })),
      /has not three channels; expected .*; got \[n, 1, 32, 32\]/,
    ],
    ["other sides", () => fileOf(buildNetwork({ sides: [32, 64] })), /is not square; .*got 32 × 64/],
    [
      "an unknown operator",
      () => fileOf(buildNetwork({ head: "unknown" })),
      /needs the operator com\.example:Sharpen, which ONNX Runtime does not have/,
    ],
    [
      "an unknown operator of a known domain",
      () => fileOf(odd("com.example")),
      /needs the operator com\.example:Sharpen/,
    ],
    ["an unknown standard operator", () => fileOf(odd("")), /needs the operator Sharpen/],
    [
      "nothing to pool",
      () => fileOf(buildNetwork({ head: "number" })),
      /no output that can be pooled; .* name a value of the graph with --features/,
    ],
    [
      "NaN",
      () => fileOf(buildNetwork({ head: "nan" })),
      /features are no numbers; expected finite values; got NaN or infinity in 24 of 24/,
    ],
    ["a batch that is joined", () => fileOf(buildNetwork({ head: "joined", batch: 1 })), /one picture at a time/],
  ])("%s", async (_name, path, message) => {
    const fault = await importBackbone(path()).then(
      () => null,
      (error: unknown) => error as Error & { code: string },
    );
    expect(fault?.code).toBe("model-invalid");
    expect(fault?.message).toMatch(message);
    expect(fault?.message).not.toContain("\n");
  });
});

describe.runIf(sharedPath)("real networks", () => {
  test.each([
    ["efficientnetv2-b0", "top_conv.o.a", "logits"],
    ["mobilenetv2-7-features", "c95a", null],
  ])("%s", async (name, activations, logits) => {
    const { row } = await importBackbone(join(sharedPath!, "weights", `${name}.onnx`), { size: 96 });
    expect(row).toMatchObject({ name, width: 1280, activations, logits, features: "features", sizes: "free" });
  });
});
