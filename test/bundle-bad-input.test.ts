/** Bundles that were changed, cut, mixed up or carried elsewhere: refused in one clear line, or used with what was tolerated said. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type BundleManifest, openBundle } from "../src/bundle/index.js";
import { hashContent, sealManifest } from "../src/bundle/manifest.js";
import { Fault, type FaultCode, sha256 } from "../src/core/index.js";
import { assay, newHome } from "./cli.js";
import { jpeg } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

let whole: string;
let photograph: string;
let files: readonly string[];
beforeAll(async () => {
  const home = newHome();
  whole = await writeRandomBundle([await jpeg("golden", 80, 60)], {
    view: { mode: "squash", size: 32, kernel: "cubic" },
  });
  photograph = join(home, "photograph.jpg");
  writeFileSync(photograph, await jpeg("photograph", 80, 60));
  files = Object.keys(readManifest(whole).files);
});

const readManifest = (folder: string): BundleManifest =>
  JSON.parse(readFileSync(join(folder, "assay.json"), "utf8")) as BundleManifest;

const writeManifest = (folder: string, manifest: unknown): void =>
  writeFileSync(join(folder, "assay.json"), JSON.stringify(manifest));

/** A copy of the bundle for one test to spoil. */
function copyBundle(): string {
  const folder = join(newHome(), "bundle");
  cpSync(whole, folder, { recursive: true });
  return folder;
}

/** Writes the manifest that assay itself would have written about the changed files: every hash is right. */
function reseal(folder: string, change: (manifest: BundleManifest) => Partial<BundleManifest> = () => ({})): void {
  const { manifestHash: _, ...old } = readManifest(folder);
  const hashes = Object.keys(old.files).map((name) => [name, sha256(readFileSync(join(folder, name)))]);
  const named = { ...old, files: Object.fromEntries(hashes) as Record<string, string> };
  const changed = { ...named, model: named.files["model.onnx"]!, ...change(readManifest(folder)) };
  writeManifest(folder, sealManifest({ ...changed, bundleHash: hashContent(changed) }));
}

function without(manifest: BundleManifest, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(manifest.files).filter(([other]) => other !== name));
}

function changeByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
}

interface Golden {
  label: string;
  probabilities: number[];
  image: string;
}

function changeGolden(folder: string, change: (example: Golden) => void): void {
  const path = join(folder, "golden", "golden.json");
  const examples = JSON.parse(readFileSync(path, "utf8")) as Golden[];
  change(examples[0]!);
  writeFileSync(path, JSON.stringify(examples));
}

/** Opens the bundle, which must be refused, and returns the line. */
async function refused(folder: string, code: FaultCode): Promise<string> {
  const fault: unknown = await openBundle(folder, 1).then(
    (bundle) => bundle.close(),
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ code });
  return (fault as Fault).message;
}

test("the bundle that all of these spoil is sound, and so is a resealed copy", async () => {
  const copy = copyBundle();
  reseal(copy);
  expect(readManifest(copy)).toEqual(readManifest(whole));
  const bundle = await openBundle(copy, 1);
  expect(bundle.golden).toMatchObject({ exact: true, unlike: [], difference: 0 });
  await bundle.close();
});

describe("a file", () => {
  test("with a changed byte is named, whichever it is", async () => {
    expect(files).toEqual(expect.arrayContaining(["model.onnx", "provenance.json", "README.md", "golden/0.png"]));
    for (const name of files) {
      const folder = copyBundle();
      changeByte(join(folder, name));
      expect(await refused(folder, "bundle-invalid")).toContain(
        `${join(folder, name)} is not the file that was written`,
      );
    }
  });

  test("that is missing is named, whichever it is", async () => {
    for (const name of files) {
      const folder = copyBundle();
      rmSync(join(folder, name));
      expect(await refused(folder, "bundle-missing")).toContain(`cannot read ${join(folder, name)}; got ENOENT`);
    }
  });

  test("that is cut off is named", async () => {
    const folder = copyBundle();
    const model = readFileSync(join(folder, "model.onnx"));
    writeFileSync(join(folder, "model.onnx"), model.subarray(0, model.length / 2));
    expect(await refused(folder, "bundle-invalid")).toContain("model.onnx is not the file");
  });
});

describe("the manifest", () => {
  const edits: Readonly<Record<string, (manifest: BundleManifest) => object>> = {
    labels: ({ labels }) => ({ labels: labels.toReversed() }),
    "a label's name": ({ labels }) => ({ labels: ["squares", ...labels.slice(1)] }),
    preprocessing: ({ preprocessing }) => ({ preprocessing: { ...preprocessing, mode: "crop" } }),
    "decision bias": () => ({ decisionBias: [9, 0, 0] }),
    platform: () => ({ platform: "elsewhere" }),
    "a file's hash": ({ files: old }) => ({ files: { ...old, "README.md": "0".repeat(64) } }),
    "a file left out": (manifest) => ({ files: without(manifest, "README.md") }),
  };

  test.each(Object.keys(edits))("edited by hand: %s", async (what) => {
    const folder = copyBundle();
    const manifest = readManifest(folder);
    writeManifest(folder, { ...manifest, ...edits[what]!(manifest) });
    expect(await refused(folder, "bundle-invalid")).toContain("assay.json was changed after it was written");
  });

  test("of a newer schema says by which version it was written, whatever else it holds", async () => {
    const folder = copyBundle();
    writeManifest(folder, { schema: 2, versions: { assay: "3.1.4" } });
    expect(await refused(folder, "bundle-invalid")).toMatch(
      /written by assay 3\.1\.4, which is newer than this one; expected schema 1, .*; got schema 2\. Remedy: use assay 3\.1\.4/,
    );
    writeManifest(folder, { schema: 7 });
    expect(await refused(folder, "bundle-invalid")).toMatch(/a newer version of assay.*got schema 7/);
  });

  test.each([
    "",
    "[]",
    "null",
    '"text"',
    "{}",
    '{"schema": 1}',
    '{"schema": "1", "files": {}}',
    '{"schema": 1, "files',
  ])("that reads %j is none", async (text) => {
    const folder = copyBundle();
    writeFileSync(join(folder, "assay.json"), text);
    expect(await refused(folder, "bundle-invalid")).toContain("assay.json is no manifest of a bundle");
  });

  test.each(["../outside.txt", "/etc/hostname", "golden\\..\\..\\x"])("may not name %s", async (name) => {
    const folder = copyBundle();
    reseal(folder, ({ files: old }) => ({ files: { ...old, [name]: "0".repeat(64) } }));
    expect(await refused(folder, "bundle-invalid")).toContain(`it names ${JSON.stringify(name)}`);
  });

  test("must vouch for model, provenance and golden examples", async () => {
    for (const name of ["model.onnx", "provenance.json", "golden/golden.json"]) {
      const folder = copyBundle();
      reseal(folder, (manifest) => ({ files: without(manifest, name) }));
      expect(await refused(folder, "bundle-invalid")).toContain(`it has no hash of ${name}`);
    }
  });
});

describe("golden examples, where every hash is right,", () => {
  test.each(["[]", "{}", "null", "no JSON", '[{"image": "golden/9.png", "pixels": "golden/9.png"}]'])(
    "cannot be %s",
    async (text) => {
      const folder = copyBundle();
      writeFileSync(join(folder, "golden", "golden.json"), text);
      reseal(folder);
      expect(await refused(folder, "bundle-invalid")).toContain("has no golden examples");
    },
  );

  test("refuse labels in another order, and another way to prepare", async () => {
    const turned = copyBundle();
    reseal(turned, ({ labels }) => ({ labels: [labels[1]!, labels[2]!, labels[0]!] }));
    expect(await refused(turned, "bundle-golden")).toMatch(
      /golden\/0\.png is not reproduced; expected (\w+),.*got (?!\1)/,
    );
    const cropped = copyBundle();
    reseal(cropped, ({ preprocessing }) => ({ preprocessing: { ...preprocessing, mode: "crop", cropFraction: 0.5 } }));
    expect(await refused(cropped, "bundle-golden")).toMatch(/pixels within 0 .*pixels off by [1-9]/);
  });

  test("must agree to the last bit on the platform that wrote them", async () => {
    const folder = copyBundle();
    changeGolden(folder, ({ probabilities }) => (probabilities[0]! += 1e-6));
    reseal(folder);
    expect(await refused(folder, "bundle-golden")).toMatch(
      /probabilities within 0; got .*probabilities by 0\.00000(?:1|09)/,
    );
  });
});

describe("on another platform than the one that wrote it", () => {
  const elsewhere = ({ versions }: BundleManifest): Partial<BundleManifest> => ({
    platform: "another one",
    versions: { ...versions, libvips: "8.1.2" },
  });

  test("a difference within the tolerance is accepted and said on standard error, and the rows stay as they are", async () => {
    const folder = copyBundle();
    changeGolden(folder, ({ probabilities }) => (probabilities[0]! += 0.01));
    reseal(folder, elsewhere);
    const { code, out, err } = await assay(newHome(), "predict", folder, photograph);
    expect(code).toBe(0);
    expect(err).toMatch(
      /^assay: golden examples agree within 0\.010 of a probability; up to 0\.02 is tolerated here: libvips [\d.]+ instead of 8\.1\.2\n$/,
    );
    const same = await assay(newHome(), "predict", whole, photograph);
    expect(same).toMatchObject({ code: 0, err: "", out });
  });

  test("another processor alone is said too", async () => {
    const folder = copyBundle();
    reseal(folder, () => ({ platform: "another one" }));
    const bundle = await openBundle(folder, 1);
    expect(bundle.golden).toMatchObject({ exact: false, unlike: ["another processor or system"], difference: 0 });
    await bundle.close();
  });

  test("a difference beyond it is refused and says by how much, and so is another label", async () => {
    const folder = copyBundle();
    changeGolden(folder, ({ probabilities }) => (probabilities[0]! += 0.03));
    reseal(folder, elsewhere);
    expect(await refused(folder, "bundle-golden")).toMatch(
      /within 0\.02 \(tolerances, for libvips .*probabilities by 0\.03/,
    );
    const other = copyBundle();
    changeGolden(other, (example) => (example.label = "something else"));
    reseal(other, elsewhere);
    expect(await refused(other, "bundle-golden")).toContain("expected something else");
  });
});

test("a model that needs a newer ONNX Runtime says which one wrote it", async () => {
  const folder = copyBundle();
  const model = readFileSync(join(folder, "model.onnx"));
  expect(model[0]).toBe(0x08); // ModelProto.ir_version, a varint of one byte
  model[1] = 99;
  writeFileSync(join(folder, "model.onnx"), model);
  reseal(folder, ({ versions }) => ({ versions: { ...versions, onnxruntime: "9.9.9", assay: "3.1.4" } }));
  expect(await refused(folder, "engine-failed")).toMatch(
    /ONNX Runtime [\d.]+ cannot load .*model\.onnx; expected .*9\.9\.9.*; got .*IR version.*Remedy: use assay 3\.1\.4 or newer/,
  );
});

describe("what is given as a bundle", () => {
  test("may be nothing, a file, an empty folder or the folder of the run: each is said", async () => {
    const home = newHome();
    mkdirSync(join(home, "empty"));
    cpSync(whole, join(home, "run", "bundle"), { recursive: true });
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(home, "nowhere"), /there is no folder ".*nowhere"/],
      [photograph, /photograph\.jpg" is a file, not the folder of a bundle/],
      [join(home, "empty"), /cannot read .*assay\.json; got ENOENT/],
      [join(home, "run"), /is the folder of a run, not of a bundle\. Remedy: give ".*run.bundle"/],
    ];
    for (const [folder, message] of cases) expect(await refused(folder, "bundle-missing")).toMatch(message);
  });

  test("from the command line it is one line and exit code 1", async () => {
    const folder = copyBundle();
    changeByte(join(folder, "model.onnx"));
    const { code, out, err } = await assay(newHome(), "predict", folder, photograph, "--json");
    expect(code).toBe(1);
    expect(err).toMatch(/^assay: .*model\.onnx is not the file that was written.*Remedy: .*\n$/);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "bundle-invalid" } });
  });
});
