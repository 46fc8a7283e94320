/** scripts/check-bundle.py: the model gives the same answers from Python's ONNX Runtime. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeJpeg } from "../src/image/index.js";
import { newHome } from "./cli.js";
import { writeRandomBundle } from "./small-bundle.js";

const script = resolve(import.meta.dirname, "..", "scripts", "check-bundle.py");
const python = ["python3", "python"].find(
  (name) => spawnSync(name, ["-c", "import onnxruntime, PIL, numpy"]).status === 0,
);
const title = python
  ? "check-bundle.py"
  : "check-bundle.py (skipped: no Python with onnxruntime, numpy and pillow was found)";

function check(folder: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(python!, [script, folder], {
    encoding: "utf8",
    env: { ...process.env, PYTHONUTF8: "1" },
  });
  return { code: status, out: stdout, err: stderr };
}

describe.runIf(python)(title, () => {
  let bundle: string;
  let golden: { label: string; probabilities: number[] }[];
  const save = (examples: unknown): void =>
    writeFileSync(join(bundle, "golden", "golden.json"), JSON.stringify(examples));

  beforeAll(async () => {
    const pixels = Uint8Array.from({ length: 96 * 80 * 3 }, (_, i) => (i * 37 + (i % 1013) * 11) % 256);
    const photograph = await encodeJpeg(pixels, 96, 80);
    bundle = await writeRandomBundle([photograph], { decisionBias: [0, 40, 0], labels: ["a|b", "naïve ☕", "c"] });
    golden = JSON.parse(readFileSync(join(bundle, "golden", "golden.json"), "utf8")) as typeof golden;
  });

  test("the golden probabilities, and labels by the model's metadata", () => {
    expect(check(bundle)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok +golden\/0\.pixels\.png: naïve ☕/) as string,
    });
  });

  test("the example in the bundle's README prints the golden label", () => {
    const [, example] = /```python\n([\s\S]*?)```/.exec(readFileSync(join(bundle, "README.md"), "utf8")) ?? [];
    const { stdout, stderr } = spawnSync(python!, ["-c", example!], {
      cwd: bundle,
      encoding: "utf8",
      env: { ...process.env, PYTHONUTF8: "1" },
    });
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: golden[0]!.label, stderr: "" });
  });

  test("a probability that is off by more than 1e-3 fails", () => {
    const [example] = structuredClone(golden);
    example!.probabilities[2]! += 0.0011;
    save([example]);
    expect(check(bundle)).toMatchObject({ code: 1, out: expect.stringContaining("off by 1.1e-03") as string });
  });

  test("another label fails", () => {
    save([{ ...golden[0]!, label: "c" }]);
    expect(check(bundle)).toMatchObject({ code: 1, out: expect.stringMatching(/^not ok/) as string });
  });

  test("a folder that is no bundle is one clear line", () => {
    const folder = join(newHome(), "empty");
    mkdirSync(folder);
    const { code, err } = check(folder);
    expect(code).toBe(2);
    expect(err.trim().split("\n")).toEqual([expect.stringContaining("is no whole bundle")]);
  });
});
