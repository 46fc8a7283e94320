/** The example of docs/library.md, as a user runs it, and the library against the command line. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { loadBundle, train } from "../src/index.js";
import { assay, newHome } from "./cli.js";
import { drawProducts } from "./products.js";

const root = resolve(import.meta.dirname, "..");
let home: string;
let images: string;
let printed: string;
beforeAll(async () => {
  home = newHome();
  images = await drawProducts(20);
  const example = join(root, "examples", "library.mjs");
  const env = { ...process.env, ASSAY_CACHE: join(home, "cache"), ASSAY_STATE: join(home, "state") };
  const photograph = join(images, "rings", "00.jpg");
  const { stdout } = await promisify(execFile)(process.execPath, [example, images, join(home, "run"), photograph], {
    cwd: root,
    env,
  });
  printed = stdout;
});

test("the example learns, gives verdicts and names a photograph", () => {
  expect(printed).toMatch(/^(?:met|not met|unproven): /m);
  expect(printed).toMatch(/00\.jpg is rings, with a probability of [01]\.\d{3}/);
});

test("classify, predict and the command say the same of a photograph", async () => {
  const folder = join(home, "run", "bundle");
  const path = join(images, "stripes", "03.jpg");
  const bundle = await loadBundle(folder, { threads: 1 });
  const answer = await bundle.classify(readFileSync(path));
  const rows = [];
  const others = [join(images, "none.jpg"), join(home, "text.jpg")];
  writeFileSync(others[1]!, "no picture");
  for await (const row of bundle.predict([path, ...others])) rows.push(row);
  await expect(bundle.classify(Buffer.from("no picture"))).rejects.toMatchObject({ code: "image-unreadable" });
  await bundle.close();
  expect(rows).toEqual([
    { path, ...answer },
    {
      path: others[0],
      error: { code: "images-missing", message: expect.stringContaining("there is no file") as string },
    },
    {
      path: others[1],
      error: { code: "image-unreadable", message: expect.stringContaining("cannot be decoded") as string },
    },
  ]);
  const { out } = await assay(home, "predict", folder, path);
  expect(out).toContain(`${path},${answer.label},${answer.confidence.toFixed(4)}`);
});

test.each<[Record<string, unknown>, RegExp]>([
  [{ out: "x" }, /images is not usable; expected a path; got nothing/],
  [{ images: "a", out: "x", solver: "svm" }, /solver is not usable; expected lbfgs or adamw; got "svm"/],
  [{ images: "a", out: "x", exclude: "Dress" }, /exclude is not usable; expected a list of names/],
  [{ images: "a", out: "x", backbones: [] }, /backbones is not usable/],
  [{ images: "a", out: "x", budgetSeconds: "x" }, /budgetSeconds is not usable/],
  [{ images: "a", out: "x", threads: -1 }, /threads is not usable; expected a whole number from 1; got -1/],
  [{ images: "a", out: "x", budgetsecond: 3 }, /there is no option budgetsecond/],
])("options that cannot be, %o, are one fault before anything is done", async (options, message) => {
  await expect(train(options as unknown as Parameters<typeof train>[0])).rejects.toMatchObject({ code: "usage" });
  await expect(train(options as unknown as Parameters<typeof train>[0])).rejects.toThrow(message);
  expect(existsSync("x")).toBe(false);
});

test("an interrupt is a fault, and what cannot be found is one", async () => {
  const around = { cacheFolder: join(home, "cache-2"), stateFolder: join(home, "state-2") };
  const options = { images, out: join(home, "run-2"), signal: AbortSignal.abort(), ...around };
  await expect(train(options)).rejects.toMatchObject({ code: "interrupted" });
  await expect(train({ images: join(home, "nowhere"), out: join(home, "run-3"), ...around })).rejects.toMatchObject({
    code: "images-missing",
  });
  await expect(loadBundle(join(home, "nowhere"))).rejects.toMatchObject({ code: "bundle-missing" });
});
