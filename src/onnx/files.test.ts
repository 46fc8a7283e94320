import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ElementType,
  float32,
  floats,
  GraphBuilder,
  type ModelProto,
  openSession,
  readModel,
  serializeModel,
  splitModel,
  type Tensor,
  tensorData,
  writeModel,
} from "./index.js";

const fixtures = join(import.meta.dirname, "fixtures");

interface Expected {
  readonly dims: readonly number[];
  readonly values: readonly string[];
}

/** Written by Python's onnx package; see fixtures/make-onnx-oracle.py. */
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as Readonly<
  Record<ElementType, Expected>
>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
});

function constants(model: ModelProto): ReadonlyMap<string, Tensor> {
  return new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensorData(tensor)]));
}

describe("tensors of every element type are read as Python's onnx reads them", () => {
  test.each(["typed.onnx", "raw.onnx", "external.onnx"])("%s", async (file) => {
    const read = constants(await readModel(join(fixtures, file)));
    expect([...read.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, { type, dims, data }] of read) {
      const { dims: size, values } = expected[name as ElementType];
      expect([name, type, dims]).toEqual([name, name, size]);
      const numbers = values.map((value) => (typeof data[0] === "bigint" ? BigInt(value) : Number(value)));
      expect([...data]).toEqual(numbers);
    }
  });

  test("a size that is not that of the dimensions is a fault", async () => {
    const model = await readModel(join(fixtures, "raw.onnx"));
    const tensor = model.graph!.initializer[0]!;
    tensor.rawData = tensor.rawData.subarray(4);
    expect(() => tensorData(tensor)).toThrowError(expect.objectContaining({ code: "model-invalid" }) as Error);
    tensor.rawData = tensor.rawData.subarray(1);
    expect(() => tensorData(tensor)).toThrowError(/11 bytes for elements of 4/);
  });
});

/** y = x · w + b with w [300, 40] and b [40]: one tensor of 48 000 bytes, one that is small. */
function affine(scale = 1): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 300] });
  const weights = Float32Array.from({ length: 12_000 }, (_, i) => scale * Math.sin(i));
  graph.node(
    "Gemm",
    ["x", graph.floats(weights, [300, 40], "w"), graph.floats(new Float32Array(40).fill(1), [40], "b")],
    {},
    "y",
  );
  graph.output({ name: "y", type: "float32", dims: ["n", 40] });
  return graph;
}

const feeds = {
  x: float32(
    [1, 300],
    Float32Array.from({ length: 300 }, (_, i) => Math.cos(i)),
  ),
};

async function answerOf(model: Parameters<typeof openSession>[0]): Promise<Float32Array> {
  const session = await openSession(model, { threads: 1 });
  try {
    return floats((await session.run(feeds, ["y"])).y);
  } finally {
    await session.close();
  }
}

describe("model files", () => {
  test("below the limit are one file", async () => {
    await writeModel(join(folder, "a.onnx"), affine().model);
    expect(readdirSync(folder)).toEqual(["a.onnx"]);
    expect(await answerOf(join(folder, "a.onnx"))).toEqual(await answerOf(affine().serialize()));
  });

  test("above it have their large tensors beside them, and give the same numbers back", async () => {
    const { model } = affine();
    await writeModel(join(folder, "a.onnx"), model, { inlineLimit: 10_000 });
    expect(readdirSync(folder).toSorted()).toEqual(["a.onnx", "a.onnx.data"]);
    expect(statSync(join(folder, "a.onnx")).size).toBeLessThan(1000);
    expect(model.graph!.initializer[0]!.rawData).toHaveLength(48_000);
    const again = await readModel(join(folder, "a.onnx"));
    expect(constants(again)).toEqual(constants(model));
    expect(Buffer.compare(serializeModel(again), serializeModel(model))).toBe(0);
    // ONNX Runtime resolves the same file by itself.
    expect(await answerOf(join(folder, "a.onnx"))).toEqual(await answerOf(serializeModel(model)));
  });

  test("are replaced as a whole", async () => {
    const path = join(folder, "a.onnx");
    await writeModel(path, affine(1).model, { inlineLimit: 10_000 });
    await writeModel(path, affine(2).model, { inlineLimit: 10_000 });
    expect(constants(await readModel(path))).toEqual(constants(affine(2).model));
    await writeModel(path, affine(3).model);
    expect(constants(await readModel(path))).toEqual(constants(affine(3).model));
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("that cannot be written are a fault", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(writeModel(join(folder, "file", "a.onnx"), affine().model)).rejects.toMatchObject({
      code: "output-unwritable",
    });
  });

  test("split in memory compute the same", async () => {
    const split = splitModel(affine().model);
    expect(split.graph.length).toBeLessThan(1000);
    expect(Object.values(split.externalData).map(({ length }) => length)).toEqual([48_000]);
    expect(await answerOf(split)).toEqual(await answerOf(affine().serialize()));
  });
});

describe("data beside a model", () => {
  /** A copy of the fixture whose tensors say `location`. */
  async function broken(location: string): Promise<string> {
    const bytes = readFileSync(join(fixtures, "external.onnx")).toString("latin1");
    const padded = location.padEnd("external.bin".length, "x");
    expect(padded).toHaveLength("external.bin".length);
    const path = join(folder, "m.onnx");
    writeFileSync(path, Buffer.from(bytes.replaceAll("external.bin", padded), "latin1"));
    return path;
  }

  test.each(["../secretxxx", "/etc/hostnam", "C:\\data\\xxxx", "a\\..\\..\\bin", "sub/../../xx"])(
    "must not leave the folder: %s",
    async (location) => {
      await expect(readModel(await broken(location))).rejects.toMatchObject({
        code: "model-invalid",
        message: expect.stringContaining("float32") as string,
      });
    },
  );

  test("that is missing is a fault with file and tensor", async () => {
    const fault = await readModel(await broken("missing.binx")).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "model-invalid" });
    expect(String(fault)).toContain(join(folder, "missing.binx"));
    expect(String(fault)).toContain('"float32"');
  });

  test("that is cut off is a fault with file and tensor", async () => {
    const path = await broken("external.bin");
    copyFileSync(join(fixtures, "external.bin"), join(folder, "external.bin"));
    await expect(readModel(path)).resolves.toBeDefined();
    truncateSync(join(folder, "external.bin"), 90);
    const fault = await readModel(path).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "model-invalid" });
    expect(String(fault)).toMatch(/got 90 bytes/);
    expect(String(fault)).toContain("external.bin");
  });

  test("that is a folder is a fault", async () => {
    mkdirSync(join(folder, "external.bin"));
    await expect(readModel(await broken("external.bin"))).rejects.toMatchObject({ code: "model-invalid" });
  });

  test("a model that is not there is a fault", async () => {
    await expect(readModel(join(folder, "none.onnx"))).rejects.toMatchObject({ code: "model-invalid" });
  });
});

const hasPython = spawnSync("python3", ["-c", "import onnx"]).status === 0;

test.skipIf(!hasPython)("Python's onnx reads and accepts what is written with data beside it", async () => {
  await writeModel(join(folder, "a.onnx"), affine().model, { inlineLimit: 10_000 });
  const script = `
import onnx, sys
from onnx import numpy_helper
onnx.checker.check_model(sys.argv[1])
w = numpy_helper.to_array(onnx.load(sys.argv[1]).graph.initializer[0])
print(w.shape, float(w[7, 7]))`;
  const { stdout, stderr } = spawnSync("python3", ["-c", script, join(folder, "a.onnx")], { encoding: "utf8" });
  expect(`${stdout}${stderr}`.trim()).toBe(`(300, 40) ${Math.fround(Math.sin(287))}`);
});
